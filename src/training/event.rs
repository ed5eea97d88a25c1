//! What a run reports: what `--json` prints, what the run's directory keeps, what a screen would draw.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize};

use super::{MeanLoss, Memory};
use crate::text::corpus::{ReadProgress, Tally};

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunEvent {
    /// A corpus is read.
    Reading(Reading),
    /// A corpus was read.
    Corpus(CorpusNote),
    /// The first step, or the next one of a resumed run, is about to begin.
    Started(Started),
    /// A step was made.
    Step(StepMetrics),
    /// An epoch ended.
    Epoch(Epoch),
    Validation(Validation),
    Samples(Samples),
    /// The odds of what follows the probe prompt.
    #[serde(rename = "probe", alias = "odds")]
    Odds(Odds),
    Checkpoint(CheckpointNote),
    /// The rate was set by hand: from this step on the schedule is multiplied by `factor`.
    LearningRate {
        step: u64,
        /// The rate from here on.
        rate: f64,
        factor: f64,
    },
    /// It was held after this step.
    Paused {
        step: u64,
    },
    /// It went on after it was held.
    Resumed {
        step: u64,
    },
    /// Something that the user should know.
    Notice {
        message: String,
    },
    Finished(Finished),
}

/// How far reading a corpus has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reading {
    /// What for: `tokenizer`, `training`, `validation`.
    pub purpose: String,
    /// Bytes of the files as they lie.
    pub bytes: u64,
    pub total_bytes: u64,
    pub documents: u64,
    pub skipped: u64,
    pub tokens: u64,
}

impl Reading {
    /// Of how far reading for a purpose has come.
    pub fn of(purpose: &str, state: &ReadProgress, tokens: u64) -> Self {
        Self {
            purpose: purpose.to_owned(),
            bytes: state.bytes,
            total_bytes: state.total_bytes,
            documents: state.documents,
            skipped: state.skipped,
            tokens,
        }
    }
}

/// What became of a corpus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CorpusNote {
    /// What for: `training`, `validation`.
    pub purpose: String,
    /// Tokens that the documents became.
    pub tokens: u64,
    #[serde(flatten)]
    pub tally: Tally,
}

impl CorpusNote {
    /// It in sentences: all counted first, then what was changed or left out.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = self.tally.sentences(Some(self.tokens));
        if let Some(first) = sentences.first_mut() {
            first.insert_str(0, &format!("{}: ", self.purpose));
        }
        sentences
    }
}

/// A run at its beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Started {
    pub run: String,
    /// The run's directory.
    pub directory: String,
    pub device: String,
    pub parameters: usize,
    /// How many of them train.
    pub trainable: usize,
    /// Positions in a sequence.
    pub context: usize,
    pub training: DataSummary,
    pub validation: Option<DataSummary>,
    pub steps: u64,
    pub steps_per_epoch: u64,
    /// The step that it goes on after, if it was resumed.
    pub resumed_after: Option<u64>,
    /// About how much memory it takes.
    #[serde(default)]
    pub memory: Memory,
}

/// A set of documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DataSummary {
    pub documents: u64,
    pub tokens: u64,
    pub sequences: u64,
}

/// The numbers of one step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StepMetrics {
    /// From 1.
    pub step: u64,
    /// Epochs done, with their fraction.
    #[serde(deserialize_with = "number")]
    pub epoch: f64,
    /// What was trained, in nats a target.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// The loss of text alone, if padding was counted in `loss`.
    pub masked_loss: Option<f64>,
    /// Exponential mean of `loss`, which lags behind it by a tenth of the run so far and 50 steps at most.
    #[serde(deserialize_with = "number")]
    pub smoothed: f64,
    /// `exp(loss)` of text alone.
    #[serde(deserialize_with = "number")]
    pub perplexity: f64,
    /// Share of text tokens that were the most probable ones (0 to 1).
    #[serde(deserialize_with = "number")]
    pub accuracy: f64,
    #[serde(deserialize_with = "number")]
    pub learning_rate: f64,
    /// Of all gradients together, before clipping.
    #[serde(deserialize_with = "number")]
    pub gradient_norm: f64,
    /// Text tokens learned from so far.
    pub tokens: u64,
    /// Over the last steps, padding counted as work.
    #[serde(deserialize_with = "number")]
    pub tokens_per_second: f64,
    /// Seconds of training so far, earlier sittings included.
    #[serde(
        rename = "elapsed_seconds",
        alias = "elapsed",
        deserialize_with = "number"
    )]
    pub elapsed: f64,
    #[serde(deserialize_with = "number")]
    pub seconds_left: f64,
    /// Memory of the process in bytes, where that is known.
    #[serde(rename = "memory_bytes", alias = "memory")]
    pub memory: Option<u64>,
}

/// The means of an epoch, over what was trained: with dropout, and while the model changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Epoch {
    /// Its last step.
    pub step: u64,
    /// Its number, from 1.
    pub epoch: u64,
    /// Whether all of its steps are counted. Not where a run went on within it from a checkpoint that lacks the sums.
    pub whole: bool,
    /// What was trained, in nats a target.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// The loss of text alone, if padding was counted in `loss`.
    pub masked_loss: Option<f64>,
    /// `exp(loss)` of text alone.
    #[serde(deserialize_with = "number")]
    pub perplexity: f64,
    /// Share of text tokens that were the most probable ones (0 to 1).
    #[serde(deserialize_with = "number")]
    pub accuracy: f64,
    /// Tokens of text in it.
    pub tokens: u64,
}

/// The validation set under the model of a step; that of step 0 is the model before training.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Validation {
    pub step: u64,
    #[serde(deserialize_with = "number")]
    pub epoch: f64,
    /// In nats a token of text.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// With padding counted, if it is in training.
    pub padded_loss: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub perplexity: f64,
    #[serde(deserialize_with = "number")]
    pub accuracy: f64,
    /// Bits a byte of text; special tokens have no bytes.
    #[serde(deserialize_with = "number")]
    pub bits_per_byte: f64,
    pub tokens: u64,
    /// Whether it is the best so far. Never before the first step.
    #[serde(rename = "is_best", alias = "best")]
    pub best: bool,
}

/// Texts by the model of a step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Samples {
    pub step: u64,
    pub epoch: f64,
    pub texts: Vec<SampleText>,
    pub memorised: Option<Memorised>,
}

/// A text by the model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SampleText {
    pub prompt: String,
    /// What followed, as it is: not made safe for a terminal.
    pub text: String,
    pub seed: u64,
    /// What of it stands in what is learned from, as ranges of bytes of `text`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copied: Vec<Range<usize>>,
    /// Its special tokens, such as the one that ends a document, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<Range<usize>>,
}

/// How much of the samples stands in the corpus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Memorised {
    /// Length of the n-grams.
    pub length: usize,
    /// Distinct n-grams of the samples.
    pub ngrams: usize,
    /// Share of them that stand in what is learned from (0 to 1).
    pub share: f64,
}

/// What the model of a step expects after the probe prompt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Odds {
    pub step: u64,
    pub epoch: f64,
    pub prompt: String,
    /// Entropy in bits, before the chain.
    #[serde(rename = "raw_entropy_bits", alias = "entropy")]
    pub entropy: f32,
    /// The most probable tokens, and those that were among them before.
    pub rows: Vec<OddsRow>,
}

/// A token's odds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OddsRow {
    pub id: u32,
    /// Safe to show.
    pub display: String,
    /// Probability before the chain (0 to 1): softmax of the logits.
    #[serde(rename = "raw_probability", alias = "raw")]
    pub raw: f32,
    /// Probability after the sampler's chain (0 to 1).
    #[serde(rename = "final_probability", alias = "last")]
    pub last: f32,
}

/// A checkpoint was written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckpointNote {
    pub step: u64,
    pub path: String,
    /// The last validation loss, if there was one.
    pub validation_loss: Option<f64>,
    /// Whether it is the best so far by validation.
    #[serde(rename = "is_best", alias = "best")]
    pub best: bool,
    /// Seconds that writing took.
    pub seconds: f64,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// All steps were made.
    Completed,
    /// The loss that was asked for was reached.
    LossReached,
    /// Validation got no better for as long as was allowed.
    NoImprovement,
    /// Stopped and saved on request.
    Stopped,
    /// Given up on request: nothing was saved since the last checkpoint.
    Abandoned,
    /// The loss or the gradients became no numbers.
    Diverged,
    /// There was no room to save in.
    DiskFull,
    /// A file or the device failed.
    Failed,
}

impl FinishReason {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::LossReached => "loss reached",
            Self::NoImprovement => "no improvement",
            Self::Stopped => "stopped",
            Self::Abandoned => "abandoned",
            Self::Diverged => "diverged",
            Self::DiskFull => "disk full",
            Self::Failed => "failed",
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finished {
    pub reason: FinishReason,
    pub step: u64,
    #[serde(deserialize_with = "number")]
    pub smoothed: f64,
    /// The mean loss of the last epoch, or of the last steps; none where no step was made.
    #[serde(default)]
    pub mean_loss: Option<MeanLoss>,
    /// The lowest validation loss, in nats a token.
    pub best_validation: Option<f64>,
    /// Seconds of training, earlier sittings included.
    #[serde(rename = "elapsed_seconds", alias = "elapsed")]
    pub elapsed: f64,
    /// The newest checkpoint.
    pub checkpoint: Option<String>,
    /// What went wrong, if it did.
    #[serde(default)]
    pub failure: Option<String>,
}

impl RunEvent {
    /// The event of a line of a run's files. Runs of before `kind` was called so had `event` in its place.
    pub(super) fn of_line(line: &[u8]) -> Option<Self> {
        const BEFORE: &[u8] = br#"{"event":"#;
        const NOW: &[u8] = br#"{"kind":"#;
        match line.strip_prefix(BEFORE) {
            Some(rest) => serde_json::from_slice(&[NOW, rest].concat()).ok(),
            None => serde_json::from_slice(line).ok(),
        }
    }
}

/// A number; JSON, which has no infinity, says null for what is none.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_older_names_are_read() {
        let read = |line: &str| RunEvent::of_line(line.as_bytes());
        let before = read(
            r#"{"event":"odds","step":3,"epoch":0.5,"prompt":"a","entropy":2.0,"rows":[{"id":7,"display":"b","raw":0.5,"last":0.75}]}"#,
        );
        let odds = RunEvent::Odds(Odds {
            step: 3,
            epoch: 0.5,
            prompt: "a".to_owned(),
            entropy: 2.0,
            rows: vec![OddsRow {
                id: 7,
                display: "b".to_owned(),
                raw: 0.5,
                last: 0.75,
            }],
        });
        assert_eq!(before.as_ref(), Some(&odds));
        let now = serde_json::to_string(&odds).expect("JSON");
        assert!(now.starts_with(r#"{"kind":"probe","step":3"#), "{now}");
        assert_eq!(read(&now), Some(odds));
        let step = read(
            r#"{"event":"checkpoint","step":2,"path":"p","validation_loss":null,"best":true,"seconds":0.1}"#,
        );
        assert!(matches!(step, Some(RunEvent::Checkpoint(note)) if note.best));
    }
}

//! What is said of whole texts: prompts, samples, odds, scores.

use serde::Serialize;

use super::token::{Piece, Stage, Weighed};
use crate::decoding::{Beam, Moment, Row, StopReason, Totals};

/// A prompt that was read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Prompt<'a> {
    /// Which, from 0.
    pub document: usize,
    pub text: &'a str,
    /// How many tokens it is, those of a chat template counted.
    pub tokens: usize,
    /// Seconds that reading it took.
    pub seconds: f64,
}

/// A sample that ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sample<'a> {
    /// Which prompt it goes on with, from 0.
    pub document: usize,
    /// Which sample of it, from 0.
    pub sample: usize,
    /// The seed of its draws.
    pub seed: u64,
    /// What was generated, without the prompt: cut at `--truncate`, without special tokens.
    pub text: &'a str,
    /// Why it ended: `max_tokens`, `end_token`, `stop_text`, `loop` (it repeated itself), `cancelled`.
    pub reason: &'static str,
    /// The stop text that was met; null where it ended otherwise.
    pub stop_text: Option<&'a str>,
    /// Tokens generated.
    pub tokens: usize,
    /// Mean surprisal of these tokens in bits, before the chain; null where there is none.
    pub mean_surprisal_bits: Option<f64>,
    /// Seconds that generating took; samples of a batch share theirs.
    pub seconds: f64,
}

/// The name of a reason, and the stop text if that is one.
pub fn reason(reason: &StopReason) -> (&'static str, Option<&str>) {
    match reason {
        StopReason::MaxTokens => ("max_tokens", None),
        StopReason::EndToken => ("end_token", None),
        StopReason::StopText(text) => ("stop_text", Some(text)),
        StopReason::GrammarEnd => ("grammar_end", None),
        StopReason::Loop { .. } => ("loop", None),
        StopReason::Cancelled => ("cancelled", None),
        StopReason::Failed(_) => ("failed", None),
    }
}

/// A beam that a search ended with.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BeamRecord<'a> {
    /// Which prompt it goes on with, from 0.
    pub document: usize,
    /// Which sample of it, from 0.
    pub sample: usize,
    /// 1 is the best.
    pub rank: usize,
    /// What was generated, made safe for a terminal.
    pub text: &'a str,
    /// Tokens generated.
    pub tokens: usize,
    /// Their ids.
    pub ids: &'a [u32],
    /// What beams are compared by: the log-probability over a power of the length.
    pub score: f64,
    /// Sum of the natural logarithms of the tokens' final probabilities, in nats.
    pub log_probability_nats: f64,
}

impl<'a> BeamRecord<'a> {
    /// Of the beam of this rank.
    pub fn of(beam: &'a Beam, document: usize, sample: usize, rank: usize) -> Self {
        Self {
            document,
            sample,
            rank,
            text: &beam.text,
            tokens: beam.ids.len(),
            ids: &beam.ids,
            score: beam.score,
            log_probability_nats: beam.log_probability,
        }
    }
}

/// All samples together.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GenerateTotals {
    /// Prompts.
    pub documents: usize,
    pub samples: usize,
    /// Tokens generated.
    pub tokens: usize,
    /// Mean surprisal of these tokens in bits, before the chain; null where there is none.
    pub mean_surprisal_bits: Option<f64>,
}

/// The odds of the token after a prompt.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OddsRecord<'a> {
    /// Which prompt, from 0.
    pub document: usize,
    pub prompt: &'a str,
    /// Place of the token that the odds are of: tokens of the prompt.
    pub position: usize,
    /// Tokens of the whole distribution.
    pub vocabulary: usize,
    /// Tokens that the chain leaves.
    pub kept: usize,
    /// Entropy before the chain, in bits.
    pub raw_entropy_bits: f32,
    /// Entropy after the chain, in bits.
    pub final_entropy_bits: f32,
    /// What each stage of the chain did, in order.
    pub trace: Vec<Stage>,
    /// The token that the method takes; null where the odds do not tell it (beam search weighs whole texts).
    pub taken_id: Option<u32>,
    /// The uniform number in [0, 1) that it is drawn by; null where nothing is drawn.
    pub u: Option<f64>,
    /// Mirostat's maximum surprisal in bits; null under other methods.
    pub mu_bits: Option<f32>,
    /// What contrastive search weighs, the best first; empty under other methods.
    pub weighed: Vec<Weighed<'a>>,
    /// The setting that was turned (`--over`), and its value here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<TurnedSetting<'a>>,
    /// The most probable tokens before the chain (`--top`, `--all`), and the one that is taken; with `--over` those that
    /// were the most probable ones after the chain under some value.
    pub rows: Vec<RowRecord<'a>>,
    /// The continuations of `--candidate`.
    pub candidates: Vec<NamedOdds>,
}

/// A setting that was turned, with one of its values.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TurnedSetting<'a> {
    /// Its name under `[sampler]` in config.toml, or `preset`.
    pub setting: &'a str,
    /// A number where it is one, text otherwise.
    pub value: serde_json::Value,
}

impl<'a> TurnedSetting<'a> {
    /// Of a value as it was written.
    pub fn of(setting: &'a str, value: &str) -> Self {
        let number = serde_json::from_str::<serde_json::Number>(value);
        Self {
            setting,
            value: number.map_or_else(|_| value.into(), serde_json::Value::Number),
        }
    }
}

/// A token that may follow.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RowRecord<'a> {
    #[serde(flatten)]
    pub piece: Piece<'a>,
    /// The model's logit.
    pub logit: f32,
    /// 1 is the most probable before the chain; ties by id.
    pub rank: usize,
    /// Probability before the chain (0 to 1).
    pub raw_probability: f32,
    /// Probability after the chain (0 to 1); 0 when cut.
    pub final_probability: f32,
    /// The stage that cut it; null where none did.
    pub cut_by: Option<&'static str>,
    /// What stages added to its logit.
    pub changes: Vec<Change>,
}

/// What a stage did to a logit.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// The stage's name.
    pub stage: &'static str,
    /// The logit when its turn came.
    pub before: f32,
    /// The logit after it.
    pub after: f32,
}

impl<'a> RowRecord<'a> {
    /// Of a row and its token's bytes.
    pub fn of(row: &'a Row, bytes: &'a [u8]) -> Self {
        let change = |change: &crate::sampling::LogitChange| Change {
            stage: change.stage.name(),
            before: change.before,
            after: change.after,
        };
        Self {
            piece: Piece::new(row.id, bytes, &row.display),
            logit: row.logit,
            rank: row.rank,
            raw_probability: row.raw_probability,
            final_probability: row.final_probability,
            cut_by: row.cut_by.map(|stage| stage.name()),
            changes: row.changes.iter().map(change).collect(),
        }
    }
}

impl<'a> OddsRecord<'a> {
    /// Of a moment, whose rows are made of it too.
    pub fn of(
        document: usize,
        moment: &'a Moment,
        prompt: &'a str,
        rows: Vec<RowRecord<'a>>,
        candidates: Vec<NamedOdds>,
    ) -> Self {
        Self {
            document,
            prompt,
            position: moment.position,
            vocabulary: moment.vocabulary,
            kept: moment.kept,
            raw_entropy_bits: moment.raw_entropy,
            final_entropy_bits: moment.final_entropy,
            trace: Stage::all(&moment.trace),
            taken_id: moment.pick,
            u: Some(moment.u),
            mu_bits: moment.mu,
            weighed: Weighed::all(&moment.candidates),
            over: None,
            rows,
            candidates,
        }
    }
}

/// A continuation that was named.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NamedOdds {
    pub text: String,
    /// Its tokens.
    pub ids: Vec<u32>,
    /// Joint probability of its tokens before the chain (0 to 1).
    pub raw_probability: f64,
    /// Natural logarithm of that, in nats.
    pub log_probability_nats: f64,
    /// Probability after the chain (0 to 1); null for several tokens, since the chain would run anew for each.
    pub final_probability: Option<f32>,
    /// How many times as probable it is as the first that was named.
    pub ratio: f64,
}

/// What the model thinks of a text as a whole.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Score<'a> {
    /// Which text, from 0.
    pub document: usize,
    /// The file that it stands in; null for an argument or standard input.
    pub file: Option<&'a str>,
    #[serde(flatten)]
    pub sums: Sums,
}

/// What the model thinks of all texts together.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScoreTotals {
    /// How many texts.
    pub documents: usize,
    #[serde(flatten)]
    pub sums: Sums,
}

/// Sums and means over tokens.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sums {
    pub tokens: usize,
    /// Those that something predicts: all but the first of a text.
    pub predicted: usize,
    /// Natural logarithm of their joint probability, in nats.
    pub log_probability_nats: f64,
    /// Mean cross-entropy, in nats a token.
    pub loss_nats: f64,
    /// Its standard error, in nats, tokens taken as independent; null of fewer than two.
    pub loss_error_nats: Option<f64>,
    /// `exp` of the loss.
    pub perplexity: f64,
    /// Its standard error; null of fewer than two tokens.
    pub perplexity_error: Option<f64>,
    /// Mean cross-entropy, in bits a token.
    pub bits_per_token: f64,
    /// Bits a byte of text, which compares across tokenizers.
    pub bits_per_byte: f64,
    /// Share of tokens that were the most probable ones (0 to 1).
    pub accuracy: f64,
}

impl Sums {
    /// Of a text of so many tokens.
    pub fn of(tokens: usize, totals: &Totals) -> Self {
        Self {
            tokens,
            predicted: totals.predicted,
            log_probability_nats: totals.log_probability,
            loss_nats: totals.loss(),
            loss_error_nats: totals.loss_error(),
            perplexity: totals.perplexity(),
            perplexity_error: totals.perplexity_error(),
            bits_per_token: totals.loss() / std::f64::consts::LN_2,
            bits_per_byte: totals.bits_per_byte(),
            accuracy: totals.accuracy(),
        }
    }
}

/// A text that was cut into tokens.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TokensTotals {
    pub tokens: usize,
    /// Bytes of the text.
    pub text_bytes: usize,
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
}

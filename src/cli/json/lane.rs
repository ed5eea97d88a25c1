//! Texts of one prompt beside each other.

use serde::Serialize;
use serde_json::Value;

use super::texts::reason;
use super::token::{Drawn, Piece, Told};
use crate::decoding::{Interval, LaneFigures, LaneMeans, LaneSettings, StopReason, TokenRecord};

/// What a lane is drawn with, from its next token on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LaneRecord<'a> {
    /// Its letter, `A` first.
    pub lane: char,
    /// Which run of it (`--seeds`), from 0.
    pub run: u64,
    /// What was written of it.
    pub settings: &'a str,
    /// Its model, as it was asked for.
    pub model: &'a str,
    /// The seed of its draws in this run.
    pub seed: u64,
    /// The sampler's settings, by their names under `[sampler]` in config.toml.
    pub sampler: Option<Value>,
    /// Why it has no draws in common with lane A; null where it has.
    pub apart: Option<&'a str>,
}

impl<'a> LaneRecord<'a> {
    /// The lane of this letter in a run: what was written of it, its model, and what it is `drawn` with.
    pub fn of(
        (lane, run): (char, u64),
        (settings, model): (&'a str, &'a str),
        drawn: &LaneSettings,
        apart: Option<&'a str>,
    ) -> Self {
        Self {
            lane,
            run,
            settings,
            model,
            seed: drawn.seed,
            sampler: serde_json::to_value(&drawn.sampler).ok(),
            apart,
        }
    }
}

/// A model has read the prompt, for all its lanes at once. Its tokens follow, under the first of these lanes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LanePrompt<'a> {
    /// The model, as it was asked for.
    pub model: &'a str,
    /// Its lanes.
    pub lanes: Vec<char>,
    /// How many tokens it is, those of a chat template counted.
    pub tokens: usize,
    /// Seconds that reading it took.
    pub seconds: f64,
}

/// A token of a lane, with the odds it had when it was read or drawn. Those of the prompt are told once for each model.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LaneToken<'a> {
    /// The lane's letter.
    pub lane: char,
    /// Which run of it, from 0.
    pub run: u64,
    /// Place in the text, from 0; tokens of the prompt count.
    pub position: usize,
    #[serde(flatten)]
    pub piece: Piece<'a>,
    #[serde(flatten)]
    pub odds: Told,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub draw: Option<Drawn<'a>>,
}

impl<'a> LaneToken<'a> {
    /// Of what was kept of a token of the lane of this letter.
    pub fn of((lane, run): (char, u64), record: &'a TokenRecord) -> Self {
        Self {
            lane,
            run,
            position: record.position,
            piece: Piece::new(record.id, &record.bytes, &record.display),
            odds: Told::of(record.origin, record.odds),
            draw: record.draw.as_ref().map(Drawn::of),
        }
    }
}

/// A lane has ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LaneEnd<'a> {
    /// Its letter.
    pub lane: char,
    /// Which run of it, from 0.
    pub run: u64,
    /// Why: `max_tokens`, `end_token`, `stop_text`, `grammar_end`, `loop` (it repeated itself), `cancelled`, `failed`.
    pub reason: &'static str,
    /// The stop text that was met; null where it ended otherwise.
    pub stop_text: Option<&'a str>,
    /// Why it failed; null where it did not.
    pub failed: Option<&'a str>,
    /// Tokens generated.
    pub tokens: usize,
    /// Seconds since the lanes of its model began; null where it failed with its model.
    pub seconds: Option<f64>,
}

impl<'a> LaneEnd<'a> {
    /// The end of the lane of this letter.
    pub fn of(
        (lane, run): (char, u64),
        why: &'a StopReason,
        tokens: usize,
        seconds: Option<f64>,
    ) -> Self {
        let (reason, stop_text) = reason(why);
        let failed = match why {
            StopReason::Failed(why) => Some(why.as_str()),
            _ => None,
        };
        Self {
            lane,
            run,
            reason,
            stop_text,
            failed,
            tokens,
            seconds,
        }
    }
}

/// What a run of a lane came to, once all have ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LaneRun<'a> {
    /// The lane's letter.
    pub lane: char,
    /// Which run of it, from 0.
    pub run: u64,
    /// What it says after the prompt.
    pub text: &'a str,
    /// Tokens generated.
    pub tokens: usize,
    /// Mean surprisal of these tokens under lane A's model, before the chain, in bits; null where that cannot read them.
    pub reference_bits: Option<f32>,
    /// Mean surprisal under the lane's own model, before the chain, in bits.
    pub surprisal_bits: f32,
    /// Mean entropy before the chain, in bits.
    pub entropy_bits: f32,
    /// Mean number of tokens that the chain left; null where nothing was drawn.
    pub left: Option<f32>,
    /// Share of runs of four tokens that stood there before (0 to 1).
    pub repetition: f32,
    /// Different tokens divided by all (0 to 1).
    pub distinct_1: f32,
    /// Different pairs of neighbours divided by all pairs (0 to 1).
    pub distinct_2: f32,
}

impl<'a> LaneRun<'a> {
    /// Of the figures of a run.
    pub fn of((lane, run): (char, u64), text: &'a str, figures: &LaneFigures) -> Self {
        Self {
            lane,
            run,
            text,
            tokens: figures.text.tokens,
            reference_bits: figures.reference,
            surprisal_bits: figures.text.surprisal,
            entropy_bits: figures.text.entropy,
            left: figures.left,
            repetition: figures.text.repetition,
            distinct_1: figures.text.distinct_1,
            distinct_2: figures.text.distinct_2,
        }
    }
}

/// A lane at the end, over all its runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LaneTotals<'a> {
    /// Its letter.
    pub lane: char,
    /// What was written of it.
    pub settings: &'a str,
    /// Its model, as it was asked for.
    pub model: &'a str,
    /// The seed of its first run; those after it have the numbers that follow.
    pub seed: u64,
    /// Runs that ended well.
    pub runs: usize,
    /// What its first run says after the prompt.
    pub text: &'a str,
    /// Why it has no draws in common with lane A; null where it has.
    pub apart: Option<&'a str>,
    /// The position at which its first run left that of lane A; null where it did not.
    pub parted: Option<usize>,
    /// Why it failed; null where it did not.
    pub failed: Option<&'a str>,
    /// Means over its runs.
    pub means: Means,
}

/// Means over the runs of a lane; null of what it has not.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Means {
    /// Tokens generated.
    pub tokens: Option<Mean>,
    /// Surprisal under lane A's model, before the chain, in bits.
    pub reference_bits: Option<Mean>,
    /// Surprisal under its own model, before the chain, in bits.
    pub surprisal_bits: Option<Mean>,
    /// Entropy before the chain, in bits.
    pub entropy_bits: Option<Mean>,
    /// Tokens that the chain left.
    pub left: Option<Mean>,
    /// Share of runs of four tokens that stood there before (0 to 1).
    pub repetition: Option<Mean>,
    /// Different tokens divided by all (0 to 1).
    pub distinct_1: Option<Mean>,
    /// Different pairs of neighbours divided by all pairs (0 to 1).
    pub distinct_2: Option<Mean>,
}

impl From<LaneMeans> for Means {
    fn from(means: LaneMeans) -> Self {
        let mean = |interval: Option<Interval>| interval.map(Mean::from);
        Self {
            tokens: mean(means.tokens),
            reference_bits: mean(means.reference),
            surprisal_bits: mean(means.surprisal),
            entropy_bits: mean(means.entropy),
            left: mean(means.left),
            repetition: mean(means.repetition),
            distinct_1: mean(means.distinct_1),
            distinct_2: mean(means.distinct_2),
        }
    }
}

/// A mean over the runs of a lane.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Mean {
    pub mean: f64,
    /// How far its 95 % interval reaches to each side (Student's t); null of a single value.
    pub half: Option<f64>,
    /// How many values.
    pub count: usize,
}

impl From<Interval> for Mean {
    fn from(interval: Interval) -> Self {
        Self {
            mean: interval.mean,
            half: interval.half,
            count: interval.count,
        }
    }
}

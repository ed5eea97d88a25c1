//! A small model ahead of a large one.

use serde::Serialize;

use crate::decoding::{Gain, Proposal, Round};

/// One pass of the target over what the draft proposed. The first ones are without proposals, to know how fast the target is
/// alone.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RoundRecord<'a> {
    pub proposals: Vec<Proposed<'a>>,
    /// The new tokens: those that were accepted, and one of the target's own.
    pub ids: Vec<u32>,
}

/// A token that the draft proposed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Proposed<'a> {
    pub id: u32,
    /// Made safe and visible.
    pub display: &'a str,
    /// p, its probability under the target after the chain (0 to 1); null where the target did not come to it.
    pub target_probability: Option<f32>,
    /// q, the same under the draft.
    pub draft_probability: f32,
    pub accepted: bool,
}

/// What the draft gained.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GainRecord {
    /// Passes of the target.
    pub passes: usize,
    /// Tokens that the draft proposed.
    pub proposed: usize,
    /// Those that were accepted.
    pub accepted: usize,
    /// Tokens that came of it.
    pub tokens: usize,
    /// Seconds that the draft took.
    pub draft_seconds: f64,
    /// Seconds that the target took.
    pub target_seconds: f64,
    /// Tokens a pass of the target.
    pub tokens_per_pass: f64,
    /// Tokens a second with the draft.
    pub tokens_per_second: f64,
    /// What the target reached in the first tokens, without it.
    pub alone_tokens_per_second: f64,
}

impl<'a> From<&'a Round> for RoundRecord<'a> {
    fn from(round: &'a Round) -> Self {
        let ids = round.outcomes.iter().map(|outcome| outcome.record.id);
        Self {
            proposals: round.proposals.iter().map(Proposed::from).collect(),
            ids: ids.collect(),
        }
    }
}

impl<'a> From<&'a Proposal> for Proposed<'a> {
    fn from(proposal: &'a Proposal) -> Self {
        Self {
            id: proposal.id,
            display: &proposal.display,
            target_probability: proposal.p,
            draft_probability: proposal.q,
            accepted: proposal.accepted,
        }
    }
}

impl GainRecord {
    /// Of what was counted, and of the tokens a second of the target `alone`.
    pub fn new(gain: Gain, alone: f64) -> Self {
        let tokens = gain.tokens as f64;
        let seconds = gain.draft_seconds + gain.target_seconds;
        Self {
            passes: gain.passes,
            proposed: gain.proposed,
            accepted: gain.accepted,
            tokens: gain.tokens,
            draft_seconds: gain.draft_seconds,
            target_seconds: gain.target_seconds,
            tokens_per_pass: tokens / gain.passes.max(1) as f64,
            tokens_per_second: if seconds > 0.0 { tokens / seconds } else { 0.0 },
            alone_tokens_per_second: alone,
        }
    }
}

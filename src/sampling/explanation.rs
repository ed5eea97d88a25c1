//! What each stage did to each token, for whoever looks closer than the odds themselves need.

use serde::{Deserialize, Serialize};

use super::StageKind;

/// What one stage did to the logit of one token.
///
/// Of all changes of a token, in the order of the chain, each begins where the one before ended: the first at the
/// model's logit, the last at the logit that the final probability comes of (or that the token had when it was cut).
/// So their amounts add up to the difference of the two. A stage that only cuts other tokens changes no logit, though
/// it makes those that stay likelier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogitChange {
    pub stage: StageKind,
    /// The logit when the stage's turn came.
    pub before: f32,
    /// The logit after the stage.
    pub after: f32,
    /// Probability among the tokens that entered the stage (0 to 1).
    pub probability_before: f32,
    /// Probability among the tokens that left the stage (0 to 1).
    pub probability_after: f32,
}

impl LogitChange {
    /// What was added to the logit: an amount a multiplies the token's odds against any unchanged token by e^a. Of a stage
    /// that leaves none unchanged, what was added to the logarithm of the probability.
    pub fn amount(&self) -> f32 {
        let ratio = self.probability_after / self.probability_before;
        if self.stage.mixes() && ratio.is_finite() && ratio > 0.0 {
            ratio.ln()
        } else {
            self.after - self.before
        }
    }
}

/// One token's logit, changed once.
#[derive(Debug, Clone, Copy)]
struct Step {
    id: u32,
    before: f32,
    after: f32,
}

/// The changes of one stage.
#[derive(Debug, Clone)]
struct Changes {
    stage: StageKind,
    /// ln Σ exp(logit) over the tokens that entered the stage, and over those that left it.
    totals: [f64; 2],
    /// Ascending by id once the stage has ended; several on one token stay in their order.
    steps: Vec<Step>,
}

/// Which stage cut each token, and which changed it.
#[derive(Debug, Clone)]
pub(super) struct Explanation {
    cut_by: Vec<Option<StageKind>>,
    stages: Vec<Changes>,
}

impl Explanation {
    /// For a vocabulary of this size: nothing was done yet.
    pub fn new(size: usize) -> Self {
        Self {
            cut_by: vec![None; size],
            stages: Vec::new(),
        }
    }

    /// What follows is put down to this stage, which `total` (ln Σ exp(logit)) enters.
    pub fn begin(&mut self, stage: StageKind, total: f64) {
        self.stages.push(Changes {
            stage,
            totals: [total; 2],
            steps: Vec::new(),
        });
    }

    /// The stage is over, and `total` leaves it.
    pub fn end(&mut self, total: f64) {
        if let Some(changes) = self.stages.last_mut() {
            changes.totals[1] = total;
            changes.steps.sort_by_key(|step| step.id);
            if changes.steps.is_empty() {
                self.stages.pop();
            }
        }
    }

    /// The stage changed a token.
    pub fn change(&mut self, id: u32, before: f32, after: f32) {
        if let Some(changes) = self.stages.last_mut().filter(|_| before != after) {
            changes.steps.push(Step { id, before, after });
        }
    }

    /// A stage cut a token.
    pub fn cut(&mut self, id: u32, stage: StageKind) {
        self.cut_by[id as usize] = Some(stage);
    }

    pub fn cut_by(&self, id: u32) -> Option<StageKind> {
        *self.cut_by.get(id as usize)?
    }

    /// What was done to a token, in the order of the chain.
    pub fn changes(&self, id: u32) -> Vec<LogitChange> {
        let of = |changes: &Changes| {
            let from = changes.steps.partition_point(|step| step.id < id);
            let own = &changes.steps[from..];
            let own = &own[..own.partition_point(|step| step.id == id)];
            let (before, after) = (own.first()?.before, own.last()?.after);
            let probability =
                |logit: f32, total: f64| (f64::from(logit) - total).exp().min(1.0) as f32;
            (before != after).then(|| LogitChange {
                stage: changes.stage,
                before,
                after,
                probability_before: probability(before, changes.totals[0]),
                probability_after: probability(after, changes.totals[1]),
            })
        };
        self.stages.iter().filter_map(of).collect()
    }
}

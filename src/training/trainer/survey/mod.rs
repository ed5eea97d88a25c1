//! What a run will take, before it is started: counted in its corpus, measured on this machine.

mod look;
mod opening;
mod speed;

#[cfg(test)]
mod tests;

pub use self::look::survey;
use super::pace::Pace;
use crate::training::runs::Keeping;
use crate::training::{DataSummary, Memory, Recipe};

/// What is known of a run before it is started.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// Bytes of the corpus, as it lies.
    pub bytes: u64,
    /// Whether all of it was read; else what is counted is carried over from its beginning.
    pub whole: bool,
    pub documents: u64,
    pub training: DataSummary,
    /// None where nothing is held out; the remarks say why.
    pub validation: Option<DataSummary>,
    pub steps_per_epoch: u64,
    pub memory: Memory,
    /// Bytes of the weights that a checkpoint has.
    pub weights: u64,
    /// Bytes that are free where runs are kept.
    pub free: Option<u64>,
    /// What a person should know of the corpus before the start.
    pub remarks: Vec<String>,
    /// What its texts begin with, to be continued by samples.
    pub prompt: Option<String>,
    /// Words that it continues in one way again and again, to be watched.
    pub probe: Option<String>,
    /// None until it was measured, or where that would take too much.
    pub speed: Option<Speed>,
}

/// How long things take on this machine, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Speed {
    /// A step: gradients and update.
    pub step: f64,
    /// The losses of a batch.
    pub losses: f64,
    /// A copy of the model to write samples with, and its odds.
    pub copy: f64,
    /// A token of a sample.
    pub token: f64,
}

/// What a run takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Price {
    pub steps: u64,
    /// Times that it is validated, and that samples are taken.
    pub validations: u64,
    pub samples: u64,
    pub seconds: Option<f64>,
    /// Bytes of checkpoints and of epochs' weights, at most.
    pub disk: u64,
}

impl Survey {
    /// What a run of this recipe takes, which is one that this was found for; its length and what is looked at on the
    /// way may be another.
    pub fn price(&self, recipe: &Recipe) -> Price {
        let per_epoch = self.steps_per_epoch.max(1);
        let total = match recipe.training.steps {
            0 => recipe.training.epochs.saturating_mul(per_epoch),
            steps => steps,
        };
        let pace = Pace { per_epoch, total };
        let evaluation = &recipe.evaluation;
        // Both are done before the first step too.
        let times = |every| pace.times(every, evaluation.times) + 1;
        let validations = match self.validation {
            Some(_) => times(evaluation.every),
            None => 0,
        };
        let samples = if evaluation.samples || !evaluation.probe.is_empty() {
            times(evaluation.sample_every)
        } else {
            0
        };
        let seconds = self.speed.map(|speed| {
            let set = self.validation.as_ref().map_or(0, |set| set.sequences);
            let batches = set.div_ceil(recipe.training.batch.max(1) as u64);
            let batches = match evaluation.batches {
                0 => batches,
                most => batches.min(most),
            };
            let texts = match (evaluation.samples, evaluation.prompts.len()) {
                (false, _) => 0,
                (true, prompts) => prompts.max(1),
            };
            let tokens = texts * evaluation.generation.max_tokens;
            total as f64 * speed.step
                + (validations * batches) as f64 * speed.losses
                + samples as f64 * (speed.copy + tokens as f64 * speed.token)
        });
        Price {
            steps: total,
            validations,
            samples,
            seconds,
            disk: self.disk(recipe, pace),
        }
    }

    fn disk(&self, recipe: &Recipe, pace: Pace) -> u64 {
        let checkpoints = &recipe.checkpoints;
        let written = pace.times(checkpoints.every, 0);
        let whole = match checkpoints.keep {
            0 => written,
            most => written.min(most as u64),
        };
        let epochs = pace.total.div_ceil(pace.per_epoch);
        let keeping = Keeping::new(
            checkpoints.keep,
            recipe.weight_budget_of(self.free),
            (pace.per_epoch, epochs),
            self.weights,
        );
        let of_epochs = match keeping.budget {
            0 => 0,
            _ => (pace.total / pace.per_epoch) / keeping.stride,
        };
        // The best may be none of these.
        let best = u64::from(self.validation.is_some());
        let alone = of_epochs.saturating_sub(whole) + best;
        let with_means = self.weights.saturating_add(self.memory.optimizer);
        whole
            .saturating_mul(with_means)
            .saturating_add(alone.saturating_mul(self.weights))
    }
}

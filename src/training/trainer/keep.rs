//! What is kept on the way: checkpoints, after their weights were judged.

use std::time::Instant;

use super::{Listener, Trainer};
use crate::training::checkpoint::{self, Contents};
use crate::training::{CheckpointNote, RunEvent, TrainingError};

/// So many steps in a row whose loss is out of all proportion end a run.
const ADRIFT: u64 = 20;

/// How much of a checkpoint is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// All that going on needs.
    Whole,
    /// What can be looked at.
    Weights,
}

impl Trainer {
    /// Writes a checkpoint of the step just made, unless there is one. Weights that are no good are not written, which
    /// is told. Returns what is wrong with them, if anything is.
    pub(super) fn save(
        &mut self,
        depth: Depth,
        events: Listener<'_>,
    ) -> Result<Option<String>, TrainingError> {
        let step = self.state.step;
        let written = self.written == Some(step);
        if self.saved == Some(step) || (written && depth == Depth::Weights) {
            return Ok(None);
        }
        if let Some(problem) = self.problem_of_weights()? {
            let kept = self.kept();
            let message = format!("step {step} is not saved: {problem}; {kept}");
            self.emit(RunEvent::Notice { message }, events)?;
            return Ok(Some(problem));
        }
        let begun = Instant::now();
        (self.state.metrics_bytes, self.state.samples_bytes) = self.journal.sync()?;
        self.state.updates = self.optimizer.updates();
        self.state.elapsed = self.meter.elapsed();
        (self.state.smoothed_sum, self.state.smoothed_weight) = self.smoothed.parts();
        let contents = Contents {
            network: &self.network,
            optimizer: &self.optimizer,
            tokenizer: &self.tokenizer,
            special: &self.special,
            state: &self.state,
            adapter: self.adapter.as_ref(),
            foreign_tokenizer: self.foreign_tokenizer,
            whole: depth == Depth::Whole,
        };
        let checkpoints = self.run.checkpoints_path();
        let path = if written {
            let path = checkpoint::directory_of(&checkpoints, step);
            checkpoint::complete(&path, &contents)?;
            path
        } else {
            checkpoint::write(&checkpoints, &contents)?
        };
        self.written = Some(step);
        if depth == Depth::Whole {
            self.saved = Some(step);
        }
        self.run.put_away(&self.keeping)?;
        let measured = self.state.validated_at == Some(step);
        let loss = self.state.validation.filter(|_| measured);
        let note = CheckpointNote {
            step,
            path: path.display().to_string(),
            validation_loss: loss,
            best: loss.is_some() && loss == self.state.best_validation,
            seconds: begun.elapsed().as_secs_f64(),
        };
        self.emit(RunEvent::Checkpoint(note), events)?;
        Ok(None)
    }

    /// What is wrong with the weights as they are, if anything is: the last loss was that of the weights before them.
    fn problem_of_weights(&self) -> Result<Option<String>, TrainingError> {
        for (name, var) in self.network.parameters().trainable() {
            let values = crate::training::ops::host(var.as_tensor())?;
            if values.iter().any(|value| !value.is_finite()) {
                return Ok(Some(format!("`{name}` holds what is no number")));
            }
        }
        let batches = self.training.step(self.state.step.saturating_sub(1));
        let Some(batch) = batches.first() else {
            return Ok(None);
        };
        let rows = self
            .network
            .losses(batch, &vec![0.0; batch.targets.len()])?
            .rows;
        let counted = |at: usize| batch.real[at] || self.recipe.data.count_padding;
        let losses = rows.losses.iter().enumerate();
        let losses = losses.filter(|(at, _)| counted(*at)).map(|(_, loss)| loss);
        let (mut sum, mut count) = (0.0, 0u64);
        for loss in losses {
            sum += f64::from(*loss);
            count += 1;
        }
        Ok(self.problem_of_loss(sum / count.max(1) as f64))
    }

    /// Whether a loss is worse than the lowest so far by more than all that there is to know: the loss of a model that
    /// knows nothing is the logarithm of the vocabulary's size.
    fn problem_of_loss(&self, loss: f64) -> Option<String> {
        let lowest = self.state.lowest?;
        let nothing = (self.network.config().vocab_size as f64).ln();
        let said = match loss {
            loss if !loss.is_finite() => format!("its loss is {loss}"),
            loss if loss > lowest + nothing => {
                format!(
                    "its loss of {loss:.4e} is out of all proportion to the lowest, {lowest:.4}"
                )
            }
            _ => return None,
        };
        Some(said)
    }

    /// Takes the loss of a step in.
    ///
    /// # Errors
    /// When the run has lost its way: the losses of many steps are out of all proportion.
    pub(super) fn watch(&mut self, loss: f64) -> Result<(), TrainingError> {
        let smoothed = self.smoothed.value();
        self.state.lowest = Some(self.state.lowest.map_or(smoothed, |low| low.min(smoothed)));
        let Some(problem) = self.problem_of_loss(loss) else {
            self.adrift = 0;
            return Ok(());
        };
        self.adrift += 1;
        if self.adrift < ADRIFT {
            Ok(())
        } else {
            Err(TrainingError::Diverged {
                problem: format!(
                    "at step {} the run has lost its way: {problem}, like those of the {} steps before",
                    self.state.step,
                    ADRIFT - 1
                ),
                kept: self.kept(),
            })
        }
    }

    /// What is kept, as a clause.
    pub(super) fn kept(&self) -> String {
        match (self.saved, self.written) {
            (Some(step), _) => format!("the checkpoint of step {step} is kept"),
            (None, Some(step)) => format!("the weights of step {step} are kept"),
            (None, None) => "no checkpoint had been written yet".to_owned(),
        }
    }
}

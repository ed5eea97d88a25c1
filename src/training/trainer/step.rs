//! One step: gradients of its batches, one update.

use super::Trainer;
use crate::training::data::Position;
use crate::training::epoch::Counts;
use crate::training::network::{Batch, Gradients};
use crate::training::random::Key;
use crate::training::{StepMetrics, TrainingError, heap};

impl Trainer {
    /// Makes a step, or none if the run is to end meanwhile: then all is as it was before it.
    pub(super) fn step(&mut self) -> Result<Option<StepMetrics>, TrainingError> {
        let step = self.state.step;
        let batches = self.training.step(step);
        let count_padding = self.recipe.data.count_padding;
        let counts = |batch: &Batch| {
            if count_padding {
                batch.targets.len()
            } else {
                batch.real_targets()
            }
        };
        let counted: usize = batches.iter().map(counts).sum();
        let share = 1.0 / counted.max(1) as f32;
        let dropout = Key::new(self.recipe.run.seed).named("dropout").with(step);
        let mut gradients = Gradients::default();
        let mut sums = Counts {
            counted: counted as u64,
            ..Counts::default()
        };
        let mut positions = 0;
        for (number, batch) in (0..).zip(&batches) {
            let shares: Vec<f32> = batch
                .real
                .iter()
                .map(|real| if *real || count_padding { share } else { 0.0 })
                .collect();
            let key = Some(dropout.with(number));
            let (losses, new) = match self.network.gradients(batch, &shares, key) {
                Err(_) if self.control.is_ending() => return Ok(None),
                worked => worked?,
            };
            gradients.add(new)?;
            positions += batch.targets.len() as u64;
            for (at, (row, right)) in losses
                .rows
                .losses
                .iter()
                .zip(losses.rows.correct)
                .enumerate()
            {
                if batch.real[at] || count_padding {
                    sums.loss += f64::from(*row);
                }
                if batch.real[at] {
                    sums.masked += f64::from(*row);
                    sums.real += 1;
                    sums.correct += u64::from(right);
                }
            }
        }
        let loss = sums.loss / counted.max(1) as f64;
        let masked = sums.masked / sums.real.max(1) as f64;
        self.check("the loss", loss)?;
        let rate = self.recipe.schedule.rate(step, self.total) * self.state.rate_factor;
        let norm = self
            .optimizer
            .step(self.network.parameters(), &gradients, rate)?;
        // The update is not made when this is no number.
        self.check("the gradients' norm", norm)?;

        self.state.step = step + 1;
        self.state.tokens += sums.real;
        self.state.epoch.add(&sums);
        self.smoothed.add(self.state.step, loss);
        self.meter.step(positions);
        let (tokens_per_second, seconds_a_step) = self.meter.speed();
        Ok(Some(StepMetrics {
            step: self.state.step,
            epoch: self.epoch(),
            loss,
            masked_loss: count_padding.then_some(masked),
            smoothed: self.smoothed.value(),
            perplexity: masked.exp(),
            accuracy: sums.correct as f64 / sums.real.max(1) as f64,
            learning_rate: rate,
            gradient_norm: norm,
            tokens: self.state.tokens,
            tokens_per_second,
            elapsed: self.meter.elapsed(),
            seconds_left: seconds_a_step * (self.total - self.state.step) as f64,
            memory: heap::memory(),
        }))
    }

    /// Epochs done, with their fraction.
    pub(super) fn epoch(&self) -> f64 {
        let Position { epoch, step } = self.training.position(self.state.step);
        epoch as f64 + step as f64 / self.training.steps_per_epoch() as f64
    }

    fn check(&self, what: &'static str, value: f64) -> Result<(), TrainingError> {
        if value.is_finite() {
            return Ok(());
        }
        Err(TrainingError::NotFinite {
            what,
            step: self.state.step + 1,
            value,
            kept: self.kept(),
        })
    }
}

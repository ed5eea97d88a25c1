//! What is looked at on schedule.

use super::{Listener, Trainer};
use crate::training::evaluation::{self, Studio};
use crate::training::{Event, Samples, TrainingError};

impl Trainer {
    /// The validation set under the model as it is.
    pub(super) fn validate(&mut self, events: Listener<'_>) -> Result<(), TrainingError> {
        let Some(batches) = &self.validation else {
            return Ok(());
        };
        let control = &self.control;
        let found = evaluation::validate(
            &self.network,
            batches,
            self.recipe.evaluation.batches,
            self.recipe.data.count_padding,
            &self.token_bytes,
            &|| control.is_ending(),
        )?;
        // Cut short, it would be no number to compare.
        let Some(mut validation) = found else {
            return Ok(());
        };
        validation.step = self.state.step;
        validation.epoch = self.epoch();
        let best = self.state.best_validation;
        validation.best = best.is_none_or(|best| validation.loss < best);
        self.state.validation = Some(validation.loss);
        if validation.best {
            self.state.best_validation = Some(validation.loss);
            self.state.stale = 0;
        } else {
            self.state.stale += 1;
        }
        self.emit(Event::Validation(validation), events)
    }

    /// Texts and odds by the model as it is.
    pub(super) fn sample(&mut self, events: Listener<'_>) -> Result<(), TrainingError> {
        let settings = &self.recipe.evaluation;
        if settings.prompts.is_empty() && settings.probe.is_empty() {
            return Ok(());
        }
        let (step, epoch) = (self.state.step, self.epoch());
        let studio = Studio::new(&self.network, &self.tokenizer)?;
        let control = &self.control;
        let samples = evaluation::sample(&studio, settings, &|| control.is_ending())?;
        let odds = match settings.probe.is_empty() {
            true => None,
            false => Some(evaluation::odds(
                &studio,
                settings,
                &mut self.state.followed,
            )?),
        };
        if !samples.is_empty() {
            let (texts, ids): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
            let documents = self.training.sequences().documents();
            let memorised = evaluation::memorised(&ids, settings.memorised, documents);
            let samples = Samples {
                step,
                epoch,
                texts,
                memorised,
            };
            self.emit(Event::Samples(samples), events)?;
        }
        match odds {
            Some(odds) => {
                let odds = crate::training::Odds {
                    step,
                    epoch,
                    ..odds
                };
                self.emit(Event::Odds(odds), events)
            }
            None => Ok(()),
        }
    }
}

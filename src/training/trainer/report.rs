//! What is looked at on schedule.

use super::{Listener, Trainer};
use crate::decoding::DecodingError;
use crate::model::ModelError;
use crate::training::evaluation::{self, Studio};
use crate::training::{RunEvent, Samples, TrainingError};

impl Trainer {
    /// The validation set under the model as it is. Returns whether it is the best so far.
    pub(super) fn validate(&mut self, events: Listener<'_>) -> Result<bool, TrainingError> {
        let Some(batches) = &self.validation else {
            return Ok(false);
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
            return Ok(false);
        };
        validation.step = self.state.step;
        validation.epoch = self.epoch();
        if validation.step == 0 {
            // Nothing was learned yet: there is nothing to keep of it, but much to compare with it.
            self.state.before = Some(validation.loss);
            self.emit(RunEvent::Validation(validation), events)?;
            return Ok(false);
        }
        let best = self.state.best_validation;
        validation.best = best.is_none_or(|best| validation.loss < best);
        self.state.validation = Some(validation.loss);
        self.state.validated_at = Some(validation.step);
        if validation.best {
            self.state.best_validation = Some(validation.loss);
            self.state.stale = 0;
        } else {
            self.state.stale += 1;
        }
        let best = validation.best;
        self.emit(RunEvent::Validation(validation), events)?;
        Ok(best)
    }

    /// What a sample of anything begins with: the token before each document; else nothing, for which the model has a
    /// token of its own; else the first token that is learned from.
    fn beginning(&self) -> String {
        if let Some((_, begin)) = &self.special.begin {
            return begin.clone();
        }
        if self.special.end.is_some() || !self.tokenizer.start_ids().is_empty() {
            return String::new();
        }
        let first = self.training.sequences().get(0).tokens;
        self.tokenizer.decode_from_start(&first[..1])
    }

    /// Texts and odds by the model as it is.
    pub(super) fn sample(&mut self, events: Listener<'_>) -> Result<(), TrainingError> {
        let settings = &self.recipe.evaluation;
        if !settings.samples && settings.probe.is_empty() {
            return Ok(());
        }
        let prompts = match (settings.samples, settings.prompts.is_empty()) {
            (false, _) => Vec::new(),
            (true, true) => vec![self.beginning()],
            (true, false) => settings.prompts.clone(),
        };
        let (step, epoch) = (self.state.step, self.epoch());
        let studio = Studio::new(&self.network, &self.tokenizer)?;
        let kept = self.kept();
        // The weights may have lost their numbers in the very step that this follows.
        let diverged = |error: TrainingError| match error {
            TrainingError::Decoding(DecodingError::Model(ModelError::NotNumbers { .. })) => {
                TrainingError::NotFinite {
                    what: "what the model computes",
                    step,
                    value: f64::NAN,
                    kept: kept.clone(),
                }
            }
            other => other,
        };
        let control = &self.control;
        let samples = evaluation::sample(&studio, &prompts, settings, &|| control.is_ending());
        let samples = samples.map_err(diverged)?;
        let odds = if settings.probe.is_empty() {
            None
        } else {
            let odds = evaluation::odds(&studio, settings, &mut self.state.followed);
            Some(odds.map_err(diverged)?)
        };
        if !samples.is_empty() {
            let (mut texts, ids): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
            let documents = self.training.sequences().documents();
            let copied = evaluation::copied(&ids, settings.memorised, documents);
            for (at, (text, ids)) in texts.iter_mut().zip(&ids).enumerate() {
                let copied = copied.as_ref().map_or(&[][..], |copied| &copied.tokens[at]);
                evaluation::mark(text, ids, copied, &self.tokenizer);
            }
            let samples = Samples {
                step,
                epoch,
                texts,
                memorised: copied.map(|copied| copied.memorised),
            };
            self.emit(RunEvent::Samples(samples), events)?;
        }
        match odds {
            Some(odds) => {
                let odds = crate::training::Odds {
                    step,
                    epoch,
                    ..odds
                };
                self.emit(RunEvent::Odds(odds), events)
            }
            None => Ok(()),
        }
    }
}

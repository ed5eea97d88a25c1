//! The second context that some stages go by: the model after the negative prompt, or the base model after the same text.
//!
//! It reads on demand what it lacks of the text in question, so that rewinds, branches and other tokens need no word to it:
//! where the text is not the one that it has read, it goes back to where both part.

use std::time::{Duration, Instant};

use super::chooser::{Asked, Chooser};
use super::{DecodingError, Origin, Sequence};
use crate::model::LoadedModel;

/// What was read for the stages that ask for a second row of logits.
#[derive(Default)]
pub struct Second {
    /// What is read is the base model's, not the model's own.
    is_base: bool,
    sequence: Option<Sequence>,
    spent: Duration,
}

impl Second {
    /// A copy with a cache of its own.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn try_clone(&self) -> Result<Self, DecodingError> {
        Ok(Self {
            is_base: self.is_base,
            sequence: self
                .sequence
                .as_ref()
                .map(Sequence::try_clone)
                .transpose()?,
            spent: Duration::ZERO,
        })
    }

    /// Forgets how long it took so far.
    pub fn start_clock(&mut self) {
        self.spent = Duration::ZERO;
    }

    /// How long it took in all.
    pub fn spent(&self) -> Duration {
        self.spent
    }

    /// The logits that `chooser`'s chain asks for besides those of the text itself, for the token after `history`, whose
    /// first `prompt_len` tokens are the prompt; none where it asks for none.
    ///
    /// # Errors
    /// When the model fails.
    pub fn logits(
        &mut self,
        loaded: &LoadedModel,
        chooser: &Chooser,
        history: &[u32],
        prompt_len: usize,
    ) -> Result<Option<Vec<f32>>, DecodingError> {
        let begun = Instant::now();
        let (model, text) = match chooser.asked() {
            None => return Ok(None),
            Some(Asked::Base) => {
                let base = loaded.base.as_deref().ok_or(DecodingError::NoBase)?;
                (base, history.to_vec())
            }
            Some(Asked::Negative(prompt)) => {
                let prompt_len = prompt_len.clamp(1, history.len().max(1));
                let (before, after) = history.split_at(prompt_len.min(history.len()));
                // Without a negative prompt it is the last token of the prompt, as in transformers.
                let prompt = if prompt.is_empty() {
                    &before[before.len().saturating_sub(1)..]
                } else {
                    prompt
                };
                (loaded, [prompt, after].concat())
            }
        };
        let is_base = matches!(chooser.asked(), Some(Asked::Base));
        if self.is_base != is_base {
            *self = Self {
                spent: self.spent,
                is_base,
                sequence: None,
            };
        }
        let sequence = match &mut self.sequence {
            Some(sequence) => sequence,
            none => none.insert(Sequence::new(model)?),
        };
        let both = sequence.ids().iter().zip(&text);
        let common = both.take_while(|(here, there)| here == there).count();
        if common < text.len() {
            sequence.rewind(common);
            for &id in &text[common..] {
                sequence.push(model, id, Origin::Prompt, None, None);
            }
        }
        sequence.catch_up(model, &|| false)?;
        let logits = model.model.logits(&sequence.predictor(text.len())?)?;
        self.spent += begun.elapsed();
        Ok(Some(logits.row(0).to_vec()))
    }
}

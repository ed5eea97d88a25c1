//! A prompt that was read, and the odds after it under any settings.

use std::time::Instant;

use super::named::biases_elsewhere;
use crate::cli::documents::Document;
use crate::cli::{CliError, interrupt, slid, warn};
use crate::decoding::{Chooser, LookAt, Moment, Second, Sequence, look_ahead, read_prompts};
use crate::model::LoadedModel;

/// Most prompts that are held at once.
const AT_ONCE: usize = 16;

/// A prompt that was read once.
pub struct ReadPrompt<'a> {
    loaded: &'a LoadedModel,
    sequence: Sequence,
    second: Second,
    /// Seconds that reading took, with what was read beside it.
    seconds: f64,
}

impl<'a> ReadPrompt<'a> {
    /// Lets the model read prompt after prompt as they are asked for, short ones together. An error stands in the place of
    /// the first of those that it holds for: the model fails, or the user interrupts.
    pub fn in_turn(
        loaded: &'a LoadedModel,
        documents: &[Document],
    ) -> impl Iterator<Item = Result<Self, CliError>> {
        let together = documents.chunks(AT_ONCE);
        together.flat_map(|some| match Self::of_each(loaded, some) {
            Ok(read) => read.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn of_each(loaded: &'a LoadedModel, documents: &[Document]) -> Result<Vec<Self>, CliError> {
        let begun = Instant::now();
        let prompts = documents.iter().map(|document| document.text.as_str());
        let read = read_prompts(loaded, prompts, &interrupt::came)?;
        let seconds = begun.elapsed().as_secs_f64();
        let read = read.into_iter().map(|sequence| {
            if sequence.seen() < sequence.len() {
                let dropped = sequence.len() - sequence.seen();
                warn(&slid(loaded.model.info(), sequence.seen(), dropped));
            }
            Self {
                loaded,
                sequence,
                second: Second::default(),
                seconds,
            }
        });
        Ok(read.collect())
    }

    /// The odds of the next token, with a row for every token of the vocabulary.
    ///
    /// # Errors
    /// When the model fails.
    pub fn moment(&mut self, chooser: &Chooser) -> Result<Moment, CliError> {
        let length = self.sequence.len();
        let ids = self.sequence.ids();
        let other = self.second.logits(self.loaded, chooser, ids, length)?;
        let place = LookAt {
            second: other.as_deref(),
            position: length,
            prompt_len: length,
            running: chooser.start(),
            search: "",
            rows: self.loaded.model.info().vocabulary,
        };
        Ok(look_ahead(self.loaded, &mut self.sequence, chooser, place)?)
    }

    /// Says what one would not see of what the settings do.
    ///
    /// # Errors
    /// When a text cannot be encoded.
    pub fn warn_of(&self, chooser: &Chooser) -> Result<(), CliError> {
        if chooser.needs_second() {
            warn(&format!(
                "the second context took {:.3} s to read, the prompt {:.3} s",
                self.second.spent().as_secs_f64(),
                self.seconds
            ));
        }
        for notice in biases_elsewhere(self.loaded, chooser.settings(), self.sequence.ids())? {
            warn(&notice);
        }
        Ok(())
    }
}

//! A text of which some tokens are read before they are chosen.

use crate::decoding::chooser::Choice;
use crate::decoding::sequence::token_odds;
use crate::decoding::{DecodingError, Generation, Origin, Slide, StepOutcome};
use crate::model::{LoadedModel, Rows};
use crate::sampling::Distribution;

impl Generation {
    /// Tokens that can be read ahead: the context does not slide for them, and the text has room for one more after them.
    pub(super) fn room_ahead(&self) -> usize {
        let left = self.left().saturating_sub(1);
        self.sequence().room().min(left)
    }

    /// Reads `ids` at the end of the text in one pass. Returns the logits that predict each, and those after the last one.
    /// They stand there until [`Self::accept_ahead`] keeps or replaces them.
    pub(super) fn read_ahead(
        &mut self,
        loaded: &LoadedModel,
        ids: &[u32],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Rows, Option<Slide>), DecodingError> {
        let sequence = self.sequence_mut();
        let from = sequence.len();
        for &id in ids {
            sequence.push(loaded, id, Origin::Generated, None, None);
        }
        let read = sequence.catch_up(loaded, cancelled).and_then(|slide| {
            let positions = from..=from + ids.len();
            let width = loaded.model.info().width;
            let logits = sequence.predictors(width, positions)?;
            Ok((loaded.model.logits(&logits)?, slide))
        });
        if read.is_err() {
            sequence.rewind(from);
        }
        read
    }

    /// What the method chooses at `position`, and the distribution that it chooses from.
    pub(super) fn choice_at(
        &self,
        logits: &[f32],
        position: usize,
    ) -> Result<(Choice, Distribution), DecodingError> {
        let history = &self.sequence().ids()[..position];
        let (chooser, running) = (self.chooser(), self.running());
        let distribution =
            chooser.distribution(logits, history, self.prompt_len(), running, false)?;
        let choice = chooser.choose_from(&distribution, logits, position, running);
        Ok((choice, distribution))
    }

    /// A token that was found otherwise than by the draw of its place.
    pub(super) fn choice_of(&self, logits: &[f32], distribution: &Distribution, id: u32) -> Choice {
        Choice {
            id,
            odds: token_odds(logits, id),
            draw: self
                .chooser()
                .draw_of(distribution, id, None, self.running()),
        }
    }

    /// Keeps the token that was read ahead at `position`, or puts the chosen one in its place and forgets what follows.
    pub(super) fn accept_ahead(
        &mut self,
        loaded: &LoadedModel,
        choice: Choice,
        position: usize,
        accepted: bool,
        slide: Option<Slide>,
    ) -> StepOutcome {
        if !accepted {
            self.sequence_mut().rewind(position);
            return self.accept(loaded, choice, slide);
        }
        let record = self.settle(position, choice);
        let stop = self.stop_after(loaded, &record);
        if stop.is_some() {
            self.sequence_mut().rewind(position + 1);
        }
        StepOutcome {
            record,
            slide,
            stop,
        }
    }
}

//! Looking at the distribution over one token.

use super::{Ended, Worker};
use crate::decoding::{Chooser, LookAt, Moment, look};
use crate::engine::error::TextsError;
use crate::engine::{Event, LookRequest, Subject};

impl Worker {
    pub(super) fn look(&mut self, request: LookRequest) -> Result<(), Ended> {
        let (subject, position) = (request.subject, request.position);
        let event = match self.moment(request) {
            Ok(moment) => Event::Look { subject, moment },
            Err(error) => Event::LookFailed {
                subject,
                position,
                message: error.to_string(),
            },
        };
        self.emit(event)
    }

    /// One of the looks at lanes that wait. Whether others still do.
    pub(super) fn look_at_lane(&mut self) -> Result<bool, Ended> {
        let (request, others) = self.shared.take_lane();
        let Some(request) = request else {
            return Ok(false);
        };
        let sample = request.sample;
        match self.moment(request) {
            Ok(moment) => self.emit(Event::LaneLook { sample, moment })?,
            // The text is another by now: it is asked for again.
            Err(error) => tracing::debug!("lane {sample} cannot be looked at: {error}"),
        }
        Ok(others)
    }

    fn moment(&mut self, request: LookRequest) -> Result<Moment, TextsError> {
        let loaded = self.loaded.as_ref().ok_or(TextsError::NoModel)?;
        let shown = self.texts.run.as_mut();
        let generation = match request.subject {
            Subject::Draft => None,
            Subject::Text => Some(
                shown
                    .and_then(|run| run.shown_mut(request.sample))
                    .ok_or(TextsError::NoText)?,
            ),
        };
        let seed = generation
            .as_ref()
            .map_or(request.seed, |generation| generation.settings().seed);
        let fits =
            |chooser: &Chooser| chooser.settings() == &request.sampler && chooser.seed() == seed;
        let chooser = match self.look_chooser.take().filter(fits) {
            Some(chooser) => chooser,
            None => Chooser::new(loaded, &request.sampler, seed)?,
        };
        let chooser = self.look_chooser.insert(chooser);
        let place = |prompt_len, running, second| LookAt {
            second,
            position: request.position,
            prompt_len,
            running,
            rows: request.rows,
            search: &request.search,
        };
        match generation {
            None => {
                let sequence = self.draft.as_ref().ok_or(TextsError::NoText)?.sequence();
                let position = request.position.min(sequence.len());
                let history = &sequence.ids()[..position];
                let second = &mut self.draft_second;
                let second = second.logits(loaded, chooser, history, position)?;
                let place = place(sequence.len(), chooser.start(), second.as_deref());
                Ok(look(loaded, sequence, chooser, place)?)
            }
            Some(generation) => {
                generation.catch_up(loaded)?;
                let second = generation.second(loaded, chooser, request.position)?;
                let (length, running) = (generation.prompt_len(), generation.running());
                let place = place(length, running, second.as_deref());
                Ok(look(loaded, generation.sequence(), chooser, place)?)
            }
        }
    }
}

//! Looking at the distribution over one token.

use super::{Ended, NO_MODEL, NO_TEXT, Worker, text};
use crate::decoding::{Chooser, Moment, Place, look};
use crate::engine::{Event, LookRequest, Subject};

impl Worker {
    pub(super) fn look(&mut self, request: LookRequest) -> Result<(), Ended> {
        let (subject, position) = (request.subject, request.position);
        let event = match self.moment(request) {
            Ok(moment) => Event::Look { subject, moment },
            Err(message) => Event::LookFailed {
                subject,
                position,
                message,
            },
        };
        self.emit(event)
    }

    fn moment(&mut self, request: LookRequest) -> Result<Moment, String> {
        let loaded = self.loaded.as_ref().ok_or(NO_MODEL)?;
        let shown = self.texts.run.as_mut();
        let generation = match request.subject {
            Subject::Draft => None,
            Subject::Text => Some(
                shown
                    .and_then(|run| run.shown_mut(request.sample))
                    .ok_or(NO_TEXT)?,
            ),
        };
        let seed = generation
            .as_ref()
            .map_or(request.seed, |generation| generation.settings().seed);
        let fits =
            |chooser: &Chooser| chooser.settings() == &request.sampler && chooser.seed() == seed;
        let chooser = match self.look_chooser.take().filter(fits) {
            Some(chooser) => chooser,
            None => Chooser::new(loaded, &request.sampler, seed).map_err(text)?,
        };
        let chooser = self.look_chooser.insert(chooser);
        let place = |prompt_len, mu| Place {
            position: request.position,
            prompt_len,
            mu,
            rows: request.rows,
            search: &request.search,
        };
        match generation {
            None => {
                let sequence = self.draft.as_ref().ok_or(NO_TEXT)?.sequence();
                let place = place(sequence.len(), chooser.initial_mu());
                look(loaded, sequence, chooser, place).map_err(text)
            }
            Some(generation) => {
                generation.catch_up(loaded).map_err(text)?;
                let place = place(generation.prompt_len(), generation.mu());
                look(loaded, generation.sequence(), chooser, place).map_err(text)
            }
        }
    }
}

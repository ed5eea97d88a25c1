//! Telling the texts with what the model thought at each of their places.

use super::{Ended, Worker};
use crate::decoding::likeliest;
use crate::engine::Event;

impl Worker {
    /// Serves [`super::super::Command::Examine`]. What is cancelled on the way is told without the rest of its odds.
    pub(super) fn examine(&mut self, rows: usize) -> Result<(), Ended> {
        let session = self.texts.save();
        let mut all = Vec::new();
        if let (Some(run), Some(loaded)) = (&mut self.texts.run, &self.loaded) {
            let cancelled = || self.shared.cancelled() || self.messages.is_closed();
            for sample in 0.. {
                let Some(text) = run.shown_mut(sample) else {
                    break;
                };
                match likeliest(loaded, text, rows, &cancelled) {
                    Ok(likely) => all.push(likely),
                    Err(error) => return self.fail(&error),
                }
            }
        }
        self.emit(Event::Examined {
            session,
            likeliest: all,
        })
    }
}

//! Loading a model in place of the one before.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Ended, Worker};
use crate::decoding::Second;
use crate::engine::texts::Texts;
use crate::engine::{Event, RunState};
use crate::model::{LoadProgress, LoadRequest, ModelError};
use crate::text::unless_panicked;

/// Shortest time between two reports of how far loading has come.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

impl Worker {
    pub(super) fn load(&mut self, request: &LoadRequest) -> Result<(), Ended> {
        self.stop_repeating()?;
        self.shared.clear_cancel();
        self.enter(RunState::Loading)?;
        let mut reported: Option<Instant> = None;
        let (events, shared) = (&self.events, &self.shared);
        let mut progress = |progress: LoadProgress| {
            if shared.cancelled() {
                return ControlFlow::Break(());
            }
            if reported.is_none_or(|then| then.elapsed() >= PROGRESS_INTERVAL) {
                reported = Some(Instant::now());
                // A gauge that nobody has time to look at may miss a beat.
                let _ = events.try_send(Event::Progress(progress));
            }
            ControlFlow::Continue(())
        };
        // The model that is here outlives whatever a file or a server makes a library do.
        let loaded = unless_panicked(|| (self.loader)(request, &mut progress))
            .unwrap_or_else(|message| Err(ModelError::Panicked(message)));
        match loaded {
            Ok(loaded) => {
                let model = loaded.model.info().clone();
                let notices = loaded.notices.clone();
                self.texts = Texts::default();
                self.comparison = None;
                self.growing = None;
                self.draft = None;
                self.draft_second = Second::default();
                self.look_chooser = None;
                self.loaded = Some(loaded);
                self.emit(Event::Loaded { model })?;
                for message in notices {
                    self.emit(Event::Notice { message })?;
                }
                self.enter(RunState::Idle)
            }
            Err(error) => {
                self.fail(&error)?;
                self.enter(match self.loaded {
                    Some(_) => RunState::Idle,
                    None => RunState::Empty,
                })
            }
        }
    }
}

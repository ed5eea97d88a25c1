//! Texts side by side: starting them, adding one, and drawing one in another way.

use super::{Ended, Worker};
use crate::decoding::LaneSettings;
use crate::engine::draft::Draft;
use crate::engine::error::TextsError;
use crate::engine::run::Run;
use crate::engine::{Event, Given, LanesRequest, RunState};

impl Worker {
    pub(super) fn start_lanes(&mut self, request: &LanesRequest) -> Result<(), Ended> {
        let seed = request.lanes.first().map_or(0, |lane| lane.seed);
        let ending = (request.generation.max_tokens, request.then, seed);
        self.begin(ending, |loaded, cancelled| {
            Run::start_lanes(loaded, request, cancelled)
        })
    }

    /// Adds a text. It grows beside those that go on; where none does, it goes on alone.
    pub(super) fn add_lane(&mut self, lane: &LaneSettings) -> Result<(), Ended> {
        let added = match (&mut self.texts.run, &self.loaded) {
            (Some(run), Some(loaded)) => run.add_lane(loaded, lane),
            _ => Err(TextsError::NoText),
        };
        match added {
            Ok(sample) => {
                self.tell_lane(sample)?;
                if self.state == RunState::Idle {
                    self.shared.clear_cancel();
                    return self.enter(RunState::Running);
                }
                Ok(())
            }
            Err(error) => self.fail(&error),
        }
    }

    pub(super) fn set_lane(&mut self, sample: usize, lane: &LaneSettings) -> Result<(), Ended> {
        let set = match (&mut self.texts.run, &self.loaded) {
            (Some(run), Some(loaded)) => run.set_lane(loaded, sample, lane),
            _ => Err(TextsError::NoText),
        };
        match set {
            // With the first, what the others have in common with it changes.
            Ok(()) if sample == 0 => self.tell_lanes(),
            Ok(()) => self.tell_lane(sample),
            Err(error) => self.fail(&error),
        }
    }

    /// Reads what another model has said.
    pub(super) fn judge(&self, lane: u64, given: Given, prompt: usize) -> Result<(), Ended> {
        let Some(loaded) = &self.loaded else {
            return Ok(());
        };
        let stopped = || self.shared.cancelled() || self.messages.is_closed();
        let surprisal = match Draft::read(None, loaded, given, &stopped) {
            Ok(read) => {
                let later = read.sequence().records().iter().skip(prompt);
                let bits = later.filter_map(|token| Some(f64::from(token.odds?.surprisal)));
                let bits: Vec<f64> = bits.collect();
                let mean = bits.iter().sum::<f64>() / bits.len().max(1) as f64;
                (!bits.is_empty()).then_some(mean as f32)
            }
            Err(error) => {
                tracing::debug!("lane {lane} cannot be read: {error}");
                None
            }
        };
        self.emit(Event::Judged { lane, surprisal })
    }

    fn tell_lane(&self, sample: usize) -> Result<(), Ended> {
        let told = self.texts.run.as_ref();
        match told.and_then(|run| run.lane_events().nth(sample)) {
            Some(event) => self.emit(event),
            None => Ok(()),
        }
    }

    fn tell_lanes(&self) -> Result<(), Ended> {
        let mut told = self.texts.run.iter().flat_map(Run::lane_events);
        told.try_for_each(|event| self.emit(event))
    }
}

//! Lanes drawn again with other seeds, for the figures of their texts, which are kept no longer than that.

use super::{Ended, Worker};
use crate::decoding::{DecodingError, LaneFigures, LaneSettings};
use crate::engine::run::Run;
use crate::engine::{Event, LanesRequest, RepeatRequest, RunState};
use crate::model::LoadedModel;

/// Runs that are still to be made.
pub(super) struct Repeating {
    request: RepeatRequest,
    /// The one under way.
    run: Option<Run>,
}

impl Worker {
    pub(super) fn start_repeating(&mut self, request: RepeatRequest) -> Result<(), Ended> {
        self.stop_repeating()?;
        if request.runs.is_empty() {
            return Ok(());
        }
        self.shared.clear_cancel();
        self.repeating = Some(Repeating { request, run: None });
        Ok(())
    }

    /// No more runs are wanted.
    pub(super) fn stop_repeating(&mut self) -> Result<(), Ended> {
        match self.repeating.take() {
            Some(_) => self.emit(Event::Repeated),
            None => Ok(()),
        }
    }

    /// Whether there is a run to go on with, and nothing before it.
    pub(super) fn has_to_repeat(&self) -> bool {
        self.repeating.is_some() && self.state != RunState::Running
    }

    /// A token of every text of the run under way.
    pub(super) fn repeat(&mut self) -> Result<(), Ended> {
        let (Some(repeating), Some(loaded)) = (&mut self.repeating, &self.loaded) else {
            return self.stop_repeating();
        };
        let stepped = repeating.step(loaded, &|| self.shared.cancelled());
        match stepped {
            Ok(events) => {
                let done = repeating.request.runs.is_empty();
                for event in events {
                    self.emit(event)?;
                }
                if done { self.stop_repeating() } else { Ok(()) }
            }
            Err(DecodingError::Cancelled) => {
                self.shared.clear_cancel();
                self.stop_repeating()
            }
            Err(error) => {
                self.fail(&error)?;
                self.stop_repeating()
            }
        }
    }
}

impl Repeating {
    fn step(
        &mut self,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<Event>, DecodingError> {
        let number = self.request.runs.start;
        let run = match &mut self.run {
            Some(run) => run,
            None => {
                let (run, _) = Run::start_lanes(loaded, &self.seeded(number), cancelled)?;
                self.run.insert(run)
            }
        };
        let (_, ended) = run.step(loaded, cancelled)?;
        if !ended {
            return Ok(Vec::new());
        }
        let vocabulary = loaded.model.info().vocabulary;
        let batch = self.request.batch;
        let told = run.texts().enumerate().filter_map(|(sample, text)| {
            let said = &text.sequence().records()[text.prompt_len()..];
            // One that failed at once has no figures.
            (!said.is_empty()).then(|| Event::LaneRun {
                batch,
                sample,
                run: number,
                figures: LaneFigures::of(said, vocabulary, true),
                tokens: said.iter().map(|token| token.id).collect(),
                bytes: said
                    .iter()
                    .flat_map(|token| token.bytes.iter().copied())
                    .collect(),
            })
        });
        let told = told.collect();
        self.run = None;
        self.request.runs.start += 1;
        Ok(told)
    }

    /// The lanes with the seeds of a run.
    fn seeded(&self, number: u64) -> LanesRequest {
        let lanes = self.request.lanes.lanes.iter();
        LanesRequest {
            lanes: lanes
                .map(|lane| LaneSettings {
                    seed: lane.seed.wrapping_add(number),
                    sampler: lane.sampler.clone(),
                })
                .collect(),
            prompt_odds: false,
            ..self.request.lanes.clone()
        }
    }
}

//! Comparing a text with what other knobs would have drawn, a few tokens at a time.

use super::{Ended, Worker};
use crate::decoding::{Chooser, Counterfactual};
use crate::engine::{CompareRequest, Event, RunState};

/// Tokens compared between two tokens of a run that goes on, and between two commands while none does.
const COMPARED_BESIDE: usize = 2;
const COMPARED_AT_ONCE: usize = 16;

impl Worker {
    pub(super) fn start_comparison(&mut self, request: &CompareRequest) -> Result<(), Ended> {
        self.comparison = None;
        let Some(loaded) = &self.loaded else {
            return Ok(());
        };
        let seed = request.seed.wrapping_add(request.sample as u64);
        match Chooser::new(loaded, &request.sampler, seed) {
            Ok(chooser) => {
                // Tokens that come from now on are drawn by these settings, or a newer request will follow.
                let goal = self.text_length(request.sample);
                self.comparison = Some((request.sample, Counterfactual::new(chooser, goal)));
                Ok(())
            }
            Err(error) => self.report(Err(error)),
        }
    }

    fn text_length(&mut self, sample: usize) -> usize {
        let run = self.texts.run.as_mut();
        run.and_then(|run| run.shown_mut(sample))
            .map_or(0, |text| text.sequence().len())
    }

    pub(super) fn has_to_compare(&self) -> bool {
        self.comparison
            .as_ref()
            .is_some_and(|(_, comparison)| !comparison.is_done())
    }

    /// A piece of the comparison under way.
    pub(super) fn compare(&mut self) -> Result<(), Ended> {
        let (Some((sample, comparison)), Some(loaded)) = (&mut self.comparison, &self.loaded)
        else {
            return Ok(());
        };
        let (sample, from) = (*sample, comparison.next());
        let text = self
            .texts
            .run
            .as_mut()
            .and_then(|run| run.shown_mut(sample));
        let Some(text) = text.filter(|_| !comparison.is_done()) else {
            self.comparison = None;
            return Ok(());
        };
        let most = if self.state == RunState::Running {
            COMPARED_BESIDE
        } else {
            COMPARED_AT_ONCE
        };
        // Only a text that was brought back from a file is unread so far back.
        let caught_up = text.catch_up_before_last(loaded);
        let stepped = caught_up.and_then(|()| comparison.step(loaded, text, most));
        match stepped {
            Ok(otherwise) => {
                let upto = comparison.next();
                self.emit(Event::Compared {
                    sample,
                    from,
                    upto,
                    otherwise,
                })
            }
            Err(error) => {
                self.comparison = None;
                self.report(Err(error))
            }
        }
    }
}

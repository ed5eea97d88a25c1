//! Texts that go on with prompts of their own, side by side.

use std::time::Instant;

use super::{Ended, Worker};
use crate::decoding::StopReason;
use crate::engine::error::TextsError;
use crate::engine::run::Run;
use crate::engine::{Event, PromptsRequest, RunState};

impl Worker {
    pub(super) fn start_prompts(&mut self, request: &PromptsRequest) -> Result<(), Ended> {
        self.stop_repeating()?;
        let Some(loaded) = &self.loaded else {
            return self.fail(&TextsError::NoModel);
        };
        self.shared.clear_cancel();
        self.state = RunState::Running;
        self.emit(Event::State { state: self.state })?;
        // Of many prompts, what is through makes room.
        self.texts.clear();
        self.comparison = None;
        let begun = Instant::now();
        let run = match Run::start_prompts(loaded, request, &|| self.shared.cancelled()) {
            Ok(run) => run,
            Err(error) => {
                self.report(Err(error))?;
                return self.enter(RunState::Idle);
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        let mut sample = 0;
        let mut told = Vec::new();
        for prompted in &request.prompts {
            let text = run.texts().nth(sample).map(|text| text.sequence());
            let Some(text) = text else { continue };
            let (kept, tokens) = (text.seen(), text.records().to_vec());
            let dropped = tokens.len() - kept;
            told.push(Event::Prompted {
                sample,
                tokens,
                seconds,
            });
            if dropped > 0 {
                told.push(Event::Slid {
                    sample,
                    kept,
                    dropped,
                });
            }
            sample += prompted.samples.max(1);
        }
        self.texts.put(run);
        for event in told {
            self.emit(event)?;
        }
        if request.generation.max_tokens == 0 {
            return self.end(&StopReason::MaxTokens);
        }
        Ok(())
    }
}

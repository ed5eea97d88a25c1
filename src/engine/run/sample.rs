//! One text of a run: a generation, or a beam search that becomes one.

use std::time::{Duration, Instant};

use super::super::Event;
use crate::decoding::{BeamSearch, DecodingError, Generation, LaneSettings, Slide, StopReason};
use crate::model::LoadedModel;
use crate::sampling::Method;

/// One text of a run.
pub(super) struct Sample {
    pub(super) text: Text,
    pub(super) stopped: bool,
    /// Time spent generating.
    pub(super) spent: Duration,
}

pub(super) enum Text {
    Grows(Box<Generation>),
    Searched(Box<BeamSearch>),
    /// A search without any beam.
    Lost,
}

impl Sample {
    /// One that is about to grow by the method that its generation was made with.
    pub(super) fn fresh(generation: Generation) -> Self {
        let text = if generation.sampler().method == Method::Beam {
            Text::Searched(Box::new(BeamSearch::new(generation)))
        } else {
            Text::Grows(Box::new(generation))
        };
        Self {
            text,
            stopped: false,
            spent: Duration::ZERO,
        }
    }

    /// One that has ended.
    pub(super) fn ended(generation: Generation, spent: Duration) -> Self {
        Self {
            text: Text::Grows(Box::new(generation)),
            stopped: true,
            spent,
        }
    }

    /// Its text, or the best beam so far.
    pub(super) fn generation(&self) -> Option<&Generation> {
        match &self.text {
            Text::Grows(generation) => Some(generation),
            Text::Searched(search) => search.best(),
            Text::Lost => None,
        }
    }

    /// As [`Self::generation`].
    pub(super) fn generation_mut(&mut self) -> Option<&mut Generation> {
        match &mut self.text {
            Text::Grows(generation) => Some(generation),
            Text::Searched(search) => search.best_mut(),
            Text::Lost => None,
        }
    }

    /// As [`Self::generation`], when the sample itself is no longer wanted.
    pub(super) fn into_generation(self) -> Option<Generation> {
        match self.text {
            Text::Grows(generation) => Some(*generation),
            Text::Searched(search) => search.into_best().map(|(generation, _)| generation),
            Text::Lost => None,
        }
    }

    /// The text that grows, unless it is searched for.
    pub(super) fn growing_mut(&mut self) -> Option<&mut Generation> {
        match &mut self.text {
            Text::Grows(generation) => Some(generation),
            Text::Searched(_) | Text::Lost => None,
        }
    }

    /// What it is drawn with.
    pub(super) fn lane(&self) -> Option<LaneSettings> {
        let generation = self.generation()?;
        Some(LaneSettings {
            sampler: generation.sampler().clone(),
            seed: generation.settings().seed,
        })
    }

    /// A step of a beam search, as sample `index`. Returns the events that it brought; none while the text grows.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub(super) fn search_on(
        &mut self,
        index: usize,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<Event>, DecodingError> {
        let Text::Searched(search) = &mut self.text else {
            return Ok(Vec::new());
        };
        let begun = Instant::now();
        let step = search.step(loaded, cancelled)?;
        self.spent += begun.elapsed();
        let mut events: Vec<_> = step
            .slide
            .map(|slide| slid(index, slide))
            .into_iter()
            .collect();
        events.push(Event::Beams {
            sample: index,
            beams: step.beams,
        });
        if step.done {
            events.extend(self.end(index, StopReason::MaxTokens));
        }
        Ok(events)
    }

    /// Ends it, as sample `index`. Of a search, the best beam becomes the text; `reason` holds for one that still grew.
    pub(super) fn end(&mut self, index: usize, reason: StopReason) -> Vec<Event> {
        let mut events = Vec::new();
        let mut reason = reason;
        if matches!(self.text, Text::Searched(_))
            && let Text::Searched(search) = std::mem::replace(&mut self.text, Text::Lost)
            && let Some((generation, ended)) = search.into_best()
        {
            reason = ended.unwrap_or(reason);
            let records = &generation.sequence().records()[generation.prompt_len()..];
            events.extend(records.iter().map(|record| Event::Token {
                sample: index,
                record: record.clone(),
            }));
            self.text = Text::Grows(Box::new(generation));
        }
        self.stopped = true;
        events.extend(self.second_cost());
        events.push(Event::Finished {
            sample: index,
            reason,
            tokens: self.generation().map_or(0, Generation::generated),
            seconds: self.spent.as_secs_f64(),
        });
        events
    }
}

impl Sample {
    /// What the second context cost, where the chain goes by one.
    fn second_cost(&self) -> Option<Event> {
        let second = self.generation()?.second_spent()?.as_secs_f64();
        let all = self.spent.as_secs_f64();
        Some(Event::Notice {
            message: format!(
                "the second context took {second:.2} s of the {all:.2} s that these tokens took"
            ),
        })
    }
}

pub(super) fn slid(sample: usize, slide: Slide) -> Event {
    Event::Slid {
        sample,
        kept: slide.kept,
        dropped: slide.dropped,
    }
}

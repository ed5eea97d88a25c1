//! The text of a run: one generation, several samples together, or a beam search.

use std::time::{Duration, Instant};

use super::error::TextsError;
use super::{Event, GenerateRequest};
use crate::decoding::{
    BeamSearch, DecodingError, Generation, GenerationSettings, Slide, StopReason, TokenRecord,
    batch,
};
use crate::model::{LoadedModel, ModelError, bytes_text};
use crate::sampling::{Method, SamplerSettings};

/// One text of a run.
struct Sample {
    generation: Generation,
    stopped: bool,
    /// Time spent generating.
    spent: Duration,
}

enum Kind {
    Samples(Vec<Sample>),
    Beams(Box<BeamSearch>),
}

/// A run, which stays when it is finished: one can look back at it, cut it and go on.
pub struct Run {
    kind: Kind,
    started: Instant,
}

impl Run {
    /// Reads the prompt. Returns the run and the event that shows the prompt.
    ///
    /// # Errors
    /// When the prompt or a setting is unfit, the model fails, or with [`DecodingError::Cancelled`].
    pub fn start(
        loaded: &LoadedModel,
        request: &GenerateRequest,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Self, Vec<TokenRecord>), DecodingError> {
        let first = Generation::new(
            loaded,
            &request.prompt,
            &request.sampler,
            &request.generation,
            request.prompt_odds,
            cancelled,
        )?;
        let prompt = first.sequence().records().to_vec();
        check_room(&first, request)?;
        let kind = if request.sampler.method == Method::Beam {
            Kind::Beams(Box::new(BeamSearch::new(first)))
        } else {
            let seed = request.generation.seed;
            let mut generations = Vec::with_capacity(request.samples);
            for index in 1..request.samples {
                if cancelled() {
                    return Err(DecodingError::Cancelled);
                }
                generations.push(first.with_seed(loaded, seed.wrapping_add(index as u64))?);
            }
            generations.insert(0, first);
            let fresh = |generation| Sample {
                generation,
                stopped: false,
                spent: Duration::ZERO,
            };
            Kind::Samples(generations.into_iter().map(fresh).collect())
        };
        let run = Self {
            kind,
            started: Instant::now(),
        };
        Ok((run, prompt))
    }

    /// A finished run of a text that came from elsewhere.
    pub fn of(generation: Generation) -> Self {
        Self {
            kind: Kind::Samples(vec![Sample {
                generation,
                stopped: true,
                spent: Duration::ZERO,
            }]),
            started: Instant::now(),
        }
    }

    /// The texts of the run: its samples, or the best beam.
    pub fn texts(&self) -> impl Iterator<Item = &Generation> {
        let (samples, best) = match &self.kind {
            Kind::Samples(samples) => (samples.as_slice(), None),
            Kind::Beams(search) => (&[][..], search.best()),
        };
        samples.iter().map(|sample| &sample.generation).chain(best)
    }

    /// The text to cut and change: none while a beam search or several samples go on.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn text_mut(&mut self) -> Result<&mut Generation, TextsError> {
        match &mut self.kind {
            Kind::Samples(samples) => match samples.as_mut_slice() {
                [sample] => Ok(&mut sample.generation),
                _ => Err(TextsError::Several),
            },
            Kind::Beams(_) => Err(TextsError::Searching),
        }
    }

    /// Makes one of several samples the only one. Returns the others.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn select(&mut self, sample: usize) -> Result<Vec<Generation>, TextsError> {
        let Kind::Samples(samples) = &mut self.kind else {
            return Err(TextsError::NoSamples);
        };
        if sample >= samples.len() {
            return Err(TextsError::NoSuchSample);
        }
        let chosen = samples.remove(sample);
        let others = std::mem::replace(samples, vec![chosen]);
        Ok(others.into_iter().map(|other| other.generation).collect())
    }

    /// The text to look at: a sample, or the best beam.
    pub fn shown_mut(&mut self, sample: usize) -> Option<&mut Generation> {
        match &mut self.kind {
            Kind::Samples(samples) => samples.get_mut(sample).map(|one| &mut one.generation),
            Kind::Beams(search) => search.best_mut(),
        }
    }

    /// Lets stopped texts go on.
    pub fn revive(&mut self) {
        if let Kind::Samples(samples) = &mut self.kind {
            for sample in samples {
                sample.stopped = false;
                sample.generation.extend();
            }
        }
    }

    /// From the next token on, samples with `sampler` and the draws of the settings' seed (of the seeds that follow it, for
    /// the samples after the first), and ends by those settings. A beam search keeps its own.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn set_sampler(
        &mut self,
        loaded: &LoadedModel,
        sampler: &SamplerSettings,
        settings: &GenerationSettings,
    ) -> Result<(), DecodingError> {
        if let Kind::Samples(samples) = &mut self.kind {
            for (index, sample) in samples.iter_mut().enumerate() {
                let seed = settings.seed.wrapping_add(index as u64);
                sample.generation.set_sampler(loaded, sampler, seed)?;
                sample.generation.set_ending(settings);
            }
        }
        Ok(())
    }

    /// Generates one token of every text that goes on. Returns the events it brought, and whether all texts ended.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub fn step(
        &mut self,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Vec<Event>, bool), DecodingError> {
        match &mut self.kind {
            Kind::Samples(samples) => step_samples(loaded, samples, cancelled),
            Kind::Beams(search) => {
                let step = search.step(loaded, cancelled)?;
                let mut events: Vec<_> = step.slide.map(slid).into_iter().collect();
                events.push(Event::Beams { beams: step.beams });
                if step.done {
                    events.extend(self.settle_beams(&StopReason::MaxTokens));
                }
                Ok((events, step.done))
            }
        }
    }

    /// Ends every text that goes on. Returns the events that say so.
    pub fn end(&mut self, reason: &StopReason) -> Vec<Event> {
        match &mut self.kind {
            Kind::Beams(_) => self.settle_beams(reason),
            Kind::Samples(samples) => samples
                .iter_mut()
                .enumerate()
                .filter(|(_, sample)| !sample.stopped)
                .map(|(index, sample)| {
                    sample.stopped = true;
                    finished(index, sample, reason.clone())
                })
                .collect(),
        }
    }

    /// Ends a beam search: its best beam becomes the text. `reason` holds for beams that still grew.
    fn settle_beams(&mut self, reason: &StopReason) -> Vec<Event> {
        let kind = std::mem::replace(&mut self.kind, Kind::Samples(Vec::new()));
        let Kind::Beams(search) = kind else {
            self.kind = kind;
            return Vec::new();
        };
        let Some((generation, ended)) = search.into_best() else {
            return Vec::new();
        };
        let sample = Sample {
            generation,
            stopped: true,
            spent: self.started.elapsed(),
        };
        let generation = &sample.generation;
        let records = &generation.sequence().records()[generation.prompt_len()..];
        let mut events: Vec<_> = records
            .iter()
            .map(|record| Event::Token {
                sample: 0,
                record: record.clone(),
            })
            .collect();
        events.push(finished(
            0,
            &sample,
            ended.unwrap_or_else(|| reason.clone()),
        ));
        self.kind = Kind::Samples(vec![sample]);
        events
    }
}

/// Whether there is memory for all texts of a run at their full length.
fn check_room(first: &Generation, request: &GenerateRequest) -> Result<(), DecodingError> {
    let texts = match request.sampler.method {
        // While they are extended, beams are there twice.
        Method::Beam => request.sampler.num_beams.saturating_mul(2),
        _ => request.samples,
    };
    let sequence = first.sequence();
    let each = sequence.bytes_at(sequence.len().saturating_add(request.generation.max_tokens));
    let (Some(left), 2..) = (sequence.memory_left(), texts) else {
        return Ok(());
    };
    let needed = each.saturating_mul(texts as u64 - 1);
    if needed <= left {
        return Ok(());
    }
    let fitting = left / each.max(1) + 1;
    let way_out = match request.sampler.method {
        Method::Beam => format!("{} beams would fit", fitting / 2),
        _ => format!("{fitting} would fit"),
    };
    Err(DecodingError::Model(ModelError::NoMemory(format!(
        "{texts} texts at once take about {} of memory, {} each, but {} are left: {way_out}",
        bytes_text(needed),
        bytes_text(each),
        bytes_text(left),
    ))))
}

fn step_samples(
    loaded: &LoadedModel,
    samples: &mut [Sample],
    cancelled: &dyn Fn() -> bool,
) -> Result<(Vec<Event>, bool), DecodingError> {
    let begun = Instant::now();
    let mut going: Vec<(usize, &mut Sample)> = samples
        .iter_mut()
        .enumerate()
        .filter(|(_, sample)| !sample.stopped)
        .collect();
    let outcomes = match going.as_mut_slice() {
        [(_, sample)] => vec![sample.generation.step(loaded, cancelled)?],
        several => {
            let mut generations: Vec<_> = several
                .iter_mut()
                .map(|(_, sample)| &mut sample.generation)
                .collect();
            batch::step(loaded, &mut generations, cancelled)?
        }
    };
    let spent = begun.elapsed();
    let mut events = Vec::new();
    for ((index, sample), outcome) in going.into_iter().zip(outcomes) {
        sample.spent += spent;
        events.extend(outcome.slide.map(slid));
        events.push(Event::Token {
            sample: index,
            record: outcome.record,
        });
        if let Some(reason) = outcome.stop {
            sample.stopped = true;
            events.push(finished(index, sample, reason));
        }
    }
    Ok((events, samples.iter().all(|sample| sample.stopped)))
}

fn slid(slide: Slide) -> Event {
    Event::Slid {
        kept: slide.kept,
        dropped: slide.dropped,
    }
}

fn finished(index: usize, sample: &Sample, reason: StopReason) -> Event {
    Event::Finished {
        sample: index,
        reason,
        tokens: sample.generation.generated(),
        seconds: sample.spent.as_secs_f64(),
    }
}

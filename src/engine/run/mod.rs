//! The texts of a run: one generation, several side by side, or a beam search.

mod room;
mod sample;
mod step;

use std::iter;
use std::time::Duration;

use self::sample::Sample;
use super::error::TextsError;
use super::{Event, GenerateRequest, LanesRequest, PromptsRequest};
use crate::decoding::{
    DecodingError, Generation, GenerationSettings, LaneSettings, StopReason, TokenRecord,
    read_prompts,
};
use crate::model::LoadedModel;
use crate::sampling::{Method, SamplerSettings};

/// A run, which stays when it is finished: one can look back at it, cut it and go on.
pub struct Run {
    samples: Vec<Sample>,
    /// Whether each text has settings of its own.
    lanes: bool,
}

impl Run {
    /// Reads the prompt. Returns the run and the tokens of the prompt.
    ///
    /// # Errors
    /// When the prompt or a setting is unfit, the model fails, or with [`DecodingError::Cancelled`].
    pub fn start(
        loaded: &LoadedModel,
        request: &GenerateRequest,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Self, Vec<TokenRecord>), DecodingError> {
        let samples = match request.sampler.method {
            Method::Beam => 1,
            _ => request.samples.max(1),
        };
        let seed = request.generation.seed;
        let lanes: Vec<_> = (0..samples as u64)
            .map(|index| (&request.sampler, seed.wrapping_add(index)))
            .collect();
        let (prompt, settings) = (&request.prompt, &request.generation);
        Self::begin(
            loaded,
            (prompt, settings, request.prompt_odds),
            &lanes,
            false,
            cancelled,
        )
    }

    /// As [`Self::start`], for texts that are drawn each in its own way.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_lanes(
        loaded: &LoadedModel,
        request: &LanesRequest,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Self, Vec<TokenRecord>), DecodingError> {
        let lanes: Vec<_> = request
            .lanes
            .iter()
            .map(|lane| (&lane.sampler, lane.seed))
            .collect();
        let (prompt, settings) = (&request.prompt, &request.generation);
        Self::begin(
            loaded,
            (prompt, settings, request.prompt_odds),
            &lanes,
            true,
            cancelled,
        )
    }

    /// Reads the prompt once for all of `drawn`.
    fn begin(
        loaded: &LoadedModel,
        (prompt, settings, odds): (&str, &GenerationSettings, bool),
        drawn: &[(&SamplerSettings, u64)],
        lanes: bool,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Self, Vec<TokenRecord>), DecodingError> {
        let Some((&(sampler, seed), others)) = drawn.split_first() else {
            return Err(DecodingError::NoLanes);
        };
        let settings = GenerationSettings {
            seed,
            ..settings.clone()
        };
        let mut first = Generation::new(loaded, prompt, sampler, &settings, odds, cancelled)?;
        let prompt = first.sequence().records().to_vec();
        room::check(&first, drawn.iter().map(|(sampler, _)| (*sampler, 1)))?;
        let mut generations = Vec::with_capacity(drawn.len());
        for (sampler, seed) in others {
            if cancelled() {
                return Err(DecodingError::Cancelled);
            }
            generations.push(first.beside(loaded, sampler, *seed)?);
        }
        let samples = iter::once(first).chain(generations);
        let run = Self {
            samples: samples.map(Sample::fresh).collect(),
            lanes,
        };
        Ok((run, prompt))
    }

    /// Reads several prompts together, each once for all texts that go on with it.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_prompts(
        loaded: &LoadedModel,
        request: &PromptsRequest,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, DecodingError> {
        let prompts = request.prompts.iter().map(|one| one.prompt.as_str());
        let read = read_prompts(loaded, prompts, cancelled)?;
        let (sampler, odds) = (&request.sampler, request.prompt_odds);
        let counts = request.prompts.iter().map(|one| one.samples.max(1));
        let all = counts.fold(0, usize::saturating_add);
        let mut samples = Vec::new();
        for (sequence, prompted) in read.into_iter().zip(&request.prompts) {
            let settings = GenerationSettings {
                seed: prompted.seed,
                ..request.generation.clone()
            };
            let mut first =
                Generation::after(loaded, sequence, sampler, &settings, odds, cancelled)?;
            room::check(&first, [(sampler, all - samples.len())])?;
            let beside = (1..prompted.samples as u64).map(|nth| {
                if cancelled() {
                    return Err(DecodingError::Cancelled);
                }
                first.beside(loaded, sampler, prompted.seed.wrapping_add(nth))
            });
            let beside = beside.collect::<Result<Vec<_>, _>>()?;
            samples.push(Sample::fresh(first));
            samples.extend(beside.into_iter().map(Sample::fresh));
        }
        Ok(Self {
            samples,
            lanes: false,
        })
    }

    /// A finished run of a text that came from elsewhere.
    pub fn of(generation: Generation) -> Self {
        Self {
            samples: vec![Sample::ended(generation, Duration::ZERO)],
            lanes: false,
        }
    }

    /// The texts of the run; of one that is searched for, the best beam.
    pub fn texts(&self) -> impl Iterator<Item = &Generation> {
        self.samples.iter().filter_map(Sample::generation)
    }

    /// The text to cut and change: none while a beam search or several samples go on.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn text_mut(&mut self) -> Result<&mut Generation, TextsError> {
        match self.samples.as_mut_slice() {
            [sample] => sample.growing_mut().ok_or(TextsError::Searching),
            _ => Err(TextsError::Several),
        }
    }

    /// Makes one of several samples the only one. Returns the others.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn select(&mut self, sample: usize) -> Result<Vec<Generation>, TextsError> {
        let chosen = self.samples.get_mut(sample);
        let chosen = chosen.ok_or(TextsError::NoSuchSample)?;
        if chosen.growing_mut().is_none() {
            return Err(TextsError::NoSamples);
        }
        let chosen = self.samples.remove(sample);
        let others = std::mem::replace(&mut self.samples, vec![chosen]);
        self.lanes = false;
        Ok(others
            .into_iter()
            .filter_map(Sample::into_generation)
            .collect())
    }

    /// The text to look at: a sample, or the best beam.
    pub fn shown_mut(&mut self, sample: usize) -> Option<&mut Generation> {
        self.samples.get_mut(sample)?.generation_mut()
    }

    /// Lets stopped texts go on.
    pub fn revive(&mut self) {
        for sample in &mut self.samples {
            if let Some(generation) = sample.growing_mut() {
                generation.extend();
                sample.stopped = false;
            }
        }
    }

    /// From the next token on, samples with `sampler` and the draws of the settings' seed (of the seeds that follow it, for
    /// the samples after the first), and ends by those settings. A beam search keeps its own, and lanes keep all but the
    /// ending.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn set_sampler(
        &mut self,
        loaded: &LoadedModel,
        sampler: &SamplerSettings,
        settings: &GenerationSettings,
    ) -> Result<(), DecodingError> {
        let lanes = self.lanes;
        for (index, sample) in self.samples.iter_mut().enumerate() {
            let Some(generation) = sample.growing_mut() else {
                continue;
            };
            if !lanes {
                let seed = settings.seed.wrapping_add(index as u64);
                generation.set_sampler(loaded, sampler, seed)?;
            }
            generation.set_ending(settings);
        }
        Ok(())
    }

    /// From the next token on, draws one text in another way. Returns what it is drawn with now.
    ///
    /// # Errors
    /// When there is no such text, it is searched for, or a setting is out of range.
    pub fn set_lane(
        &mut self,
        loaded: &LoadedModel,
        sample: usize,
        lane: &LaneSettings,
    ) -> Result<(), TextsError> {
        let text = self.samples.get_mut(sample);
        let text = text.ok_or(TextsError::NoSuchSample)?;
        let generation = text.growing_mut().ok_or(TextsError::Searching)?;
        if lane.sampler.method == Method::Beam {
            return Err(TextsError::NoSearch);
        }
        generation.set_sampler(loaded, &lane.sampler, lane.seed)?;
        self.lanes = true;
        Ok(())
    }

    /// Puts another text of the same prompt beside the others, to be drawn so from its first token on. Returns which one it
    /// is.
    ///
    /// # Errors
    /// When a setting is out of range, or there is no room for another.
    pub fn add_lane(
        &mut self,
        loaded: &LoadedModel,
        lane: &LaneSettings,
    ) -> Result<usize, TextsError> {
        let first = self.samples.iter_mut().find_map(Sample::generation_mut);
        let first = first.ok_or(TextsError::NoText)?;
        room::check(first, [(&lane.sampler, 2)])?;
        let beside = first.beside(loaded, &lane.sampler, lane.seed)?;
        self.samples.push(Sample::fresh(beside));
        self.lanes = true;
        Ok(self.samples.len() - 1)
    }

    /// Takes a text away. Those after it move up.
    ///
    /// # Errors
    /// When there is no such text, or it is the only one.
    pub fn remove_lane(&mut self, sample: usize) -> Result<Option<Generation>, TextsError> {
        match self.samples.len() {
            length if sample >= length => Err(TextsError::NoSuchSample),
            1 => Err(TextsError::OnlyOne),
            _ => Ok(self.samples.remove(sample).into_generation()),
        }
    }

    /// The events that say what each text is drawn with, if each is in its own way.
    pub fn lane_events(&self) -> impl Iterator<Item = Event> {
        let samples = if self.lanes { &self.samples[..] } else { &[] };
        let first = samples.first().and_then(Sample::lane);
        samples
            .iter()
            .enumerate()
            .filter_map(move |(sample, text)| {
                let lane = text.lane()?;
                let first = first.as_ref().filter(|_| sample > 0);
                let apart = first.and_then(|first| lane.draws_as(first).err());
                Some(Event::Lane {
                    sample,
                    lane: Box::new(lane),
                    apart,
                })
            })
    }

    /// Generates one token of every text that goes on. Returns the events it brought, and whether all texts ended.
    ///
    /// # Errors
    /// When the model fails on the only text, or with [`DecodingError::Cancelled`].
    pub fn step(
        &mut self,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Vec<Event>, bool), DecodingError> {
        let events = step::step(loaded, &mut self.samples, cancelled)?;
        Ok((events, self.samples.iter().all(|sample| sample.stopped)))
    }

    /// Ends every text that goes on. Returns the events that say so.
    pub fn end(&mut self, reason: &StopReason) -> Vec<Event> {
        let samples = self.samples.iter_mut().enumerate();
        samples
            .filter(|(_, sample)| !sample.stopped)
            .flat_map(|(index, sample)| sample.end(index, reason.clone()))
            .collect()
    }
}

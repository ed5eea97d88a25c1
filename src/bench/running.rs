//! Reading prompts and generating.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use candle_core::{Error, Result};

use super::subject::tokens;
use super::{Bound, Measured, Speed, Subject, Work};
use crate::decoding::{Generation, GenerationSettings};
use crate::model::{LoadedModel, Precision, Rows};
use crate::sampling::SamplerSettings;

/// Tokens that are generated in one measurement: more on a GPU, which is done with them in no time.
const STEPS: usize = 32;
const STEPS_ON_GPU: usize = 128;
/// Tokens before them: few, and many.
const CONTEXTS: [usize; 2] = [128, 480];
const PREFILL: usize = 512;
const BATCH: usize = 8;
/// Tokens of the longest text.
const LONGEST: usize = 1024;

/// What is measured of a model in one precision, of the works that are asked for.
pub(super) fn works(
    subject: &Subject,
    precision: Precision,
    asked: &[Work],
) -> Result<Vec<(Speed, Box<dyn Measured>)>> {
    if asked.iter().all(|work| *work == Work::Train) {
        return Ok(Vec::new());
    }
    let loaded = subject.build(precision)?;
    let info = loaded.model.info();
    let Some(cost) = loaded.model.cost() else {
        candle_core::bail!(
            "what a token costs {} is not known: it is a {} model, which another library computes",
            subject.name,
            info.architecture
        );
    };
    let steps = if subject.device.is_cpu() {
        STEPS
    } else {
        STEPS_ON_GPU
    };
    let most = info.context_length;
    let weights = cost.layers.bytes + cost.head.bytes;
    let tokens = tokens(most.min(LONGEST), info.vocabulary);
    let mut works: Vec<(Speed, Box<dyn Measured>)> = Vec::new();
    let mut add = |work: Work, batch: usize, context: usize, cost: f64| {
        if !asked.contains(&work) {
            return;
        }
        let bound = match work {
            Work::Prefill | Work::First | Work::Train => Bound::Products,
            Work::Decode | Work::Generate | Work::Batch => Bound::Memory,
        };
        let speed = Speed {
            precision,
            batch,
            context,
            ..Speed::of(work, bound)
        };
        let run = Running {
            loaded: Rc::clone(&loaded),
            tokens: tokens.clone(),
            work,
            batch,
            context,
            steps,
            block: (bound == Bound::Memory).then_some(weights as usize),
            cost,
        };
        works.push((speed, Box::new(run)));
    };
    let mut contexts = CONTEXTS.map(|context| context.min(most.saturating_sub(steps)));
    if contexts[0] == contexts[1] {
        contexts[0] /= 2;
    }
    let cached = |context: usize| cost.cached_bytes(context + steps / 2);
    for context in contexts {
        add(Work::Decode, 1, context, weights + cached(context));
    }
    let [short, _] = contexts;
    add(Work::Generate, 1, short, weights + cached(short));
    let together = weights / BATCH as f64 + cached(short);
    add(Work::Batch, BATCH, short, together);
    let length = PREFILL.min(most);
    let reading = |tokens: usize| {
        let products = 2.0 * cost.layers.numbers * tokens as f64;
        products + cost.attention_operations(tokens)
    };
    add(Work::Prefill, 1, length, reading(length) / length as f64);
    let first = reading(short) + 2.0 * cost.head.numbers;
    add(Work::First, 1, short, first);
    Ok(works)
}

struct Running {
    loaded: Rc<LoadedModel>,
    tokens: Vec<u32>,
    work: Work,
    batch: usize,
    context: usize,
    steps: usize,
    block: Option<usize>,
    cost: f64,
}

impl Measured for Running {
    fn block(&self) -> Option<usize> {
        self.block
    }

    fn run(&mut self) -> Result<f64> {
        let seconds = match self.work {
            Work::Generate => self.generate()?,
            Work::Prefill => return Ok(self.context as f64 / self.read(false)?),
            Work::First => return Ok(1.0 / self.read(true)?),
            Work::Decode | Work::Batch | Work::Train => self.decode()?,
        };
        Ok((self.steps * self.batch) as f64 / seconds)
    }

    fn cost(&self) -> f64 {
        self.cost
    }
}

impl Running {
    /// Seconds in which a prompt is read, with the logits of what follows it where those are asked for.
    fn read(&self, logits: bool) -> Result<f64> {
        let model = &self.loaded.model;
        let mut cache = model.new_cache().map_err(Error::wrap)?;
        let begun = Instant::now();
        let read = model.read(&self.tokens[..self.context], &mut cache);
        let read = black_box(read.map_err(Error::wrap)?);
        if let (true, Some(last)) = (logits, read.last()) {
            let last = Rows::new(read.width(), last.to_vec());
            black_box(model.logits(&last).map_err(Error::wrap)?);
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn decode(&self) -> Result<f64> {
        let model = &self.loaded.model;
        let mut caches = Vec::new();
        for _ in 0..self.batch {
            let mut cache = model.new_cache().map_err(Error::wrap)?;
            let read = model.read(&self.tokens[..self.context], &mut cache);
            read.map_err(Error::wrap)?;
            caches.push(cache);
        }
        let mut caches: Vec<_> = caches.iter_mut().collect();
        let begun = Instant::now();
        for &token in &self.tokens[..self.steps] {
            let tokens = vec![token; self.batch];
            let hidden = model.step(&tokens, &mut caches).map_err(Error::wrap)?;
            black_box(model.logits(&hidden).map_err(Error::wrap)?);
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn generate(&self) -> Result<f64> {
        let settings = GenerationSettings {
            max_tokens: self.steps,
            stop_at_end_token: false,
            detect_loops: false,
            ..GenerationSettings::default()
        };
        // A token each in most vocabularies.
        let prompt = " the".repeat(self.context);
        let (sampler, never) = (SamplerSettings::default(), || false);
        let mut generation =
            Generation::new(&self.loaded, &prompt, &sampler, &settings, false, &never)
                .map_err(Error::wrap)?;
        let begun = Instant::now();
        for _ in 0..self.steps {
            black_box(generation.step(&self.loaded, &never).map_err(Error::wrap)?);
        }
        Ok(begun.elapsed().as_secs_f64())
    }
}

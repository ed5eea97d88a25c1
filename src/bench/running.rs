//! Reading prompts and generating.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use candle_core::{Error, Result};

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

/// What is measured of a model in one precision, of the works that are asked for.
pub(super) fn works(
    subject: &Subject,
    precision: Precision,
    asked: &[Work],
) -> Result<Vec<(Speed, Box<dyn Measured>)>> {
    if asked.iter().all(|work| *work == Work::Train) {
        return Ok(Vec::new());
    }
    let loaded = Rc::new(subject.build(precision)?);
    let steps = if subject.device.is_cpu() {
        STEPS
    } else {
        STEPS_ON_GPU
    };
    let most = subject.config.n_positions;
    let mut works: Vec<(Speed, Box<dyn Measured>)> = Vec::new();
    // 32 weights of a byte and a scale of two; or two weights to a byte, but in the head.
    let (in_blocks, in_head) = match precision {
        Precision::Q8_0 => (34.0 / 32.0, 34.0 / 32.0),
        Precision::Q4_0 => (18.0 / 32.0, 34.0 / 32.0),
        Precision::Bf16 | Precision::F16 => (2.0, 2.0),
        _ => (4.0, 4.0),
    };
    let weights = in_blocks * subject.block_numbers() + in_head * subject.head_numbers();
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
            tokens: subject.tokens(most),
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
    let in_cache = match precision {
        Precision::F32 => 4.0,
        Precision::Bf16 | Precision::F16 if subject.device.is_cpu() => 4.0,
        _ => 2.0,
    };
    let cached =
        |context: usize| in_cache * subject.cached_numbers() * (context + steps / 2) as f64;
    for context in contexts {
        add(Work::Decode, 1, context, weights + cached(context));
    }
    let [short, _] = contexts;
    add(Work::Generate, 1, short, weights + cached(short));
    let together = weights / BATCH as f64 + cached(short);
    add(Work::Batch, BATCH, short, together);
    let length = PREFILL.min(most);
    // Each position attends to half of the others on average: a product with the keys, one with the values.
    let attention = 2.0 * subject.cached_numbers() * length as f64 / 2.0;
    let operations = 2.0 * subject.block_numbers() + attention;
    add(Work::Prefill, 1, length, operations);
    let first = operations * short as f64 + 2.0 * subject.head_numbers();
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
        let prompt = "the ".repeat(self.context);
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

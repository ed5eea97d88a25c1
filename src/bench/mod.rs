//! How fast this machine runs and trains a model, beside what its memory and its multipliers allow.
//!
//! Everything is measured in turn, round after round, so that a machine whose speed drifts drifts for all alike;
//! medians are given. A limit is what one resource alone would allow: decoding reads every weight once a token, reading
//! a prompt and training multiply. How fast the machine reads is measured on a block as large as the weights, since some
//! fit a processor's cache.

mod machine;
mod running;
mod subject;
mod training;

use std::collections::HashMap;

use candle_core::Result;
use serde::Serialize;

pub use self::machine::Machine;
pub use self::subject::Subject;
use crate::kernels::Factors;
use crate::model::{Precision, card, device_name, peak, reset_peak};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// One token after another.
    Decode,
    /// The same with the sampler's chain, its trace and records, as the playground runs it.
    Generate,
    /// Several texts at once, all their tokens counted.
    Batch,
    /// Reading a prompt.
    Prefill,
    /// Reading a prompt up to the odds of what follows it: times a second.
    First,
    /// Learning: forward, backward and update.
    Train,
}

/// What holds the work up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    Memory,
    Products,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Speed {
    pub work: Work,
    /// Of the weights, or in training of what is multiplied.
    #[cfg_attr(test, schemars(with = "String"))]
    pub precision: Precision,
    /// Sequences at once.
    pub batch: usize,
    /// Tokens before the first one that is measured; in reading and training, tokens in a sequence.
    pub context: usize,
    pub tokens_per_second: f64,
    /// Tokens a second that the bound allows.
    #[serde(rename = "limit_tokens_per_second")]
    pub limit: f64,
    pub bound: Bound,
    /// Of a GPU: bytes of its memory that were in use at most, with all that was made ready for other measurements.
    #[serde(rename = "memory_bytes", skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

impl Speed {
    /// One that is not measured yet.
    fn of(work: Work, bound: Bound) -> Self {
        Self {
            work,
            precision: Precision::Auto,
            batch: 1,
            context: 0,
            tokens_per_second: 0.0,
            limit: 0.0,
            bound,
            memory: None,
        }
    }
}

/// All of it: medians over the rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub model: String,
    pub parameters: usize,
    /// `cpu`, `cuda:0`, `metal:0`.
    pub device: String,
    /// What an NVIDIA GPU is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    pub machine: Machine,
    pub speeds: Vec<Speed>,
}

/// What to measure, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    pub rounds: usize,
    /// What to measure; [`Work::Train`] also needs sizes of steps.
    pub works: Vec<Work>,
    /// The one precision to measure in, or all that the device has for [`Precision::Auto`].
    pub precision: Precision,
    /// Sequences in a step of training and the tokens in each, at most the model's context: for each size to measure.
    pub training: Vec<(usize, usize)>,
}

/// Measures. `told` is called before each piece of work with how many are done, and of how many.
///
/// # Errors
/// When the model does not fit in memory, and when `told` breaks off.
pub fn measure(
    subject: &Subject,
    plan: &Plan,
    told: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<Report> {
    let device = &subject.device;
    let mut works: Vec<(Speed, Box<dyn Measured>)> = Vec::new();
    for precision in subject.precisions(plan.precision) {
        works.extend(running::works(subject, precision, &plan.works)?);
    }
    if let (true, Some(raw)) = (plan.works.contains(&Work::Train), subject.trainable()) {
        let both = asked(plan.precision, [Precision::F32, Precision::Bf16]);
        works.extend(training::works((raw, device), &plan.training, &both)?);
    }
    let (mut machines, mut found) = (Vec::new(), vec![Vec::new(); works.len()]);
    let mut readings: HashMap<usize, Vec<f64>> = HashMap::new();
    // Each once more, since the first time does not count.
    let pieces = works.len() * (plan.rounds + 1);
    let mut done = 0;
    let mut next = || {
        done += 1;
        told(done - 1, pieces)
    };
    for round in 0..plan.rounds {
        if round == 0 {
            // What is done for the first time is slower: memory that was never used.
            for (speed, work) in &mut works {
                next()?;
                reset_peak(device);
                work.run()?;
                speed.memory = peak(device);
            }
        }
        if device.is_cpu() || round == 0 {
            machines.push(Machine::measure(device)?);
        }
        for ((_, work), found) in works.iter_mut().zip(&mut found) {
            next()?;
            if let Some(block) = work.block() {
                let read = readings.entry(block).or_default();
                if read.len() <= round {
                    read.push(machine::reading_on(device, block)?);
                }
            }
            found.push(work.run()?);
        }
    }
    let machine = Machine::median(&machines);
    let speeds = works.into_iter().zip(found).map(|((speed, work), found)| {
        let rate = match (work.block(), speed.precision) {
            (Some(block), _) => median(readings[&block].clone()),
            // A processor multiplies weights of 16 bits as f32; in training it rounds what it multiplies.
            (None, Precision::Bf16) if speed.work == Work::Train || !device.is_cpu() => {
                machine.products(Factors::Bf16)
            }
            (None, _) => machine.products(Factors::F32),
        };
        Speed {
            tokens_per_second: median(found),
            limit: rate / work.cost(),
            ..speed
        }
    });
    Ok(Report {
        model: subject.name.clone(),
        parameters: subject.parameters(),
        device: device_name(device),
        card: card(device),
        speeds: speeds.collect(),
        machine,
    })
}

/// Those of all precisions that one asks for: itself, or all for [`Precision::Auto`].
fn asked(one: Precision, all: impl IntoIterator<Item = Precision>) -> Vec<Precision> {
    let all = all.into_iter();
    all.filter(|other| [Precision::Auto, *other].contains(&one))
        .collect()
}

/// Something that is measured once a round.
trait Measured {
    /// Tokens a second, this time.
    fn run(&mut self) -> Result<f64>;

    /// Bytes that it reads over and over, where memory is its bound.
    fn block(&self) -> Option<usize>;

    /// What a token costs of the resource that is its bound: bytes or floating-point operations.
    fn cost(&self) -> f64;
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! How long a step of a run takes here, found by making one.

use std::time::Instant;

use super::Speed;
use crate::model::available_memory;
use crate::text::Tokenizer;
use crate::training::estimate::Load;
use crate::training::evaluation::{self, Studio};
use crate::training::network::{Batch, Compute, Network};
use crate::training::optimizer::Optimizer;
use crate::training::recipe::EvaluationSettings;
use crate::training::trainer::base::Base;
use crate::training::trainer::corpus::Data;
use crate::training::{Control, Recipe, TrainingError};

/// A batch that would take longer than this many seconds is not tried: its time follows from one sequence's.
const LONGEST: f64 = 3.0;
/// Tokens of the sample that is tried.
const TOKENS: usize = 8;

/// Makes one step and one short sample. Returns nothing where that would take much of the memory that is left.
pub(super) fn measure(
    recipe: &Recipe,
    (base, compute): (Base, &Compute),
    data: &Data,
    load: &Load<'_>,
    control: &Control,
) -> Result<Option<Speed>, TrainingError> {
    let left = available_memory().unwrap_or(u64::MAX);
    if load.memory().total() > left / 2 {
        return Ok(None);
    }
    let Base {
        config,
        tokenizer,
        tensors,
        ..
    } = base;
    let lora = (recipe.model.lora.rank > 0).then(|| (recipe.model.lora.clone(), recipe.run.seed));
    let mut network = Network::new(
        &config,
        recipe.model.dropout,
        compute.clone(),
        tensors,
        recipe.model.freeze,
        lora,
    )?;
    network.obey(control);
    let batches = data.training.step(0);
    let Some(batch) = batches.first() else {
        return Ok(None);
    };
    let one = first(batch);
    // Once to warm up: threads are started and memory is taken.
    timed(|| gradients(&network, &one))?;
    let (alone, _) = timed(|| gradients(&network, &one))?;
    let sequences = batch.batch as f64;
    let tried = if alone * sequences > LONGEST {
        &one
    } else {
        batch
    };
    let scale = sequences / tried.batch as f64;
    let (worked, made) = timed(|| gradients(&network, tried))?;
    let mut optimizer = Optimizer::new(
        &recipe.optimizer,
        network.parameters(),
        network.compute().kernels,
    )?;
    // A rate of nothing leaves the weights as they are, for the sample.
    let (updated, _) = timed(|| Ok(optimizer.step(network.parameters(), &made, 0.0)?))?;
    let shares = vec![0.0; tried.targets.len()];
    let (losses, _) = timed(|| Ok(network.losses(tried, &shares)?))?;
    let (copy, token) = sample(&network, &tokenizer, recipe, control)?;
    if control.is_ending() {
        return Err(TrainingError::Cancelled);
    }
    Ok(Some(Speed {
        step: worked * scale * recipe.training.accumulate as f64 + updated,
        losses: losses * scale,
        copy,
        token,
    }))
}

/// Seconds for a copy of the model, and for a token.
fn sample(
    network: &Network,
    tokenizer: &Tokenizer,
    recipe: &Recipe,
    control: &Control,
) -> Result<(f64, f64), TrainingError> {
    let (copy, studio) = timed(|| Studio::new(network, tokenizer))?;
    let mut settings: EvaluationSettings = recipe.evaluation.clone();
    settings.generation.max_tokens = TOKENS;
    settings.generation.detect_loops = false;
    settings.generation.stop_at_end_token = false;
    let prompts = [recipe
        .evaluation
        .prompts
        .first()
        .cloned()
        .unwrap_or_else(|| "a".to_owned())];
    let ending = || control.is_ending();
    let (took, _) = timed(|| evaluation::sample(&studio, &prompts, &settings, &ending))?;
    Ok((copy, took / TOKENS as f64))
}

fn gradients(
    network: &Network,
    batch: &Batch,
) -> Result<crate::training::network::Gradients, TrainingError> {
    let count = batch.targets.len();
    let shares = vec![1.0 / count.max(1) as f32; count];
    Ok(network.gradients(batch, &shares, None)?.1)
}

/// The first sequence of a batch.
fn first(batch: &Batch) -> Batch {
    let time = batch.time;
    Batch {
        batch: 1,
        time,
        inputs: batch.inputs[..time].to_vec(),
        targets: batch.targets[..time].to_vec(),
        real: batch.real[..time].to_vec(),
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T, TrainingError>) -> Result<(f64, T), TrainingError> {
    let begun = Instant::now();
    let done = work()?;
    Ok((begun.elapsed().as_secs_f64(), done))
}

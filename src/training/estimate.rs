//! How much memory a run will take, before it takes it.

use serde::{Deserialize, Serialize};

use super::ops::{Kernels, logits_at_once};
use super::{Recipe, TrainingError};
use crate::model::{Gpt2Config, available_memory, bytes_text};

/// Bytes of an `f32`.
const F32: u64 = 4;

/// About how many bytes a run takes, by what takes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub weights: u64,
    /// Of the parameters that train.
    pub gradients: u64,
    /// Its running means.
    pub optimizer: u64,
    /// What a batch leaves behind for its backward pass, and what that works on.
    pub activations: u64,
}

/// What decides how much memory a run takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    pub config: &'a Gpt2Config,
    pub recipe: &'a Recipe,
    pub kernels: Kernels,
    /// Sequences in a batch, and positions in each.
    pub batch: (usize, usize),
}

impl Memory {
    /// The most that is taken at once. A checkpoint copies the weights, when gradients and activations are gone.
    pub fn total(&self) -> u64 {
        let step = self.gradients.saturating_add(self.activations);
        self.weights
            .saturating_add(self.optimizer)
            .saturating_add(step.max(self.weights))
    }

    /// The figures for people.
    pub fn in_words(&self) -> String {
        format!(
            "about {} of memory: weights {}, gradients {}, optimizer {}, activations {}",
            bytes_text(self.total()),
            bytes_text(self.weights),
            bytes_text(self.gradients),
            bytes_text(self.optimizer),
            bytes_text(self.activations)
        )
    }
}

impl Load<'_> {
    /// The estimate.
    pub(super) fn memory(&self) -> Memory {
        let recipe = self.recipe;
        let (lora, freeze) = (&recipe.model.lora, recipe.model.freeze);
        let layers = self.config.n_layer as u64;
        let (mut weights, mut trained, mut means) = (0u64, 0u64, 0u64);
        // The blocks are alike.
        let one = Gpt2Config {
            n_layer: self.config.n_layer.min(1),
            ..self.config.clone()
        };
        for (name, shape) in one.tensors() {
            let (times, learned) = match name.starts_with("h.") {
                true => (layers, freeze.layers(layers)),
                false => (1, u64::from(freeze.trains(&name))),
            };
            let count = product(&shape);
            let (beside, learned) = match lora.rank {
                0 => (0, learned.saturating_mul(count)),
                _ => {
                    let beside = times.saturating_mul(lora.numbers_beside(&name, &shape));
                    (beside, beside)
                }
            };
            let slots = recipe.optimizer.method.of(&name, shape.len()).slots() as u64;
            weights = weights.saturating_add(times.saturating_mul(count)).saturating_add(beside);
            trained = trained.saturating_add(learned);
            means = means.saturating_add(learned.saturating_mul(slots));
        }
        // The gradients of one batch are added to those of the batches before.
        let batches = if recipe.training.accumulate > 1 { 2 } else { 1 };
        Memory {
            weights: weights.saturating_mul(F32),
            gradients: trained.saturating_mul(F32 * batches),
            optimizer: means.saturating_mul(F32),
            activations: self.activations(),
        }
    }

    fn activations(&self) -> u64 {
        let config = self.config;
        let (width, attention) = (config.n_embd as u64, config.attention_width() as u64);
        let inner = config.feed_forward_width() as u64;
        let layers = config.n_layer as u64;
        let (batch, time) = (self.batch.0 as u64, self.batch.1 as u64);
        let tokens = batch.saturating_mul(time);
        // Of each position: the sums that the norms read, what the norms made, queries, keys, values and what was
        // attended to, and both sides of the non-linearity.
        let block = 4 * width + 4 * attention + 2 * inner;
        let (block, logits) = match self.kernels {
            Kernels::Fused => (block, logits_at_once(config.vocab_size, tokens)),
            // candle keeps each step's result: those inside of norms, the weights of the attention, all logits.
            Kernels::Plain => (
                2 * block + 5 * config.n_head as u64 * time,
                tokens.saturating_mul(4 * config.vocab_size as u64),
            ),
        };
        let kept = match self.recipe.training.recompute {
            true => layers.saturating_mul(width).saturating_add(block),
            false => layers.saturating_mul(block),
        };
        // The gradients under way: of a feed-forward layer, of its input and of the sums around.
        let under_way = 2 * inner + 6 * width;
        tokens
            .saturating_mul(kept.saturating_add(under_way))
            .saturating_add(logits)
            .saturating_mul(F32)
    }

    /// # Errors
    /// When the run is known not to fit: the figures, and what would. `held`: bytes of it that this process holds
    /// already.
    pub(super) fn check(&self, held: u64) -> Result<(), TrainingError> {
        match available_memory() {
            Some(left) => self.check_against(left.saturating_add(held)),
            None => Ok(()),
        }
    }

    fn check_against(&self, available: u64) -> Result<(), TrainingError> {
        let memory = self.memory();
        if memory.total() <= available {
            return Ok(());
        }
        Err(TrainingError::NoMemory(format!(
            "the run would take {}; {} are left: {}",
            memory.in_words(),
            bytes_text(available),
            self.way_out(available)
        )))
    }

    /// The largest batch that fits, if there is one.
    fn way_out(&self, available: u64) -> String {
        let with = |batch: usize| Load {
            batch: (batch, self.batch.1),
            ..*self
        };
        let fits = |batch: usize| with(batch).memory().total() <= available;
        let (mut fitting, mut too_large) = (0, self.batch.0);
        while too_large - fitting > 1 {
            let middle = fitting + (too_large - fitting) / 2;
            match fits(middle) {
                true => fitting = middle,
                false => too_large = middle,
            }
        }
        match fitting {
            0 => "choose a smaller shape, a smaller --context, or --method sgd".to_owned(),
            fitting => format!(
                "--batch {fitting} would fit, with --accumulate {} for as many sequences a step",
                self.batch.0.div_ceil(fitting)
            ),
        }
    }
}

fn product(shape: &[usize]) -> u64 {
    let sizes = shape.iter().map(|size| *size as u64);
    sizes.fold(1, u64::saturating_mul)
}

//! How much memory a run will take, before it takes it.

use super::ops::{Kernels, logits_at_once};
use super::{Memory, Recipe, TrainingError};
use crate::model::{Gpt2Config, available_memory, bytes_text};

/// Bytes of an `f32`.
const F32: u64 = 4;

/// What a run needs beside the parts that are counted: for samples, for a checkpoint that is written, for gaps in the heap.
const BESIDE: u64 = 16 << 20;

/// What decides how much memory a run takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    pub config: &'a Gpt2Config,
    pub recipe: &'a Recipe,
    pub kernels: Kernels,
    /// Whether it takes main memory, of which it is known how much is left.
    pub on_cpu: bool,
    /// Sequences in a batch, and positions in each.
    pub batch: (usize, usize),
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
            let (times, learned) = if name.starts_with("h.") {
                (layers, freeze.layers(layers))
            } else {
                (1, u64::from(freeze.trains(&name)))
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
            weights = weights
                .saturating_add(times.saturating_mul(count))
                .saturating_add(beside);
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
        let inner = config.inner_width() as u64;
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
        let kept = if self.recipe.training.recompute {
            layers.saturating_mul(width).saturating_add(block)
        } else {
            layers.saturating_mul(block)
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
            Some(left) if self.on_cpu => {
                self.check_against(left.saturating_sub(BESIDE).saturating_add(held))
            }
            _ => Ok(()),
        }
    }

    fn check_against(&self, available: u64) -> Result<(), TrainingError> {
        let memory = self.memory();
        if memory.total() <= available {
            return Ok(());
        }
        Err(TrainingError::NoMemory(format!(
            "the run would take {}, but {} are left for it; {}",
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
            if fits(middle) {
                fitting = middle
            } else {
                too_large = middle
            }
        }
        match fitting {
            0 => "choose a smaller shape, a smaller --context, or --optimizer sgd".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::network::LoraSettings;

    fn gpt2(recipe: &Recipe, batch: usize) -> Memory {
        let config = Gpt2Config::default();
        load(&config, recipe, batch).memory()
    }

    fn load<'a>(config: &'a Gpt2Config, recipe: &'a Recipe, batch: usize) -> Load<'a> {
        Load {
            config,
            recipe,
            kernels: Kernels::Fused,
            on_cpu: true,
            batch: (batch, 1024),
        }
    }

    #[test]
    fn what_a_run_holds_is_counted() {
        let mut recipe = Recipe::default();
        let whole = gpt2(&recipe, 1);
        assert_eq!(whole.weights, 4 * 124_439_808);
        assert_eq!(whole.gradients, whole.weights);
        assert_eq!(whole.optimizer, 2 * whole.weights);
        // Of one sequence more, since the logits of both do not fit at once.
        let kept = gpt2(&recipe, 2).activations - whole.activations;
        recipe.training.recompute = true;
        let recomputed = gpt2(&recipe, 2).activations - gpt2(&recipe, 1).activations;
        assert!(recomputed < kept / 4, "{recomputed} of {kept}");
        recipe.model.lora = LoraSettings {
            rank: 8,
            ..LoraSettings::default()
        };
        // Queries, keys and values of 12 layers.
        let learned = 12 * 8 * (768 + 3 * 768);
        assert_eq!(gpt2(&recipe, 1).gradients, 4 * learned);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let recipe = Recipe::default();
        let config = Gpt2Config::default();
        let load = load(&config, &recipe, 64);
        let needed = load.memory().total();
        assert!(load.check_against(needed).is_ok());
        let error = load.check_against(needed / 2).expect_err("too much");
        let said = error.to_string();
        assert!(said.contains("but ") && said.contains("--batch "), "{said}");
        let number = said
            .split("--batch ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let fitting: usize = number
            .and_then(|number| number.parse().ok())
            .expect("a batch");
        let with = |batch| {
            Load {
                batch: (batch, 1024),
                ..load
            }
            .memory()
            .total()
        };
        assert!(with(fitting) <= needed / 2 && with(fitting + 1) > needed / 2);
        let said = load.check_against(1000).expect_err("too much").to_string();
        assert!(said.contains("a smaller shape"), "{said}");
    }

    #[test]
    fn absurd_shapes_do_not_overflow() {
        let config = Gpt2Config {
            vocab_size: 1 << 28,
            n_layer: 1 << 28,
            n_embd: 1 << 28,
            n_head: 1 << 28,
            n_inner: Some(1 << 28),
            ..Gpt2Config::default()
        };
        let recipe = Recipe::default();
        assert!(load(&config, &recipe, usize::MAX).memory().total() > u64::MAX / 2);
    }
}

//! First weights, the same on every platform for a seed.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::kernels::for_each_chunk;
use crate::model::Gpt2Config;
use crate::training::Control;
use crate::training::random::Key;

/// How weights begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initial {
    /// As GPT-2: normal with deviation 0.02; what is added to the residual stream divided by the square root of twice
    /// the number of layers; biases 0, norms 1.
    #[default]
    Gpt2,
    /// As Keras' layers: matrices Glorot uniform, embeddings uniform within 0.05; biases 0, norms 1.
    Keras,
}

/// Numbers that a thread draws at once.
const AT_ONCE: usize = 4096;

/// Where one tensor's numbers come from.
enum Source {
    Constant(f32),
    /// Normal with this deviation.
    Normal(f64),
    /// Uniform within this distance from 0.
    Uniform(f64),
}

/// The first weights of a network, by the names of [`Gpt2Config::tensors`].
pub fn initial(config: &Gpt2Config, scheme: Initial, seed: u64) -> HashMap<String, Vec<f32>> {
    initial_until(config, scheme, seed, &Control::default()).unwrap_or_default()
}

/// As [`initial`]; none if the run is to end meanwhile.
pub fn initial_until(
    config: &Gpt2Config,
    scheme: Initial,
    seed: u64,
    control: &Control,
) -> Option<HashMap<String, Vec<f32>>> {
    let seed = Key::new(seed).named("initial");
    let tensors = config.tensors().into_iter();
    let made = tensors
        .map(|(name, shape)| {
            let key = seed.named(&name);
            let mut values = vec![0.0; shape.iter().product()];
            let source = source(config, scheme, &name, &shape);
            for_each_chunk(&mut values, AT_ONCE, |index, chunk| {
                if control.is_ending() {
                    return;
                }
                for (offset, value) in chunk.iter_mut().enumerate() {
                    let at = (index * AT_ONCE + offset) as u64;
                    *value = match source {
                        Source::Constant(constant) => constant,
                        Source::Normal(deviation) => (deviation * key.normal(at)) as f32,
                        Source::Uniform(limit) => (limit * (2.0 * key.unit(at) - 1.0)) as f32,
                    };
                }
            });
            (name, values)
        })
        .take_while(|_| !control.is_ending())
        .collect();
    (!control.is_ending()).then_some(made)
}

fn source(config: &Gpt2Config, scheme: Initial, name: &str, shape: &[usize]) -> Source {
    if let [_] = shape {
        let norm = name.contains("ln_") && name.ends_with("weight");
        return Source::Constant(f32::from(u8::from(norm)));
    }
    match scheme {
        Initial::Gpt2 if name.ends_with("c_proj.weight") => {
            Source::Normal(0.02 / (2.0 * config.n_layer as f64).sqrt())
        }
        Initial::Gpt2 => Source::Normal(0.02),
        Initial::Keras if name.starts_with("wte") || name.starts_with("wpe") => {
            Source::Uniform(0.05)
        }
        Initial::Keras => {
            // Keras' attention holds queries, keys and values as three kernels of (width, heads, head width), of
            // which its `compute_fans` takes the first axis for a receptive field.
            let fans = if name.ends_with("c_attn.weight") {
                config.n_embd * (config.n_head + config.head_width())
            } else {
                shape.iter().sum::<usize>()
            };
            Source::Uniform((6.0 / fans as f64).sqrt())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_spread_of_their_scheme() {
        let config = Gpt2Config {
            vocab_size: 300,
            n_positions: 20,
            n_embd: 64,
            n_layer: 2,
            n_head: 4,
            ..Gpt2Config::default()
        };
        let spread = |scheme, name: &str| {
            let weights = &initial(&config, scheme, 1)[name];
            let square: f32 = weights.iter().map(|x| x * x).sum();
            f64::from(square / weights.len() as f32).sqrt()
        };
        let near = |found: f64, expected: f64| {
            assert!(
                (found / expected - 1.0).abs() < 0.05,
                "{found}, not {expected}"
            );
        };
        near(spread(Initial::Gpt2, "wte.weight"), 0.02);
        near(spread(Initial::Gpt2, "h.1.mlp.c_proj.weight"), 0.01);
        near(spread(Initial::Gpt2, "ln_f.weight"), 1.0);
        // A uniform number's deviation is its limit over the square root of 3.
        near(spread(Initial::Keras, "wpe.weight"), 0.05 / 3f64.sqrt());
        near(
            spread(Initial::Keras, "h.0.mlp.c_fc.weight"),
            (2.0f64 / (64.0 + 256.0)).sqrt(),
        );
        near(
            spread(Initial::Keras, "h.0.attn.c_attn.weight"),
            (2.0f64 / (64.0 * 20.0)).sqrt(),
        );
        assert_eq!(spread(Initial::Keras, "h.0.mlp.c_fc.bias"), 0.0);
    }

    #[test]
    fn weights_of_a_run_that_is_to_end_are_not_made() {
        let control = Control::default();
        control.stop();
        let config = Gpt2Config {
            n_layer: 1,
            ..Gpt2Config::default()
        };
        assert!(initial_until(&config, Initial::Gpt2, 1, &control).is_none());
    }
}

//! Rotary position embedding (Su et al. 2021): pairs of numbers in queries and keys are turned by an angle that grows
//! with the position, each pair at its own speed.

use std::f64::consts::PI;

use candle_core::{Device, Result, Tensor};
use candle_nn::rotary_emb::rope_thd;

use crate::model::network::linear::Storage;

/// How speeds differ from those that the model was first trained with, to reach longer texts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) enum Scaling {
    None,
    /// All speeds are divided by this.
    Linear(f64),
    /// Llama 3's: slow pairs are slowed by `factor`, fast ones stay, and those between are mixed. The formula is that
    /// of transformers' `_compute_llama3_parameters`.
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original_context: f64,
    },
    /// Each speed is divided by a number of its own, as GGUF files give it.
    Each(Vec<f32>),
}

/// The speeds of one model: radians a token, for half a head's width of pairs.
pub(super) struct Rope {
    speeds: Vec<f32>,
}

/// Cosines and sines `(n, head width / 2)` of the angles at `n` positions.
pub(super) struct Turns {
    cos: Tensor,
    sin: Tensor,
}

impl Rope {
    /// The speeds `theta^(-2i / head_width)`, scaled.
    pub(super) fn new(head_width: usize, theta: f64, scaling: &Scaling) -> Self {
        let speeds = (0..head_width / 2).map(|pair| {
            let speed = theta.powf(-2.0 * pair as f64 / head_width as f64);
            scaled(speed, pair, scaling) as f32
        });
        Self {
            speeds: speeds.collect(),
        }
    }

    /// The turns at some positions. Angles are products in `f32`, as transformers has them.
    pub(super) fn turns(&self, positions: &[u32], storage: &Storage) -> Result<Turns> {
        let angles: Vec<f64> = positions
            .iter()
            .flat_map(|&at| self.speeds.iter().map(move |speed| at as f32 * speed))
            .map(f64::from)
            .collect();
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| function(angle) as f32).collect();
            let shape = (positions.len(), self.speeds.len());
            Tensor::from_vec(values, shape, &Device::Cpu)?
                .to_dtype(storage.dtype)?
                .to_device(&storage.device)
        };
        Ok(Turns {
            cos: table(f64::cos)?,
            sin: table(f64::sin)?,
        })
    }
}

impl Turns {
    /// Queries or keys `(n, heads * head width)`, turned. A pair is a number of the first half of a head and its
    /// counterpart in the second.
    pub(super) fn apply(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let (n, width) = x.dims2()?;
        let x = x.reshape((1, n, heads, width / heads))?.contiguous()?;
        rope_thd(&x, &self.cos, &self.sin)?.reshape((n, width))
    }
}

fn scaled(speed: f64, pair: usize, scaling: &Scaling) -> f64 {
    match scaling {
        Scaling::None => speed,
        Scaling::Linear(factor) => speed / factor,
        Scaling::Each(factors) => speed / f64::from(factors[pair]),
        Scaling::Llama3 {
            factor,
            low_freq_factor,
            high_freq_factor,
            original_context,
        } => {
            // How many turns fit into the original context.
            let turns = original_context * speed / (2.0 * PI);
            let mix = (turns - low_freq_factor) / (high_freq_factor - low_freq_factor);
            let mix = mix.clamp(0.0, 1.0);
            (1.0 - mix) * speed / factor + mix * speed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llama3_slows_only_what_turns_slowly() {
        let scaling = Scaling::Llama3 {
            factor: 32.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context: 8192.0,
        };
        let plain = Rope::new(64, 500_000.0, &Scaling::None);
        let slowed = Rope::new(64, 500_000.0, &scaling);
        let ratio = |pair: usize| plain.speeds[pair] / slowed.speeds[pair];
        assert_eq!(ratio(0), 1.0);
        assert!((ratio(31) - 32.0).abs() < 1e-3);
        // 8192 * 500000^(-1/2) / 2 pi is 1.84 turns, between the two limits: mixed. The numbers are tested by parity.
        assert!(ratio(16) > 1.0 && ratio(16) < 32.0);
    }

    #[test]
    fn linear_is_each_with_one_number() {
        let linear = Rope::new(8, 10_000.0, &Scaling::Linear(4.0));
        let each = Rope::new(8, 10_000.0, &Scaling::Each(vec![4.0; 4]));
        assert_eq!(linear.speeds, each.speeds);
        assert_eq!(linear.speeds[0], 0.25);
    }
}

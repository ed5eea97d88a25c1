//! LoRA: beside a frozen matrix `W` two small ones learn, and the layer computes `x W + (alpha / rank) x A B` (Hu et
//! al. 2021). `A` starts at random and `B` at zero, so that at first nothing changes.

use candle_core::{Device, Result, Tensor};
use serde::{Deserialize, Serialize};

use super::Parameters;
use crate::model::Gpt2Config;
use crate::training::random::Key;

/// A matrix of each block that LoRA stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoraTarget {
    /// Queries, keys and values.
    Attention,
    /// What attention adds.
    AttentionOutput,
    /// Into the feed-forward layer.
    FeedForward,
    /// What the feed-forward layer adds.
    FeedForwardOutput,
}

impl LoraTarget {
    fn tensor(self) -> &'static str {
        match self {
            Self::Attention => "attn.c_attn",
            Self::AttentionOutput => "attn.c_proj",
            Self::FeedForward => "mlp.c_fc",
            Self::FeedForwardOutput => "mlp.c_proj",
        }
    }
}

/// What LoRA needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoraSettings {
    /// Columns of `A`; 0 switches LoRA off.
    pub rank: usize,
    /// The change is multiplied by `alpha / rank`.
    pub alpha: f64,
    pub targets: Vec<LoraTarget>,
}

impl Default for LoraSettings {
    fn default() -> Self {
        Self {
            rank: 0,
            alpha: 16.0,
            targets: vec![LoraTarget::Attention],
        }
    }
}

/// The name of the two matrices beside `layer.weight`.
fn names(layer: &str) -> [String; 2] {
    ["a", "b"].map(|part| format!("{layer}.lora_{part}"))
}

impl LoraSettings {
    /// How many numbers learn beside the matrix of this name and shape.
    pub(in crate::training) fn numbers_beside(&self, name: &str, shape: &[usize]) -> u64 {
        let is_target =
            |target: &LoraTarget| name.ends_with(&format!("{}.weight", target.tensor()));
        if self.targets.iter().any(is_target) {
            (shape.iter().sum::<usize>() as u64).saturating_mul(self.rank as u64)
        } else {
            0
        }
    }

    /// Adds the small matrices to the parameters. `A` is uniform within `1 / sqrt(rows)`, as PyTorch's linear layer,
    /// which the paper's own program takes over.
    pub(super) fn add(
        &self,
        config: &Gpt2Config,
        seed: u64,
        parameters: &mut Parameters,
        device: &Device,
    ) -> Result<()> {
        let seed = Key::new(seed).named("lora");
        for layer in 0..config.n_layer {
            for target in &self.targets {
                let name = format!("h.{layer}.{}", target.tensor());
                let (from, to) = parameters.tensor(&format!("{name}.weight"))?.dims2()?;
                let [a, b] = names(&name);
                let (key, limit) = (seed.named(&a), 1.0 / (from as f64).sqrt());
                let values = (0..(from * self.rank) as u64)
                    .map(|at| (limit * (2.0 * key.unit(at) - 1.0)) as f32)
                    .collect();
                parameters.push(a, values, &[from, self.rank], true, device)?;
                let zeros = vec![0.0; self.rank * to];
                parameters.push(b, zeros, &[self.rank, to], true, device)?;
            }
        }
        Ok(())
    }

    fn factor(&self) -> f64 {
        self.alpha / self.rank as f64
    }

    /// The matrices beside `layer.weight` and what their product is multiplied by, if there are any.
    pub(super) fn beside<'a>(
        &self,
        layer: &str,
        parameters: &'a Parameters,
    ) -> Option<(&'a Tensor, &'a Tensor, f64)> {
        let [a, b] = names(layer);
        Some((parameters.find(&a)?, parameters.find(&b)?, self.factor()))
    }

    /// The matrix of this name with the change added.
    pub(super) fn merge(
        &self,
        name: &str,
        base: &Tensor,
        parameters: &Parameters,
    ) -> Result<Tensor> {
        let layer = name.strip_suffix(".weight").unwrap_or(name);
        match self.beside(layer, parameters) {
            Some((a, b, factor)) => base + (a.matmul(b)? * factor)?,
            None => Ok(base.clone()),
        }
    }
}

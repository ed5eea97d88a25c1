//! A GPT-2, or its like with the norms after the sums, over whole batches and with gradients.
//!
//! Activations are rows, `(batch * time, width)`. There is no cache: all positions of all sequences are worked on at
//! once. Parameters have the names and shapes of [`Gpt2Config::tensors`], so that what was trained is what
//! [`crate::model`] loads.

mod forward;
mod gradients;
mod initial;
mod lora;
mod parameters;

use std::collections::HashMap;

use candle_core::{DType, Device, Result};
use serde::{Deserialize, Serialize};

pub use self::gradients::{Gradients, Losses};
pub use self::initial::{Initial, initial, initial_until};
pub use self::lora::{LoraSettings, LoraTarget};
pub use self::parameters::{Freeze, Parameter, Parameters};
use super::Control;
use super::ops::Kernels;
use super::recipe::Float;
use crate::kernels::Factors;
use crate::model::Gpt2Config;

/// Shares of numbers that are dropped while training, 0 to below 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DropoutRates {
    /// Of the sum of the embeddings.
    pub embedding: f64,
    /// Of the attention's weights.
    pub attention: f64,
    /// Of what attention and feed-forward add to their input.
    pub residual: f64,
}

/// How the arithmetic is done.
#[derive(Debug, Clone)]
pub struct Compute {
    pub device: Device,
    /// Of activations and products; parameters and their updates are always `f32`.
    pub dtype: DType,
    pub kernels: Kernels,
    /// What the kernels round the factors of large products to.
    pub factors: Factors,
    /// Keep only each block's input and compute the rest again in the backward pass: less memory, a third more work.
    pub recompute: bool,
}

impl Compute {
    /// What is best on a device, in `f32`.
    pub fn on(device: Device) -> Self {
        Self::in_precision(device, Float::F32, None)
    }

    /// Arithmetic of this precision on a device, by these kernels or by those that are best there.
    pub fn in_precision(device: Device, precision: Float, kernels: Option<Kernels>) -> Self {
        let kernels = kernels.unwrap_or(Kernels::best_for(&device));
        let (dtype, factors) = match (precision, kernels) {
            (Float::F32, _) => (DType::F32, Factors::F32),
            (Float::Bf16, Kernels::Fused) if device.is_cpu() => (DType::F32, Factors::Bf16),
            (Float::Bf16, _) => (DType::BF16, Factors::F32),
        };
        Self {
            device,
            dtype,
            kernels,
            factors,
            recompute: false,
        }
    }
}

/// Sequences of equal length, each position with what should follow it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Number of sequences.
    pub batch: usize,
    /// Positions in each.
    pub time: usize,
    /// `batch * time` tokens, sequence after sequence.
    pub inputs: Vec<u32>,
    /// The token after each.
    pub targets: Vec<u32>,
    /// Whether each target is text and not padding.
    pub real: Vec<bool>,
}

impl Batch {
    /// How many targets are text.
    pub fn real_targets(&self) -> usize {
        self.real.iter().filter(|real| **real).count()
    }
}

/// A network in training.
pub struct Network {
    config: Gpt2Config,
    dropout: DropoutRates,
    compute: Compute,
    parameters: Parameters,
    lora: Option<LoraSettings>,
    /// What ends the work on gradients before its time.
    control: Control,
}

impl Network {
    /// A network of these weights, by the names of [`Gpt2Config::tensors`]. `freeze` says which of them stay as they
    /// are; with `lora` all do, and small matrices beside them learn instead, seeded by `seed`.
    ///
    /// # Errors
    /// When a tensor is missing or of another size, or the device has no room.
    pub fn new(
        config: &Gpt2Config,
        dropout: DropoutRates,
        compute: Compute,
        mut tensors: HashMap<String, Vec<f32>>,
        freeze: Freeze,
        lora: Option<(LoraSettings, u64)>,
    ) -> Result<Self> {
        let mut parameters = Parameters::default();
        for (name, shape) in config.tensors() {
            let Some(values) = tensors.remove(&name) else {
                candle_core::bail!("the weights lack `{name}`");
            };
            if values.len() != shape.iter().product::<usize>() {
                candle_core::bail!("`{name}` has {} numbers, not {shape:?}", values.len());
            }
            let trains = lora.is_none() && freeze.trains(&name);
            parameters.push(name, values, &shape, trains, &compute.device)?;
        }
        if let Some((settings, seed)) = &lora {
            settings.add(config, *seed, &mut parameters, &compute.device)?;
        }
        Ok(Self {
            config: config.clone(),
            dropout,
            compute,
            parameters,
            lora: lora.map(|(settings, _)| settings),
            control: Control::default(),
        })
    }

    /// From now on gradients are no longer worked on once a run is to end.
    pub fn obey(&mut self, control: &Control) {
        self.control = control.clone();
    }

    /// The shape.
    pub fn config(&self) -> &Gpt2Config {
        &self.config
    }

    /// Its parameters, those that train and those that do not.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Where and how it computes.
    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// Changes what factors of products are rounded to from now on.
    pub fn set_factors(&mut self, factors: Factors) {
        self.compute.factors = factors;
    }

    /// The weights as they stand, by the names of [`Gpt2Config::tensors`]; LoRA's matrices are merged in.
    ///
    /// # Errors
    /// When the device fails.
    pub fn weights(&self) -> Result<HashMap<String, Vec<f32>>> {
        let mut weights = HashMap::new();
        for (name, _) in self.config.tensors() {
            let base = self.parameters.tensor(&name)?;
            let merged = match &self.lora {
                Some(lora) => lora.merge(&name, base, &self.parameters)?,
                None => base.clone(),
            };
            weights.insert(name, super::ops::host(&merged)?);
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests;

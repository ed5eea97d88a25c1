//! Operations with gradients, each in two forms: plain candle operations, which keep their gradients and run on every
//! device, and kernels with a backward written by hand, for the tape of a [`Pass`]: for `f32` on the CPU, and for NVIDIA
//! cards. The plain form is the reference that the kernels are tested against.
//!
//! Every sum is taken in an order that does not depend on the number of threads.

mod attention;
mod bias_activation;
#[cfg(feature = "cuda")]
mod card;
mod cast;
mod dropout;
mod embedding;
mod head_loss;
mod layer_norm;
mod numbers;
mod pass;
mod product;
mod rule;
mod shape;
mod sum;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use attention::attention;
pub use bias_activation::bias_activation;
pub use cast::cast;
pub use dropout::dropout;
pub use embedding::embedding;
pub use head_loss::head_loss;
pub(super) use head_loss::logits_at_once;
pub use layer_norm::layer_norm;
pub(super) use numbers::{Numbers, host};
pub use pass::Pass;
pub use product::product;
pub use rule::Dropout;
pub use shape::{AttentionShape, RowLosses};
pub use sum::sum;

/// Which form of the operations is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernels {
    /// candle's operations: every device and number type.
    Plain,
    /// Kernels of our own: `f32` on the CPU, that and brain floats on NVIDIA cards.
    Fused,
}

impl Kernels {
    /// What is best on a device.
    pub fn best_for(device: &Device) -> Self {
        match device {
            Device::Cpu | Device::Cuda(_) => Self::Fused,
            Device::Metal(_) => Self::Plain,
        }
    }
}

/// Adds a vector to every row.
pub(super) fn plain_bias(x: &Tensor, bias: &Tensor) -> candle_core::Result<Tensor> {
    x.broadcast_add(&bias.to_dtype(x.dtype())?)
}

#[cfg(test)]
pub(super) mod testing {
    //! Holding a kernel against the plain form: values and gradients.

    use candle_core::{Device, Result, Tensor, Var};

    use super::{Kernels, Pass};
    use crate::training::random::Key;

    /// A tensor of normal numbers that is the same in every run.
    pub fn normal(seed: u64, shape: &[usize]) -> Result<Tensor> {
        let key = Key::new(seed);
        let length = shape.iter().product::<usize>() as u64;
        let numbers: Vec<f32> = (0..length).map(|at| key.normal(at) as f32).collect();
        Tensor::from_vec(numbers, shape, &Device::Cpu)
    }

    /// The largest difference between the two forms of `op` in its value and in the gradient of each input, under a
    /// random weighting of the outputs.
    pub fn difference(
        inputs: &[Tensor],
        op: impl Fn(&Pass, &[Tensor]) -> Result<Tensor>,
    ) -> Result<f32> {
        let run = |kernels| -> Result<Vec<Tensor>> {
            let inputs = inputs
                .iter()
                .map(Var::from_tensor)
                .collect::<Result<Vec<_>>>()?;
            let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
            let pass = Pass::new(kernels, true);
            let value = op(&pass, &tensors)?;
            let weighting = normal(99, value.dims())?;
            let gradients = pass.backward(&value, Some(&weighting))?;
            let mut all = vec![value.detach()];
            for input in &inputs {
                all.push(match gradients.get(input) {
                    Some(gradient) => gradient.clone(),
                    None => candle_core::bail!("an input received no gradient"),
                });
            }
            Ok(all)
        };
        let mut most = 0f32;
        for (plain, fused) in run(Kernels::Plain)?.iter().zip(run(Kernels::Fused)?) {
            let difference = (plain - fused)?.abs()?.flatten_all()?.to_vec1::<f32>()?;
            for value in difference {
                // Not `max`, which would hide a NaN.
                most = if value <= most { most } else { value };
            }
        }
        Ok(most)
    }
}

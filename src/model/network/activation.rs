//! The non-linearities that models of the family have.

use candle_core::{DType, Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::kernels::GeluTanh;

/// The non-linearity of the feed-forward layers, under the names that transformers has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`, GPT-2's own.
    #[serde(
        rename = "gelu_new",
        alias = "gelu_pytorch_tanh",
        alias = "gelu_fast",
        alias = "gelu_accurate",
        alias = "gelu_python_tanh"
    )]
    GeluTanh,
    /// `x / 2 * (1 + erf(x / sqrt(2)))`.
    #[serde(rename = "gelu", alias = "gelu_python")]
    GeluErf,
    /// `x * sigmoid(1.702 x)`.
    #[serde(rename = "quick_gelu")]
    QuickGelu,
    #[serde(rename = "relu")]
    Relu,
    /// `x * sigmoid(x)`.
    #[serde(rename = "silu", alias = "swish")]
    Silu,
    #[serde(rename = "tanh")]
    Tanh,
}

impl Activation {
    /// Its name among the kernels for cards.
    #[cfg(feature = "cuda")]
    pub(crate) fn code(self) -> crate::kernels::cuda::Code {
        use crate::kernels::cuda::Code;
        match self {
            Self::GeluTanh => Code::GeluTanh,
            Self::GeluErf => Code::GeluErf,
            Self::QuickGelu => Code::QuickGelu,
            Self::Relu => Code::Relu,
            Self::Silu => Code::Silu,
            Self::Tanh => Code::Tanh,
        }
    }

    /// The function of every number of a contiguous tensor.
    ///
    /// # Errors
    /// When the device fails.
    pub(in crate::model) fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::GeluTanh if x.device().is_cpu() && x.dtype() == DType::F32 => {
                x.apply_op1_no_bwd(&GeluTanh)
            }
            Self::GeluTanh => x.gelu(),
            Self::GeluErf => x.gelu_erf(),
            Self::QuickGelu => x * candle_nn::ops::sigmoid(&(x * 1.702)?)?,
            Self::Relu => x.relu(),
            Self::Silu => x.silu(),
            Self::Tanh => x.tanh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// Values of `torch` 2.15 for -2, -0.5, 0 and 1.5.
    #[test]
    fn each_function_is_that_of_its_name() -> Result<()> {
        let x = Tensor::new(&[-2f32, -0.5, 0.0, 1.5], &Device::Cpu)?;
        for (name, expected) in [
            ("gelu_new", [-0.0454023, -0.154286, 0.0, 1.3995716]),
            ("gelu", [-0.0455003, -0.1542688, 0.0, 1.3997892]),
            ("quick_gelu", [-0.0643414, -0.1496116, 0.0, 1.3916622]),
            ("relu", [0.0, 0.0, 0.0, 1.5]),
            ("silu", [-0.2384058, -0.1887703, 0.0, 1.2263617]),
            ("tanh", [-0.9640276, -0.4621172, 0.0, 0.9051483]),
        ] {
            let activation: Activation =
                serde_json::from_value(name.into()).map_err(candle_core::Error::wrap)?;
            for (ours, expected) in activation.apply(&x)?.to_vec1::<f32>()?.iter().zip(expected) {
                assert!(
                    (ours - expected).abs() < 1e-6,
                    "{name}: {ours} and not {expected}"
                );
            }
        }
        Ok(())
    }
}

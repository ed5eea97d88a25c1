//! The feed-forward part of a layer: through a wider space and back, plain or gated (Shazeer 2020).

use candle_core::{DType, Result as CandleResult, Tensor};

use super::Activation;
use super::cost::Held;
use super::linear::{Linear, Storage};
use super::tensors::{Name, Part, Tensors};
use crate::kernels::SwiGlu;
use crate::model::ModelError;

/// The parts that a feed-forward part's matrices are: of a layer, of one expert, or of the shared one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) gate: Name,
    pub(super) up: Name,
    pub(super) down: Name,
    /// Gate and up as one matrix, where a file has them so.
    pub(super) fused: Option<Name>,
}

/// Of what size it is, and how it is made up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) inner: usize,
    pub(super) gated: bool,
    pub(super) bias: bool,
    pub(super) activation: Activation,
    /// See [`super::description::MixtureFacts::clamped`].
    pub(super) clamped: Option<f64>,
}

/// A feed-forward part.
pub(super) struct FeedForward {
    inward: Inward,
    activation: Activation,
    clamped: Option<f64>,
    down: Linear,
}

enum Inward {
    Plain(Linear),
    Gated { gate: Linear, up: Linear },
    Fused { both: Linear, inner: usize },
}

impl Parts {
    /// Those of a layer without experts.
    pub(super) fn of_layer(layer: usize) -> Self {
        Self {
            gate: Part::Gate.of(layer),
            up: Part::Up.of(layer),
            down: Part::Down.of(layer),
            fused: Some(Part::GateUp.of(layer)),
        }
    }
}

impl FeedForward {
    pub(super) fn load(
        parts: Parts,
        shape: Shape,
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let Shape { width, inner, .. } = shape;
        let fused = parts
            .fused
            .filter(|fused| shape.gated && tensors.has(*fused));
        let mut linear = |name: Name, from: usize, to: usize| {
            Linear::load(name, [to, from], shape.bias, storage, tensors)
        };
        let inward = match fused {
            _ if !shape.gated => Inward::Plain(linear(parts.up, width, inner)?),
            Some(fused) => Inward::Fused {
                both: linear(fused, width, 2 * inner)?,
                inner,
            },
            None => Inward::Gated {
                gate: linear(parts.gate, width, inner)?,
                up: linear(parts.up, width, inner)?,
            },
        };
        let down = linear(parts.down, inner, width)?;
        Ok(Self {
            inward,
            activation: shape.activation,
            clamped: shape.clamped,
            down,
        })
    }

    /// Its matrices.
    pub(super) fn held(&self) -> Held {
        let inward = match &self.inward {
            Inward::Plain(up) => up.held(),
            Inward::Gated { gate, up } => gate.held() + up.held(),
            Inward::Fused { both, .. } => both.held(),
        };
        inward + self.down.held()
    }

    /// `(n, width)` to the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        let (gate, up) = match &self.inward {
            Inward::Plain(up) => {
                return self.down.forward(&up.forward_to(x, self.activation)?);
            }
            Inward::Gated { gate, up } => (gate.forward(x)?, up.forward(x)?),
            Inward::Fused { both, inner } => {
                let both = both.forward(x)?;
                (both.narrow(1, 0, *inner)?, both.narrow(1, *inner, *inner)?)
            }
        };
        self.down.forward(&self.gated(&gate, &up)?)
    }

    fn gated(&self, gate: &Tensor, up: &Tensor) -> CandleResult<Tensor> {
        if let Some(limit) = self.clamped {
            let gate = gate.contiguous()?.minimum(limit)?;
            let up = up.contiguous()?.clamp(-limit, limit)?;
            return Activation::QuickGelu.apply(&gate)? * (up + 1.0)?;
        }
        #[cfg(feature = "cuda")]
        if self.activation == Activation::Silu && gate.device().is_cuda() {
            return crate::kernels::cuda::swiglu(&gate.contiguous()?, &up.contiguous()?);
        }
        let on_cpu = gate.device().is_cpu() && gate.dtype() == DType::F32;
        match self.activation {
            Activation::Silu if on_cpu => gate
                .contiguous()?
                .apply_op2_no_bwd(&up.contiguous()?, &SwiGlu),
            activation => activation.apply(&gate.contiguous()?)? * up,
        }
    }
}

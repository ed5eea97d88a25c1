//! Norms.

use candle_core::{DType, Device, Result as CandleResult, Tensor};

use super::dense::vector;
use super::description::{Description, HeadNorm, NormKind};
use super::linear::Storage;
use super::tensors::{Name, Tensors};
use crate::kernels::{LayerNorm, RmsNorm};
use crate::model::ModelError;

/// A norm of rows.
pub(super) struct Norm {
    kind: NormKind,
    weight: Tensor,
    /// Layer norm's; zeros where the model has none.
    bias: Option<Tensor>,
    epsilon: f32,
    /// What each number of all heads is multiplied by, where heads have weights of their own: `(1, heads * width)`.
    by_head: Option<Tensor>,
}

impl Norm {
    /// The one called `name`, of rows of `width`.
    ///
    /// # Errors
    /// When a tensor is missing or wrong.
    pub(super) fn load(
        name: Name,
        width: usize,
        description: &Description,
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let facts = &description.norm;
        let mut weight = if facts.weight {
            tensors.take(name, &[width])?
        } else {
            vec![1.0; width]
        };
        if facts.plus_one {
            weight.iter_mut().for_each(|weight| *weight += 1.0);
        }
        let bias = match facts.kind {
            NormKind::Layer if facts.bias => Some(tensors.take(name.bias(), &[width])?),
            NormKind::Layer => Some(vec![0.0; width]),
            NormKind::Rms => None,
        };
        Ok(Self {
            kind: facts.kind,
            weight: vector(weight, storage)?,
            bias: bias.map(|bias| vector(bias, storage)).transpose()?,
            epsilon: facts.epsilon as f32,
            by_head: None,
        })
    }

    /// The one called `name`, of so many heads' queries or keys.
    ///
    /// # Errors
    /// As [`Norm::load`].
    pub(super) fn of_heads(
        name: Name,
        (of, heads): (HeadNorm, usize),
        description: &Description,
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let width = description.heads.width;
        match of {
            HeadNorm::Each => Self::load(name, width, description, storage, tensors),
            HeadNorm::All => Self::load(name, heads * width, description, storage, tensors),
            HeadNorm::Own => {
                let mut weights = Vec::with_capacity(heads * width);
                for head in 0..heads {
                    weights.extend(tensors.take(name.of_head(head), &[width])?);
                }
                let vector = |values: Vec<f32>| vector(values, storage);
                Ok(Self {
                    kind: description.norm.kind,
                    weight: vector(vec![1.0; width])?,
                    bias: Some(vector(vec![0.0; width])?),
                    epsilon: description.norm.epsilon as f32,
                    by_head: Some(vector(weights)?.reshape((1, heads * width))?),
                })
            }
        }
    }

    /// Of each row of `x (n, width)`.
    pub(super) fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        match (self.kind, &self.bias) {
            (NormKind::Layer, Some(bias)) => self.layer_norm(x, bias),
            _ => self.rms_norm(x),
        }
    }

    /// Of each head of `x (n, heads * width)`, or of whole rows where the weight is as long.
    pub(super) fn forward_heads(&self, x: &Tensor) -> CandleResult<Tensor> {
        let ((n, all), width) = (x.dims2()?, self.weight.dim(0)?);
        if width == all {
            return self.forward(&x.contiguous()?);
        }
        let heads = x.contiguous()?.reshape((n * all / width, width))?;
        let normed = self.forward(&heads)?.reshape((n, all))?;
        match &self.by_head {
            Some(weights) => normed.broadcast_mul(weights),
            None => Ok(normed),
        }
    }

    fn layer_norm(&self, x: &Tensor, bias: &Tensor) -> CandleResult<Tensor> {
        #[cfg(feature = "cuda")]
        if x.device().is_cuda() {
            return crate::kernels::cuda::layer_norm(x, &self.weight, bias, self.epsilon);
        }
        if is_own(x.device(), x.dtype()) {
            let epsilon = self.epsilon;
            return x.apply_op3_no_bwd(&self.weight, bias, &LayerNorm { epsilon });
        }
        candle_nn::ops::layer_norm(x, &self.weight, bias, self.epsilon)
    }

    fn rms_norm(&self, x: &Tensor) -> CandleResult<Tensor> {
        #[cfg(feature = "cuda")]
        if x.device().is_cuda() {
            return crate::kernels::cuda::rms_norm(x, &self.weight, self.epsilon);
        }
        let x = x.contiguous()?;
        if is_own(x.device(), x.dtype()) {
            let epsilon = self.epsilon;
            return x.apply_op2_no_bwd(&self.weight, &RmsNorm { epsilon });
        }
        candle_nn::ops::rms_norm(&x, &self.weight, self.epsilon)
    }
}

fn is_own(device: &Device, dtype: DType) -> bool {
    device.is_cpu() && dtype == DType::F32
}

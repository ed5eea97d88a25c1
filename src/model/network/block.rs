//! One block of a GPT-2, or of its like with the norms after the sums.

use candle_core::{DType, Result as CandleResult, Tensor};

use super::attention::Projected;
use super::config::Gpt2Config;
use super::linear::{Linear, Storage, vector};
use super::tensors::Tensors;

use crate::kernels::LayerNorm;
use crate::model::{Activation, ModelError};

/// Attention and feed-forward, each with a norm before and the input added after; or the input added and a norm after.
pub(in crate::model) struct Block {
    post_norm: bool,
    attention_norm: Norm,
    qkv: Linear,
    attention_out: Linear,
    attention_scale: f64,
    feed_forward_norm: Norm,
    up: Linear,
    activation: Activation,
    down: Linear,
}

/// Layer norm.
pub(in crate::model) struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

impl Block {
    pub(in crate::model) fn load(
        layer: usize,
        config: &Gpt2Config,
        storage: &Storage,
        weights: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let (width, inner) = (config.n_embd, config.inner_width());
        let attention = config.attention_width();
        let mut linear = |name: &str, from: usize, to: usize| -> Result<Linear, ModelError> {
            let weight = weights.matrix_in_out(&format!("h.{layer}.{name}.weight"), from, to)?;
            let bias = weights.take(&format!("h.{layer}.{name}.bias"), &[to])?;
            Ok(Linear::new(weight, to, Some(bias), storage)?)
        };
        let qkv = linear("attn.c_attn", width, 3 * attention)?;
        let attention_out = linear("attn.c_proj", attention, width)?;
        let up = linear("mlp.c_fc", width, inner)?;
        let down = linear("mlp.c_proj", inner, width)?;
        Ok(Self {
            post_norm: config.post_norm,
            attention_norm: Norm::load(&format!("h.{layer}.ln_1"), config, storage, weights)?,
            qkv,
            attention_out,
            attention_scale: config.attention_scale(layer),
            feed_forward_norm: Norm::load(&format!("h.{layer}.ln_2"), config, storage, weights)?,
            up,
            activation: config.activation_function,
            down,
        })
    }

    /// `x (n, width)` to the same shape. `attend` turns queries, keys and values and the scale of their scores into
    /// what each token attends to; `fed` is shown what the feed-forward part made.
    pub(in crate::model) fn forward(
        &self,
        x: &Tensor,
        attend: &mut dyn FnMut(&Projected, f64) -> CandleResult<Tensor>,
        fed: &mut dyn FnMut(&Tensor) -> CandleResult<()>,
    ) -> CandleResult<Tensor> {
        let mut attention = |x: &Tensor| {
            let qkv = self.qkv.forward(x)?;
            let width = qkv.dim(1)? / 3;
            let new = Projected {
                queries: qkv.narrow(1, 0, width)?,
                keys: qkv.narrow(1, width, width)?,
                values: qkv.narrow(1, 2 * width, width)?,
            };
            let attended = attend(&new, self.attention_scale)?;
            self.attention_out.forward(&attended)
        };
        if self.post_norm {
            let x = self.attention_norm.forward(&(x + attention(x)?)?)?;
            let change = self.feed_forward(&x)?;
            fed(&change)?;
            return self.feed_forward_norm.forward(&(&x + change)?);
        }
        let x = (x + attention(&self.attention_norm.forward(x)?)?)?;
        let change = self.feed_forward(&self.feed_forward_norm.forward(&x)?)?;
        fed(&change)?;
        &x + change
    }

    fn feed_forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        let inner = self.up.forward_to(x, self.activation)?;
        self.down.forward(&inner)
    }
}

impl Norm {
    pub(in crate::model) fn load(
        name: &str,
        config: &Gpt2Config,
        storage: &Storage,
        weights: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let shape = [config.n_embd];
        Ok(Self {
            weight: vector(weights.take(&format!("{name}.weight"), &shape)?, storage)?,
            bias: vector(weights.take(&format!("{name}.bias"), &shape)?, storage)?,
            epsilon: config.layer_norm_epsilon as f32,
        })
    }

    pub(in crate::model) fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        #[cfg(feature = "cuda")]
        if x.device().is_cuda() {
            return crate::kernels::cuda::layer_norm(x, &self.weight, &self.bias, self.epsilon);
        }
        if x.device().is_cpu() && x.dtype() == DType::F32 {
            let epsilon = self.epsilon;
            return x.apply_op3_no_bwd(&self.weight, &self.bias, &LayerNorm { epsilon });
        }
        candle_nn::ops::layer_norm(x, &self.weight, &self.bias, self.epsilon)
    }
}

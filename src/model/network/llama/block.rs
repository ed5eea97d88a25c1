//! One block of the Llama family.

use candle_core::{DType, Result as CandleResult, Tensor};

use super::config::LlamaConfig;
use super::rope::Turns;
use crate::kernels::{RmsNorm, SwiGlu};
use crate::model::network::attention::{Heads, Projected};
use crate::model::network::linear::{Linear, Storage, vector};
use crate::model::network::tensors::Tensors;

use crate::model::{Activation, ModelError};

/// Attention and gated feed-forward, each with a norm before and the input added after.
pub(super) struct Block {
    attention_norm: Norm,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_out: Linear,
    heads: Heads,
    feed_forward_norm: Norm,
    gate: Linear,
    up: Linear,
    activation: Activation,
    down: Linear,
}

/// Root-mean-square norm: `x / sqrt(mean(x^2) + epsilon) * weight` (Zhang and Sennrich 2019).
pub(super) struct Norm {
    weight: Tensor,
    epsilon: f32,
}

impl Block {
    pub(super) fn load(
        layer: usize,
        config: &LlamaConfig,
        storage: &Storage,
        weights: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let (width, inner, heads) = (config.width, config.inner_width, config.heads);
        let (query_width, key_width) = (heads.queries * heads.width, heads.keys * heads.width);
        let mut linear = |name: &str, from: usize, to: usize, bias: bool| {
            let name = format!("layers.{layer}.{name}");
            let weight = weights.matrix(&format!("{name}.weight"), [to, from])?;
            let bias = if bias {
                Some(weights.take(&format!("{name}.bias"), &[to])?)
            } else {
                None
            };
            Ok::<_, ModelError>(Linear::new(weight, to, bias, storage)?)
        };
        let query = linear("self_attn.q_proj", width, query_width, config.qkv_bias)?;
        let key = linear("self_attn.k_proj", width, key_width, config.qkv_bias)?;
        let value = linear("self_attn.v_proj", width, key_width, config.qkv_bias)?;
        let attention_out = linear("self_attn.o_proj", query_width, width, config.out_bias)?;
        let gate = linear("mlp.gate_proj", width, inner, config.mlp_bias)?;
        let up = linear("mlp.up_proj", width, inner, config.mlp_bias)?;
        let down = linear("mlp.down_proj", inner, width, config.mlp_bias)?;
        let mut norm =
            |name: &str| Norm::load(&format!("layers.{layer}.{name}"), config, storage, weights);
        Ok(Self {
            attention_norm: norm("input_layernorm")?,
            query,
            key,
            value,
            attention_out,
            heads,
            feed_forward_norm: norm("post_attention_layernorm")?,
            gate,
            up,
            activation: config.activation,
            down,
        })
    }

    /// `x (n, width)` to the same shape. `turns` are those of the tokens' positions; `attend` turns queries, keys and
    /// values and the scale of their scores into what each token attends to; `fed` is shown what the feed-forward part
    /// made.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        turns: &Turns,
        attend: &mut dyn FnMut(&Projected, f64) -> CandleResult<Tensor>,
        fed: &mut dyn FnMut(&Tensor) -> CandleResult<()>,
    ) -> CandleResult<Tensor> {
        let normed = self.attention_norm.forward(x)?;
        let new = Projected {
            queries: turns.apply(&self.query.forward(&normed)?, self.heads.queries)?,
            keys: turns.apply(&self.key.forward(&normed)?, self.heads.keys)?,
            values: self.value.forward(&normed)?,
        };
        let attended = attend(&new, 1.0 / (self.heads.width as f64).sqrt())?;
        let x = (x + self.attention_out.forward(&attended)?)?;
        let change = self.feed_forward(&x)?;
        fed(&change)?;
        &x + change
    }

    fn feed_forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        let normed = self.feed_forward_norm.forward(x)?;
        let (gate, up) = (self.gate.forward(&normed)?, self.up.forward(&normed)?);
        let on_cpu = gate.device().is_cpu() && gate.dtype() == DType::F32;
        #[cfg(feature = "cuda")]
        if self.activation == Activation::Silu && gate.device().is_cuda() {
            return self
                .down
                .forward(&crate::kernels::cuda::swiglu(&gate, &up)?);
        }
        let gated = match self.activation {
            Activation::Silu if on_cpu => gate
                .contiguous()?
                .apply_op2_no_bwd(&up.contiguous()?, &SwiGlu)?,
            activation => (activation.apply(&gate.contiguous()?)? * up)?,
        };
        self.down.forward(&gated)
    }
}

impl Norm {
    pub(super) fn load(
        name: &str,
        config: &LlamaConfig,
        storage: &Storage,
        weights: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let weight = weights.take(&format!("{name}.weight"), &[config.width])?;
        Ok(Self {
            weight: vector(weight, storage)?,
            epsilon: config.norm_epsilon as f32,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        #[cfg(feature = "cuda")]
        if x.device().is_cuda() {
            return crate::kernels::cuda::rms_norm(x, &self.weight, self.epsilon);
        }
        let x = x.contiguous()?;
        if x.device().is_cpu() && x.dtype() == DType::F32 {
            let epsilon = self.epsilon;
            return x.apply_op2_no_bwd(&self.weight, &RmsNorm { epsilon });
        }
        candle_nn::ops::rms_norm(&x, &self.weight, self.epsilon)
    }
}

//! From tokens to hidden states.

use candle_core::{Result, Tensor};

use super::{Batch, Network};
use crate::model::Activation;
use crate::training::ops::{self, AttentionShape, Dropout};
use crate::training::random::Key;

/// Places in a block where numbers are dropped.
#[derive(Clone, Copy)]
enum Site {
    Attention,
    AttentionOutput,
    FeedForwardOutput,
}

/// A layer's number for the embeddings' dropout: none has it.
const EMBEDDING: u64 = u64::MAX;

fn site(key: Option<Key>, rate: f64, layer: u64, site: u64) -> Option<Dropout> {
    let key = key.filter(|_| rate > 0.0)?;
    Some(Dropout {
        key: key.with(layer).with(site),
        rate,
    })
}

impl Network {
    /// What the blocks start from: `(batch * time, width)`. `key` addresses the dropout; without it nothing is
    /// dropped.
    pub(super) fn embed(&self, batch: &Batch, key: Option<Key>) -> Result<Tensor> {
        let kernels = self.compute.kernels;
        let tokens = ops::embedding(
            self.parameters.tensor("wte.weight")?,
            &batch.inputs,
            kernels,
        )?;
        let positions: Vec<u32> = (0..batch.inputs.len())
            .map(|at| (at % batch.time) as u32)
            .collect();
        let places = ops::embedding(self.parameters.tensor("wpe.weight")?, &positions, kernels)?;
        let x = (tokens + places)?.to_dtype(self.compute.dtype)?;
        ops::dropout(&x, site(key, self.dropout.embedding, EMBEDDING, 0), kernels)
    }

    /// One block.
    pub(super) fn block(
        &self,
        layer: usize,
        x: &Tensor,
        (batch, time): (usize, usize),
        key: Option<Key>,
    ) -> Result<Tensor> {
        let config = &self.config;
        let kernels = self.compute.kernels;
        let name = |part: &str| format!("h.{layer}.{part}");
        let drop = |which: Site, rate: f64| site(key, rate, layer as u64, which as u64);
        let residual =
            |x: &Tensor, which: Site| ops::dropout(x, drop(which, self.dropout.residual), kernels);
        let shape = AttentionShape {
            batch,
            time,
            heads: config.n_head,
            head_width: config.head_width(),
            scale: config.attention_scale(layer),
            dropout: drop(Site::Attention, self.dropout.attention),
        };
        let attention = |x: &Tensor| {
            let qkv = self.linear(x, &name("attn.c_attn"), None)?;
            let attended = ops::attention(&qkv, shape, kernels)?;
            let out = self.linear(&attended, &name("attn.c_proj"), None)?;
            residual(&out, Site::AttentionOutput)
        };
        let feed_forward = |x: &Tensor| {
            let up = self.linear(x, &name("mlp.c_fc"), Some(config.activation_function))?;
            let out = self.linear(&up, &name("mlp.c_proj"), None)?;
            residual(&out, Site::FeedForwardOutput)
        };
        let (first, second) = (name("ln_1"), name("ln_2"));
        if config.post_norm {
            let x = self.norm(&(x + attention(x)?)?, &first)?;
            return self.norm(&(&x + feed_forward(&x)?)?, &second);
        }
        let x = (x + attention(&self.norm(x, &first)?)?)?;
        &x + feed_forward(&self.norm(&x, &second)?)?
    }

    /// After the blocks: the last norm, where there is one.
    pub(super) fn finish(&self, x: &Tensor) -> Result<Tensor> {
        match self.config.post_norm {
            true => Ok(x.clone()),
            false => self.norm(x, "ln_f"),
        }
    }

    /// All of it: the hidden state of every position.
    pub(super) fn hidden(&self, batch: &Batch, key: Option<Key>) -> Result<Tensor> {
        let mut x = self.embed(batch, key)?;
        for layer in 0..self.config.n_layer {
            x = self.block(layer, &x, (batch.batch, batch.time), key)?;
        }
        self.finish(&x)
    }

    fn linear(&self, x: &Tensor, name: &str, activation: Option<Activation>) -> Result<Tensor> {
        let (kernels, factors) = (self.compute.kernels, self.compute.factors);
        let weight = self.parameters.tensor(&format!("{name}.weight"))?;
        let bias = self.parameters.tensor(&format!("{name}.bias"))?;
        let added = match activation {
            None => Some(bias),
            Some(_) => None,
        };
        let mut out = ops::product(x, weight, added, kernels, factors)?;
        let beside = self
            .lora
            .as_ref()
            .and_then(|lora| lora.beside(name, &self.parameters));
        if let Some((a, b, factor)) = beside {
            let narrow = ops::product(x, a, None, kernels, factors)?;
            let change = ops::product(&narrow, b, None, kernels, factors)?;
            out = (out + (change * factor)?)?;
        }
        match activation {
            None => Ok(out),
            Some(activation) => ops::bias_activation(&out, bias, activation, kernels),
        }
    }

    fn norm(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        ops::layer_norm(
            x,
            self.parameters.tensor(&format!("{name}.weight"))?,
            self.parameters.tensor(&format!("{name}.bias"))?,
            self.config.layer_norm_epsilon,
            self.compute.kernels,
        )
    }
}

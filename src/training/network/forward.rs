//! From tokens to hidden states.

use candle_core::{Result, Tensor};

use super::{Batch, Network};
use crate::model::Activation;
use crate::training::ops::{self, AttentionShape, Dropout, Pass};
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
    pub(super) fn embed(&self, pass: &Pass, batch: &Batch, key: Option<Key>) -> Result<Tensor> {
        let table = self.parameters.tensor("wte.weight")?;
        let tokens = ops::embedding(pass, table, &batch.inputs)?;
        let positions: Vec<u32> = (0..batch.inputs.len())
            .map(|at| (at % batch.time) as u32)
            .collect();
        let places = ops::embedding(pass, self.parameters.tensor("wpe.weight")?, &positions)?;
        let x = ops::sum(pass, &tokens, &places, 1.0)?;
        let x = ops::cast(pass, &x, self.compute.dtype)?;
        ops::dropout(pass, &x, site(key, self.dropout.embedding, EMBEDDING, 0))
    }

    /// One block.
    pub(super) fn block(
        &self,
        pass: &Pass,
        layer: usize,
        x: &Tensor,
        (batch, time): (usize, usize),
        key: Option<Key>,
    ) -> Result<Tensor> {
        pass.check()?;
        let config = &self.config;
        let name = |part: &str| format!("h.{layer}.{part}");
        let drop = |which: Site, rate: f64| site(key, rate, layer as u64, which as u64);
        let add = |x: &Tensor, change: &Tensor, which: Site| {
            let change = ops::dropout(pass, change, drop(which, self.dropout.residual))?;
            ops::sum(pass, x, &change, 1.0)
        };
        let shape = AttentionShape {
            batch,
            time,
            heads: config.n_head,
            head_width: config.head_width(),
            scale: config.attention_scale(layer),
            dropout: drop(Site::Attention, self.dropout.attention),
        };
        let attention = |x: &Tensor| {
            let qkv = self.linear(pass, x, &name("attn.c_attn"), None)?;
            let attended = ops::attention(pass, &qkv, shape)?;
            self.linear(pass, &attended, &name("attn.c_proj"), None)
        };
        let feed_forward = |x: &Tensor| {
            let activation = Some(config.activation_function);
            let up = self.linear(pass, x, &name("mlp.c_fc"), activation)?;
            self.linear(pass, &up, &name("mlp.c_proj"), None)
        };
        let first = |x: &Tensor| self.norm(pass, x, &name("ln_1"));
        let second = |x: &Tensor| self.norm(pass, x, &name("ln_2"));
        if config.post_norm {
            let x = first(&add(x, &attention(x)?, Site::AttentionOutput)?)?;
            return second(&add(&x, &feed_forward(&x)?, Site::FeedForwardOutput)?);
        }
        let x = add(x, &attention(&first(x)?)?, Site::AttentionOutput)?;
        add(&x, &feed_forward(&second(&x)?)?, Site::FeedForwardOutput)
    }

    /// After the blocks: the last norm, where there is one.
    pub(super) fn finish(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        if self.config.post_norm {
            Ok(x.clone())
        } else {
            self.norm(pass, x, "ln_f")
        }
    }

    /// All of it: the hidden state of every position.
    pub(super) fn hidden(&self, pass: &Pass, batch: &Batch, key: Option<Key>) -> Result<Tensor> {
        let mut x = self.embed(pass, batch, key)?;
        for layer in 0..self.config.n_layer {
            x = self.block(pass, layer, &x, (batch.batch, batch.time), key)?;
        }
        self.finish(pass, &x)
    }

    fn linear(
        &self,
        pass: &Pass,
        x: &Tensor,
        name: &str,
        activation: Option<Activation>,
    ) -> Result<Tensor> {
        let factors = self.compute.factors;
        let weight = self.parameters.tensor(&format!("{name}.weight"))?;
        let bias = self.parameters.tensor(&format!("{name}.bias"))?;
        let added = match activation {
            None => Some(bias),
            Some(_) => None,
        };
        let mut out = ops::product(pass, x, weight, added, factors)?;
        let beside = self
            .lora
            .as_ref()
            .and_then(|lora| lora.beside(name, &self.parameters));
        if let Some((a, b, factor)) = beside {
            let narrow = ops::product(pass, x, a, None, factors)?;
            let change = ops::product(pass, &narrow, b, None, factors)?;
            out = ops::sum(pass, &out, &change, factor)?;
        }
        match activation {
            None => Ok(out),
            Some(activation) => ops::bias_activation(pass, &out, bias, activation),
        }
    }

    fn norm(&self, pass: &Pass, x: &Tensor, name: &str) -> Result<Tensor> {
        ops::layer_norm(
            pass,
            x,
            self.parameters.tensor(&format!("{name}.weight"))?,
            self.parameters.tensor(&format!("{name}.bias"))?,
            self.config.layer_norm_epsilon,
        )
    }
}

//! The Llama family: token embedding, blocks of grouped-query attention with rotary positions and of gated
//! feed-forward with a root-mean-square norm before each, a last norm, and a head (Touvron et al. 2023; names and
//! shapes as in transformers' `LlamaForCausalLM`). Mistral and Qwen2 differ in their configuration alone.

mod block;
pub(in crate::model) mod config;
mod rope;

use candle_core::{Result as CandleResult, Tensor};

use super::attention::{Heads, Projected};
use super::decoder::{Attend, Network};
use super::embedding::{Embedding, HeadKind};
use super::linear::{Linear, Storage};
use super::site::{Site, Watch};
use super::tensor_names::LLAMA_EMBEDDING;
use super::tensors::{Report, Tensors};

use crate::model::ModelError;
use block::{Block, Norm};
pub(in crate::model) use config::{Family, LlamaConfig};
use rope::Rope;
pub(in crate::model) use rope::Scaling;

/// A loaded model of the family.
pub(in crate::model) struct Llama {
    heads: Heads,
    storage: Storage,
    embedding: Embedding,
    rope: Rope,
    blocks: Vec<Block>,
    last_norm: Norm,
    head: Linear,
}

impl Llama {
    /// Takes the tensors that `config` calls for out of `weights`.
    ///
    /// # Errors
    /// When one is missing or wrong, the device has no room, or `report` breaks off.
    pub(in crate::model) fn load(
        config: &LlamaConfig,
        storage: Storage,
        weights: &mut dyn Tensors,
        report: &mut Report,
    ) -> Result<Self, ModelError> {
        let total = config.layers + 2;
        let mut report = |done: usize| report(done, total);
        report(0)?;
        let (embedding, head) = Embedding::with_head(
            LLAMA_EMBEDDING,
            [config.vocabulary, config.width],
            HeadKind {
                tied: config.tied,
                bias: false,
            },
            &storage,
            weights,
        )?;
        report(1)?;
        let mut blocks = Vec::with_capacity(config.layers);
        for layer in 0..config.layers {
            blocks.push(Block::load(layer, config, &storage, weights)?);
            report(layer + 2)?;
        }
        let last_norm = Norm::load("norm", config, &storage, weights)?;
        report(total)?;
        Ok(Self {
            heads: config.heads,
            rope: Rope::new(config.heads.width, config.rope_theta, &config.scaling),
            storage,
            embedding,
            blocks,
            last_norm,
            head,
        })
    }
}

impl Network for Llama {
    fn heads(&self) -> Heads {
        self.heads
    }

    fn storage(&self) -> &Storage {
        &self.storage
    }

    fn run(
        &self,
        tokens: &[u32],
        positions: &[u32],
        attend: &mut Attend,
        watch: &mut Watch,
    ) -> CandleResult<Tensor> {
        let turns = self.rope.turns(positions, &self.storage)?;
        let mut x = self.embedding.rows(tokens)?;
        watch(Site::Embedding, &x)?;
        for (layer, block) in self.blocks.iter().enumerate() {
            let mut attend = |new: &Projected, scale| attend(layer, new, scale);
            let mut fed = |fed: &Tensor| watch(Site::FeedForward(layer), fed);
            x = block.forward(&x, &turns, &mut attend, &mut fed)?;
            watch(Site::Residual(layer), &x)?;
        }
        x = self.last_norm.forward(&x)?;
        watch(Site::FinalNorm, &x)?;
        Ok(x)
    }

    fn head(&self, hidden: &Tensor) -> CandleResult<Tensor> {
        self.head.forward(hidden)
    }
}

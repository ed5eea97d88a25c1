//! GPT-2: token and position embeddings, blocks of attention and feed-forward with the norm before each, a last norm,
//! and a head (Radford et al. 2019; names and shapes as in transformers' `GPT2LMHeadModel`).

use candle_core::{Result as CandleResult, Tensor};

use super::attention::{Heads, Projected};
use super::block::{Block, Norm};
use super::config::Gpt2Config;
use super::decoder::{Attend, Network};
use super::embedding::{Embedding, HeadKind};
use super::linear::{Linear, Storage, dense};
use super::site::{Site, Watch};
use super::tensor_names::GPT2_EMBEDDING;
use super::tensors::{Report, Tensors};

use crate::model::ModelError;

/// A loaded GPT-2.
pub(in crate::model) struct Gpt2 {
    heads: Heads,
    storage: Storage,
    token_embedding: Embedding,
    /// `(positions, width)`.
    position_embedding: Tensor,
    blocks: Vec<Block>,
    /// None where the norms follow the sums.
    last_norm: Option<Norm>,
    head: Linear,
}

impl Gpt2 {
    /// Takes the tensors that `config` calls for out of `weights`.
    ///
    /// # Errors
    /// When one is missing or wrong, the device has no room, or `report` breaks off.
    pub(in crate::model) fn load(
        config: &Gpt2Config,
        storage: Storage,
        weights: &mut dyn Tensors,
        report: &mut Report,
    ) -> Result<Self, ModelError> {
        let width = config.n_embd;
        let total = config.n_layer + 2;
        let mut report = |done: usize| report(done, total);
        report(0)?;
        let position_embedding = dense(
            weights.take("wpe.weight", &[config.n_positions, width])?,
            config.n_positions,
            &storage,
        )?;
        let (token_embedding, head) = Embedding::with_head(
            GPT2_EMBEDDING,
            [config.vocab_size, width],
            HeadKind {
                tied: config.tie_word_embeddings,
                bias: config.head_bias,
            },
            &storage,
            weights,
        )?;
        report(1)?;
        let mut blocks = Vec::with_capacity(config.n_layer);
        for layer in 0..config.n_layer {
            blocks.push(Block::load(layer, config, &storage, weights)?);
            report(layer + 2)?;
        }
        let last_norm = if config.post_norm {
            None
        } else {
            Some(Norm::load("ln_f", config, &storage, weights)?)
        };
        report(total)?;
        Ok(Self {
            heads: Heads {
                queries: config.n_head,
                keys: config.n_head,
                width: config.head_width(),
            },
            storage,
            token_embedding,
            position_embedding,
            blocks,
            last_norm,
            head,
        })
    }
}

impl Network for Gpt2 {
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
        let positions = Tensor::new(positions, &self.storage.device)?;
        let positions = self.position_embedding.index_select(&positions, 0)?;
        let mut x = (self.token_embedding.rows(tokens)? + positions)?;
        watch(Site::Embedding, &x)?;
        for (layer, block) in self.blocks.iter().enumerate() {
            let mut attend = |new: &Projected, scale| attend(layer, new, scale);
            let mut fed = |fed: &Tensor| watch(Site::FeedForward(layer), fed);
            x = block.forward(&x, &mut attend, &mut fed)?;
            watch(Site::Residual(layer), &x)?;
        }
        if let Some(norm) = &self.last_norm {
            x = norm.forward(&x)?;
        }
        watch(Site::FinalNorm, &x)?;
        Ok(x)
    }

    fn head(&self, hidden: &Tensor) -> CandleResult<Tensor> {
        self.head.forward(hidden)
    }
}

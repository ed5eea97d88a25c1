//! The model that is measured, and what a token costs it.

use std::collections::HashMap;
use std::ops::ControlFlow;

use candle_core::{Device, Result};

use crate::model::{
    Gpt2Config, LoadRequest, LoadedModel, ModelError, Precision, RawModel, load_raw,
};
use crate::text::Tokenizer;
use crate::training::Recipe;
use crate::training::network::initial;

/// A model of the GPT-2 family, its weights in main memory, and where it is to be run.
pub struct Subject {
    pub name: String,
    pub device: Device,
    pub config: Gpt2Config,
    pub(super) tensors: HashMap<String, Vec<f32>>,
    tokenizer: Tokenizer,
}

impl Subject {
    /// A model by its source, to be run on `device`.
    ///
    /// # Errors
    /// As [`load_raw`].
    pub fn load(request: &LoadRequest, device: Device) -> std::result::Result<Self, ModelError> {
        let raw = load_raw(request, &mut |_| ControlFlow::Continue(()))?;
        Ok(Self {
            name: request.source.clone(),
            device,
            config: raw.config,
            tensors: raw.tensors,
            tokenizer: raw.tokenizer,
        })
    }

    /// Random weights of a recipe's shape: as fast as trained ones. `tokenizer` may know other tokens, since none is
    /// looked at.
    ///
    /// # Errors
    /// When the shape contradicts itself.
    pub fn random(
        name: &str,
        recipe: &Recipe,
        tokenizer: Tokenizer,
        device: Device,
    ) -> std::result::Result<Self, crate::training::TrainingError> {
        let vocabulary = recipe.model.vocabulary;
        let vocabulary = vocabulary.unwrap_or_else(|| tokenizer.vocabulary_size());
        let config = recipe.model.shape(vocabulary)?;
        Ok(Self {
            name: format!("random {name}"),
            device,
            tensors: initial(&config, recipe.model.initial, recipe.run.seed),
            config,
            tokenizer,
        })
    }

    /// The precisions that it can be run in.
    pub(super) fn precisions(&self) -> Vec<Precision> {
        if !self.device.is_cpu() {
            return vec![Precision::F32, Precision::Bf16];
        }
        let config = &self.config;
        let widths = [
            config.n_embd,
            config.inner_width(),
            config.attention_width(),
        ];
        let dense = [Precision::F32, Precision::Bf16, Precision::F16];
        let blocks = [Precision::Q8_0, Precision::Q4_0];
        let in_blocks = widths.iter().all(|width| width.is_multiple_of(32));
        let blocks = blocks.into_iter().filter(|_| in_blocks);
        dense.into_iter().chain(blocks).collect()
    }

    /// A model to run.
    pub(super) fn build(&self, precision: Precision) -> Result<LoadedModel> {
        let model = RawModel::build(
            &self.name,
            &self.config,
            self.tensors.clone(),
            &self.tokenizer,
            (&self.device, precision),
        )
        .map_err(candle_core::Error::wrap)?;
        let json = self.tokenizer.to_json().map_err(candle_core::Error::wrap)?;
        let tokenizer = Tokenizer::from_bytes(json.as_bytes(), &self.name);
        Ok(LoadedModel {
            base: None,
            model,
            tokenizer: tokenizer.map_err(candle_core::Error::wrap)?,
            chat: None,
            notices: Vec::new(),
        })
    }

    /// Tokens that exist, in no order.
    pub(super) fn tokens(&self, count: usize) -> Vec<u32> {
        let vocabulary = self.config.vocab_size as u32;
        (0..count as u32)
            .map(|at| at.wrapping_mul(2_654_435_761) % vocabulary)
            .collect()
    }

    /// Numbers in the matrices of the blocks.
    pub(super) fn block_numbers(&self) -> f64 {
        let tensors = self.config.tensors().into_iter();
        let matrices = tensors.filter(|(name, shape)| name.starts_with("h.") && shape.len() == 2);
        matrices
            .map(|(_, shape)| shape.iter().product::<usize>() as f64)
            .sum()
    }

    /// Numbers in the head.
    pub(super) fn head_numbers(&self) -> f64 {
        (self.config.vocab_size * self.config.n_embd) as f64
    }

    /// Numbers of keys and values that one position leaves.
    pub(super) fn cached_numbers(&self) -> f64 {
        (2 * self.config.n_layer * self.config.attention_width()) as f64
    }
}

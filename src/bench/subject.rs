//! The model that is measured.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use candle_core::{Device, Error, Result};

use crate::model::{
    Gpt2Config, LoadRequest, LoadedModel, ModelError, Precision, RawModel, load, load_raw,
};
use crate::text::Tokenizer;
use crate::training::Recipe;
use crate::training::network::initial;

/// A model to be measured, and where it is to be run.
pub struct Subject {
    pub name: String,
    pub device: Device,
    kind: Kind,
}

enum Kind {
    /// In main memory, to be held in any precision, and trained.
    Raw(Box<Raw>),
    /// Of another family or in a GGUF file: in the form that it is run in.
    Loaded(Rc<LoadedModel>),
}

/// The weights of a GPT-2.
pub(super) struct Raw {
    pub(super) config: Gpt2Config,
    pub(super) tensors: HashMap<String, Vec<f32>>,
    tokenizer: Tokenizer,
}

impl Subject {
    /// A model by its source, to be run on `device`, which is that of the request.
    ///
    /// # Errors
    /// As [`load`], if it is none that [`load_raw`] reads.
    pub fn load(request: &LoadRequest, device: Device) -> std::result::Result<Self, ModelError> {
        let mut go_on = |_| ControlFlow::Continue(());
        let kind = match load_raw(request, &mut go_on) {
            Ok(raw) => Kind::Raw(Box::new(Raw {
                config: raw.config,
                tensors: raw.tensors,
                tokenizer: raw.tokenizer,
            })),
            // What is wrong with it the other way to load it says too.
            Err(_) => Kind::Loaded(Rc::new(load(request, &mut go_on)?)),
        };
        Ok(Self {
            name: request.source.clone(),
            device,
            kind,
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
            kind: Kind::Raw(Box::new(Raw {
                tensors: initial(&config, recipe.model.initial, recipe.run.seed),
                config,
                tokenizer,
            })),
        })
    }

    /// Trainable numbers, a tied head counted once.
    pub(super) fn parameters(&self) -> usize {
        match &self.kind {
            Kind::Raw(raw) => raw.config.parameters(),
            Kind::Loaded(loaded) => loaded.model.info().parameters,
        }
    }

    /// Its weights, if it can be trained.
    pub(super) fn trainable(&self) -> Option<&Raw> {
        match &self.kind {
            Kind::Raw(raw) => Some(raw),
            Kind::Loaded(_) => None,
        }
    }

    /// Why it is not trained, if it is not.
    pub fn untrained(&self) -> Option<String> {
        let Kind::Loaded(loaded) = &self.kind else {
            return None;
        };
        let info = loaded.model.info();
        Some(format!(
            "training is measured of GPT-2's family, from a directory: `{}` is a {} model in {}",
            self.name,
            info.architecture,
            info.precision.name()
        ))
    }

    /// What its loading has to say.
    pub fn notices(&self) -> &[String] {
        match &self.kind {
            Kind::Raw(_) => &[],
            Kind::Loaded(loaded) => &loaded.notices,
        }
    }

    /// The precisions to measure it in, where one is asked for or, for [`Precision::Auto`], all that there are.
    pub(super) fn precisions(&self, asked: Precision) -> Vec<Precision> {
        match &self.kind {
            Kind::Raw(raw) => super::asked(asked, self.precisions_of(&raw.config)),
            Kind::Loaded(loaded) => vec![loaded.model.info().precision],
        }
    }

    fn precisions_of(&self, config: &Gpt2Config) -> Vec<Precision> {
        if !self.device.is_cpu() {
            return vec![Precision::F32, Precision::Bf16];
        }
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
    pub(super) fn build(&self, precision: Precision) -> Result<Rc<LoadedModel>> {
        let raw = match &self.kind {
            Kind::Raw(raw) => raw,
            Kind::Loaded(loaded) => return Ok(Rc::clone(loaded)),
        };
        let model = RawModel::build(
            &self.name,
            &raw.config,
            raw.tensors.clone(),
            &raw.tokenizer,
            (&self.device, precision),
        )
        .map_err(Error::wrap)?;
        let json = raw.tokenizer.to_json().map_err(Error::wrap)?;
        let tokenizer = Tokenizer::from_bytes(json.as_bytes(), &self.name);
        Ok(Rc::new(LoadedModel {
            base: None,
            model,
            tokenizer: tokenizer.map_err(Error::wrap)?,
            chat: None,
            notices: Vec::new(),
        }))
    }
}

impl Raw {
    /// Numbers that a token is multiplied by: the matrices of the blocks, and the head.
    pub(super) fn multiplied(&self) -> f64 {
        let tensors = self.config.tensors().into_iter();
        let matrices = tensors.filter(|(name, shape)| name.starts_with("h.") && shape.len() == 2);
        let blocks: usize = matrices
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum();
        (blocks + self.config.vocab_size * self.config.n_embd) as f64
    }

    /// Numbers of keys and values that one position leaves.
    pub(super) fn cached_numbers(&self) -> f64 {
        (2 * self.config.n_layer * self.config.attention_width()) as f64
    }
}

/// Tokens that exist in a vocabulary, in no order.
pub(super) fn tokens(count: usize, vocabulary: usize) -> Vec<u32> {
    let each = (0..count as u32).map(|at| at.wrapping_mul(2_654_435_761) % vocabulary as u32);
    each.collect()
}

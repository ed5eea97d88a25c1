//! What a network starts from: a model, a checkpoint, or nothing.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::Listener;
use super::corpus::reading;
use crate::model::{
    Adapter, Gpt2Config, LoadProgress, LoadRequest, ModelError, load_raw, load_tokenizer,
    weights_hash,
};
use crate::text::corpus::ReadProgress;
use crate::text::{Tokenizer, train_tokenizer};
use crate::training::checkpoint;
use crate::training::data::is_carried;
use crate::training::network::initial_until;
use crate::training::runs::{Inputs, hash};
use crate::training::{Control, Recipe, RunEvent, TrainingError};

/// Weights, shape and tokenizer to start with.
pub(super) struct Base {
    pub(super) config: Gpt2Config,
    pub(super) tokenizer: Tokenizer,
    pub(super) tensors: HashMap<String, Vec<f32>>,
    pub(super) notices: Vec<String>,
    /// The hash of the model that the run starts from, where its weights were read.
    pub(super) hash: Option<String>,
    /// With LoRA: what the small matrices change.
    pub(super) adapter: Option<Adapter>,
}

/// Reads what a run starts from, or goes on after, without the network where it is to be `offline`. `room` is asked
/// before weights of a new shape are made.
///
/// # Errors
/// When it cannot be read, or has no room for the tokenizer.
pub(super) fn base(
    recipe: &Recipe,
    checkpoint: Option<&Path>,
    offline: bool,
    control: &Control,
    events: Listener<'_>,
    room: &dyn Fn(&Gpt2Config) -> Result<(), TrainingError>,
) -> Result<Base, TrainingError> {
    let adapter = checkpoint.map(checkpoint::adapter).transpose()?.flatten();
    let lora = recipe.model.lora.rank > 0;
    let source = match (checkpoint, &adapter) {
        (Some(_), Some(adapter)) if lora => adapter.base.clone(),
        (Some(path), _) => path.display().to_string(),
        (None, _) => recipe.model.from.clone(),
    };
    if source.is_empty() {
        // With the smallest vocabulary: what cannot fit even so needs no tokenizer.
        room(&recipe.model.shape_for(1)?)?;
        let tokenizer = new_tokenizer(recipe, offline, control, events)?;
        let config = recipe.model.shape(tokenizer.vocabulary_size())?;
        room(&config)?;
        let tensors = initial_until(&config, recipe.model.initial, recipe.run.seed, control);
        let tensors = tensors.ok_or(TrainingError::Cancelled)?;
        return Ok(Base {
            config,
            tokenizer,
            tensors,
            notices: Vec::new(),
            hash: None,
            adapter: None,
        });
    }
    let mut progress = |_: LoadProgress| {
        if control.is_ending() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let mut raw = load_raw(&request(&source, offline), &mut progress)?;
    let is_base = checkpoint.is_none() || (adapter.is_some() && lora);
    let hash = is_base.then(|| weights_hash(&raw.tensors));
    if !recipe.tokenizer.from.is_empty() && is_base {
        // With LoRA the checkpoint keeps a tokenizer that is not the model's own.
        let source = match checkpoint {
            Some(path) => path.join("tokenizer.json").display().to_string(),
            None => recipe.tokenizer.from.clone(),
        };
        raw.tokenizer = load_tokenizer(&request(&source, offline))?;
    }
    let (tokens, room) = (raw.tokenizer.vocabulary_size(), raw.config.vocab_size);
    if tokens > room {
        return Err(TrainingError::Setting(format!(
            "the tokenizer has {tokens} tokens, but the model has room for {room}"
        )));
    }
    let fresh = || {
        Some(Adapter {
            base: source.clone(),
            base_hash: hash.clone()?,
            factor: recipe.model.lora.alpha / recipe.model.lora.rank as f64,
        })
    };
    Ok(Base {
        config: raw.config,
        tokenizer: raw.tokenizer,
        tensors: raw.tensors,
        notices: raw.notices,
        adapter: if lora { adapter.or_else(fresh) } else { None },
        hash,
    })
}

impl Base {
    /// The hash of the tokenizer.
    pub(super) fn tokenizer_hash(&self) -> Result<String, TrainingError> {
        Ok(hash(&[self.tokenizer.to_json()?.as_bytes()]))
    }

    /// Completes the hashes of a run that goes on with those of the model and the tokenizer that it was started with,
    /// as they are now: its checkpoint has weights and a tokenizer of its own. What cannot be read any more is told and
    /// taken as it was.
    ///
    /// # Errors
    /// When a tokenizer cannot be written as JSON.
    pub(super) fn compare(
        &self,
        recipe: &Recipe,
        before: &Inputs,
        now: &mut Inputs,
        events: Listener<'_>,
    ) -> Result<(), TrainingError> {
        let mut told = |what: &str, error: ModelError| {
            let message = format!(
                "{what} that the run was started with cannot be compared: {error}; it goes on with its own"
            );
            events(&RunEvent::Notice { message });
        };
        let offline = |source: &str| request(source, true);
        if now.base.is_none() && before.base.is_some() {
            let raw = load_raw(&offline(&recipe.model.from), &mut |_| {
                ControlFlow::Continue(())
            });
            now.base = match raw {
                Ok(raw) => Some(weights_hash(&raw.tensors)),
                Err(error) => {
                    told("the model", error);
                    before.base.clone()
                }
            };
        }
        if !recipe.tokenizer.from.is_empty() {
            match load_tokenizer(&offline(&recipe.tokenizer.from)) {
                Ok(tokenizer) => now.tokenizer = hash(&[tokenizer.to_json()?.as_bytes()]),
                Err(error) => told("the tokenizer", error),
            }
        }
        Ok(())
    }
}

fn request(source: &str, offline: bool) -> LoadRequest {
    LoadRequest {
        source: source.to_owned(),
        offline,
        ..LoadRequest::default()
    }
}

fn new_tokenizer(
    recipe: &Recipe,
    offline: bool,
    control: &Control,
    events: Listener<'_>,
) -> Result<Tokenizer, TrainingError> {
    if !recipe.tokenizer.from.is_empty() {
        return Ok(load_tokenizer(&request(&recipe.tokenizer.from, offline))?);
    }
    let files = &recipe.data.corpus.files;
    if let Some(path) = files.iter().find(|path| is_carried(path)) {
        return Err(TrainingError::Setting(format!(
            "{} is encoded already, and its tokenizer is not in it: name that one with --tokenizer",
            path.display()
        )));
    }
    let mut progress = |state: &ReadProgress| reading("tokenizer", state, 0, control, events);
    Ok(train_tokenizer(
        &recipe.tokenizer.train,
        &recipe.data.corpus,
        &mut progress,
    )?)
}

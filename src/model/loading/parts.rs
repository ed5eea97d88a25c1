//! What a model is put together from, whichever way its source holds it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::adapter::Adapter;
use super::chat;
use super::file_names::{CONFIG, GENERATION_CONFIG};
use super::files::Files;
use super::gguf::{Gguf, first_of_split};
use super::raw::adapted;
use super::shards::{OWN_HEAD, Shards};
use super::source::is_gguf;
use super::tokenizer_files;
use super::weights::Weights;
use crate::model::loading::families::Described;
use crate::model::network::config::TokenIds;
use crate::model::network::tensors::Part;
use crate::model::{ModelError, Precision};
use crate::text::{ChatTemplate, Tokenizer};

/// The parts of a model, its weights unread.
pub(super) struct Parts {
    pub(super) described: Described,
    pub(super) tokenizer: Tokenizer,
    pub(super) weights: Weights,
    /// What most of the file's matrices are held in.
    pub(super) own: Precision,
    pub(super) template: Option<ChatTemplate>,
    /// Tokens that end a text or a turn, by the model's own account.
    pub(super) end_tokens: Vec<u32>,
    pub(super) start_token: Option<u32>,
}

impl Parts {
    /// The parts of a model in Hugging Face layout, or of the one GGUF file in a directory.
    ///
    /// # Errors
    /// When a file is missing or wrong.
    pub(super) fn from_files(
        files: &Files,
        chat: bool,
        notices: &mut Vec<String>,
    ) -> Result<Self, ModelError> {
        if let Some(path) = lone_gguf(files)? {
            return Self::from_gguf(&path, chat, notices);
        }
        if let Some(adapter) = Adapter::of(files)? {
            return Self::adapted(files, &adapter);
        }
        let mut described = Described::from_json(&files.read(CONFIG)?, &files.label(CONFIG))?;
        notices.extend(described.notice.take());
        let (description, form) = (&mut described.description, &described.family.form);
        let mut end_tokens = description.end_tokens.clone();
        end_tokens.extend(generation_end_tokens(files)?);
        let mut shards = Shards::open(files, form)?;
        if description.head.tied
            && let Some(embedding) = form.name(Part::Embedding.weight())
            && !shards.settle_tie(&embedding)?
        {
            description.head.tied = false;
            notices.push(OWN_HEAD.to_owned());
        }
        Ok(Self {
            tokenizer: tokenizer_files::load(files)?,
            template: if chat { chat::in_files(files)? } else { None },
            own: shards.precision(),
            weights: Weights::of_files(shards, &described),
            start_token: described.description.start_token,
            end_tokens,
            described,
        })
    }

    /// The parts of a model that is another one and a change.
    fn adapted(files: &Files, adapter: &Adapter) -> Result<Self, ModelError> {
        let raw = adapted(files, adapter, 0, &mut |_| ControlFlow::Continue(()))?;
        let described = Described::gpt2(&raw.config);
        let shards = Shards::in_memory(raw.tensors, &described.family.form);
        Ok(Self {
            tokenizer: raw.tokenizer,
            template: None,
            weights: Weights::of_files(shards, &described),
            own: Precision::F32,
            start_token: described.description.start_token,
            end_tokens: described.description.end_tokens.clone(),
            described,
        })
    }

    /// The parts that a GGUF file holds.
    ///
    /// # Errors
    /// When it is wrong.
    pub(super) fn from_gguf(
        path: &Path,
        chat: bool,
        notices: &mut Vec<String>,
    ) -> Result<Self, ModelError> {
        let mut file = Gguf::open(path)?;
        let described = file.described()?;
        Ok(Self {
            tokenizer: file.tokenizer(notices)?,
            template: if chat { chat::in_gguf(&file)? } else { None },
            own: file.precision(),
            start_token: file.token("tokenizer.ggml.bos_token_id"),
            end_tokens: file.end_tokens(),
            weights: Weights::Gguf(file.into_weights(&described)?),
            described,
        })
    }
}

/// The GGUF file of a directory that holds no model in Hugging Face layout.
///
/// # Errors
/// When there are several.
pub(super) fn lone_gguf(files: &Files) -> Result<Option<PathBuf>, ModelError> {
    let Files::Directory(directory) = files else {
        return Ok(None);
    };
    if files.has(CONFIG) {
        return Ok(None);
    }
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| is_gguf(path) && path.is_file())
        .collect();
    found.sort_unstable();
    if let Some(first) = first_of_split(&found) {
        return Ok(Some(first.clone()));
    }
    match found.as_slice() {
        [] => Ok(None),
        [_] => Ok(found.pop()),
        [first, ..] => Err(ModelError::file(
            directory.display().to_string(),
            format!(
                "holds {} GGUF files; name one of them, such as {}",
                found.len(),
                first.display()
            ),
        )),
    }
}

/// The end tokens of `generation_config.json`, which knows of turns what `config.json` may not.
fn generation_end_tokens(files: &Files) -> Result<Vec<u32>, ModelError> {
    #[derive(Deserialize)]
    struct GenerationConfig {
        eos_token_id: Option<TokenIds>,
    }
    if !files.has(GENERATION_CONFIG) {
        return Ok(Vec::new());
    }
    let config: GenerationConfig = serde_json::from_slice(&files.read(GENERATION_CONFIG)?)
        .map_err(|error| {
            ModelError::file(
                files.label(GENERATION_CONFIG),
                format!("cannot be understood: {error}"),
            )
        })?;
    Ok(config.eos_token_id.map_or(Vec::new(), TokenIds::into_vec))
}

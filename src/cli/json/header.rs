//! What a stream of records begins with: what made it.

use serde::Serialize;
use serde_json::Value;

use super::FORMAT;
use crate::cli::CliError;
use crate::decoding::GenerationSettings;
use crate::model::{LoadRequest, ModelFile, ModelInfo, weight_files};
use crate::sampling::SamplerSettings;
use crate::training::with_run;

/// What made the stream. It is the first record of each.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Header {
    /// The version of this format.
    pub format: u32,
    /// `logitscope`.
    pub program: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The subcommand, such as `odds` or `runs show`.
    pub command: &'static str,
    /// The model, where one is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<HeaderModel>,
    /// The model that it is held against, where there are two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<HeaderModel>,
    /// The model that runs ahead of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<HeaderModel>,
    /// The sampler's settings, by their names under `[sampler]` in config.toml.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampler: Option<Value>,
    /// What else decides a text, by the names under `[generation]` in config.toml.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<Value>,
    /// The seed of the draws; of the first sample's, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The prompt, if there is a single one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The recipe of a run, by its names in TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Value>,
}

/// The model that was loaded.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeaderModel {
    /// What was asked for with `--model`.
    pub source: String,
    /// Its name for people.
    pub name: String,
    /// Its family, such as `gpt2`.
    pub architecture: String,
    pub parameters: usize,
    /// Tokens in its vocabulary.
    pub vocabulary: usize,
    /// Most tokens that it can look at.
    pub context_length: usize,
    /// What the large matrices are held in.
    pub precision: &'static str,
    /// `cpu`, `cuda:0`, `metal:0`.
    pub device: String,
    /// What an NVIDIA GPU is; null where there is none.
    pub card: Option<String>,
    /// Whether prompts are put as messages of a conversation.
    pub chat: bool,
    /// The files that its weights came from.
    pub files: Vec<ModelFile>,
}

impl Header {
    /// The header of a subcommand that loads nothing.
    pub fn new(command: &'static str) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            command,
            model: None,
            base: None,
            draft: None,
            sampler: None,
            generation: None,
            seed: None,
            prompt: None,
            recipe: None,
        }
    }

    /// With the model that `request` has loaded, whose files are read for their hashes.
    ///
    /// # Errors
    /// When they cannot be read any more.
    pub fn with_model(mut self, info: &ModelInfo, request: &LoadRequest) -> Result<Self, CliError> {
        self.model = Some(HeaderModel::new(info, request)?);
        Ok(self)
    }

    /// With the model that it is held against.
    ///
    /// # Errors
    /// When its files cannot be read any more.
    pub fn with_base(mut self, info: &ModelInfo, request: &LoadRequest) -> Result<Self, CliError> {
        self.base = Some(HeaderModel::new(info, request)?);
        Ok(self)
    }

    /// With the model that runs ahead.
    ///
    /// # Errors
    /// When its files cannot be read any more.
    pub fn with_draft(mut self, info: &ModelInfo, request: &LoadRequest) -> Result<Self, CliError> {
        self.draft = Some(HeaderModel::new(info, request)?);
        Ok(self)
    }

    /// With what decides a text.
    pub fn with_settings(
        mut self,
        sampler: &SamplerSettings,
        generation: &GenerationSettings,
    ) -> Self {
        self.sampler = serde_json::to_value(sampler).ok();
        self.generation = serde_json::to_value(generation).ok();
        self.seed = Some(generation.seed);
        self
    }
}

impl HeaderModel {
    fn new(info: &ModelInfo, request: &LoadRequest) -> Result<Self, CliError> {
        let (request, _) = with_run(request).map_err(CliError::failed)?;
        Ok(Self {
            source: request.source.clone(),
            name: info.name.clone(),
            architecture: info.architecture.clone(),
            parameters: info.parameters,
            vocabulary: info.vocabulary,
            context_length: info.context_length,
            precision: info.precision.name(),
            device: info.device.clone(),
            card: info.card.clone(),
            chat: request.chat,
            files: weight_files(&request).map_err(CliError::failed)?,
        })
    }
}

//! Which of the supported architectures a model has.

use candle_core::Device;

use super::config::{Gpt2Config, OWN_MODEL_TYPE};
use super::llama::config::{Family, LlamaConfig};
use super::tensor_names::{GPT2_EMBEDDING, LLAMA_EMBEDDING};
use crate::model::gpu::{card, device_name};
use crate::model::{ModelError, ModelInfo, Precision};

/// A model's architecture and its hyperparameters.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) enum Architecture {
    Gpt2(Gpt2Config),
    Llama(LlamaConfig),
}

/// Counts of numbers in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) struct Sizes {
    /// Trainable ones, a tied head counted once.
    pub(in crate::model) parameters: u64,
    /// In the token embedding.
    pub(in crate::model) embedding: u64,
    /// In the embedding of positions.
    pub(in crate::model) positions: u64,
    /// Whether the head is the token embedding.
    pub(in crate::model) tied: bool,
    /// In the largest matrix of a layer.
    pub(in crate::model) widest: u64,
    /// Keys and values of one token.
    pub(in crate::model) cached: u64,
}

/// The names of those that can be loaded, for errors.
pub(in crate::model) const SUPPORTED: &str = "gpt2, llama, mistral and qwen2";

impl Architecture {
    /// Reads and checks a `config.json`. `file` names it in errors.
    ///
    /// # Errors
    /// When it is no JSON, describes another architecture, or contradicts itself.
    pub(in crate::model) fn from_json(json: &[u8], file: &str) -> Result<Self, ModelError> {
        let value: serde_json::Value = serde_json::from_slice(json)
            .map_err(|error| ModelError::file(file, format!("is no valid JSON: {error}")))?;
        match model_type(&value).as_str() {
            "gpt2" | OWN_MODEL_TYPE => Gpt2Config::from_json(json, file).map(Self::Gpt2),
            other => match Family::named(other) {
                Some(family) => LlamaConfig::from_json(family, value, file).map(Self::Llama),
                None => Err(unsupported(other, file)),
            },
        }
    }

    /// Its `model_type`.
    pub(in crate::model) fn name(&self) -> &'static str {
        match self {
            Self::Gpt2(_) => "gpt2",
            Self::Llama(config) => config.family.name(),
        }
    }

    /// Trainable numbers, a tied head counted once.
    pub(in crate::model) fn parameters(&self) -> usize {
        match self {
            Self::Gpt2(config) => config.parameters(),
            Self::Llama(config) => config.parameters(),
        }
    }

    /// Length of the logits.
    pub(in crate::model) fn vocabulary(&self) -> usize {
        match self {
            Self::Gpt2(config) => config.vocab_size,
            Self::Llama(config) => config.vocabulary,
        }
    }

    /// Most tokens that the model can look at.
    pub(in crate::model) fn context_length(&self) -> usize {
        match self {
            Self::Gpt2(config) => config.n_positions,
            Self::Llama(config) => config.context_length,
        }
    }

    /// The name of the token embedding, if the head is told to be the same.
    pub(in crate::model) fn tied_embedding(&self) -> Option<&'static str> {
        match self {
            Self::Gpt2(config) => config.tie_word_embeddings.then_some(GPT2_EMBEDDING),
            Self::Llama(config) => config.tied.then_some(LLAMA_EMBEDDING),
        }
    }

    /// Gives it a head of its own.
    pub(in crate::model) fn untie(&mut self) {
        match self {
            Self::Gpt2(config) => config.tie_word_embeddings = false,
            Self::Llama(config) => config.tied = false,
        }
    }

    /// The context length, if it is that of a sliding window.
    pub(in crate::model) fn sliding_window(&self) -> Option<usize> {
        match self {
            Self::Gpt2(_) => None,
            Self::Llama(config) => config.sliding_window,
        }
    }

    /// The widths along which large matrices would be cut into blocks, with their names in the configuration.
    pub(in crate::model) fn row_widths(&self) -> Vec<(&'static str, usize)> {
        match self {
            Self::Gpt2(config) => {
                vec![
                    ("n_embd", config.n_embd),
                    ("n_inner", config.inner_width()),
                    ("attention width", config.attention_width()),
                ]
            }
            Self::Llama(config) => vec![
                ("hidden_size", config.width),
                ("intermediate_size", config.inner_width),
                (
                    "width of all heads",
                    config.heads.queries * config.heads.width,
                ),
            ],
        }
    }

    /// How many numbers are where.
    pub(in crate::model) fn sizes(&self) -> Sizes {
        let (width, inner, positions, heads, layers, tied) = match self {
            Self::Gpt2(config) => (
                config.n_embd,
                config.inner_width(),
                config.n_positions * config.n_embd,
                config.attention_width(),
                config.n_layer,
                config.tie_word_embeddings,
            ),
            Self::Llama(config) => (
                config.width,
                config.inner_width,
                0,
                config.heads.keys * config.heads.width,
                config.layers,
                config.tied,
            ),
        };
        Sizes {
            parameters: self.parameters() as u64,
            embedding: (self.vocabulary() * width) as u64,
            positions: positions as u64,
            tied,
            widest: (width * inner) as u64,
            cached: (2 * layers * heads) as u64,
        }
    }

    /// The tokens that end a text, as the configuration has them.
    pub(in crate::model) fn end_tokens(&self) -> Vec<u32> {
        match self {
            Self::Gpt2(config) => {
                let ids = config.eos_token_id.clone();
                ids.map_or(Vec::new(), crate::model::TokenIds::into_vec)
            }
            Self::Llama(config) => config.end_tokens.clone(),
        }
    }

    /// The token that texts start from, as the configuration has it.
    pub(in crate::model) fn start_token(&self) -> Option<u32> {
        match self {
            Self::Gpt2(_) => None,
            Self::Llama(config) => config.start_token,
        }
    }

    /// What is known of a model, but for its tokens.
    pub(in crate::model) fn info(
        &self,
        name: String,
        device: &Device,
        precision: Precision,
    ) -> ModelInfo {
        let (layers, heads, width) = match self {
            Self::Gpt2(config) => (config.n_layer, config.n_head, config.n_embd),
            Self::Llama(config) => (config.layers, config.heads.queries, config.width),
        };
        ModelInfo {
            name,
            architecture: self.name().to_owned(),
            parameters: self.parameters(),
            layers,
            heads,
            width,
            vocabulary: self.vocabulary(),
            context_length: self.context_length(),
            sliding_window: self.sliding_window(),
            start_token: None,
            end_tokens: Vec::new(),
            device: device_name(device),
            card: card(device),
            precision,
            token_set: 0,
            adds_first_space: false,
        }
    }
}

/// What a `config.json` calls its architecture. GPT-2's own files are older than that field.
fn model_type(value: &serde_json::Value) -> String {
    if let Some(name) = value["model_type"].as_str() {
        return name.to_owned();
    }
    match value["architectures"][0].as_str() {
        Some(class) => class
            .trim_end_matches("ForCausalLM")
            .trim_end_matches("LMHeadModel")
            .to_lowercase(),
        None => "gpt2".to_owned(),
    }
}

/// The error for an architecture that cannot be loaded.
pub(in crate::model) fn unsupported(name: &str, file: &str) -> ModelError {
    ModelError::file(
        file,
        format!("describes a `{name}` model, but only {SUPPORTED} can be loaded"),
    )
}

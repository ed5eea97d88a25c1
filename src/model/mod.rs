//! Language models on candle, in two rooms above what both stand on: `network` computes, `loading` brings weights and
//! tokenizers from wherever they lie.

pub(crate) mod disk;
mod error;
mod gpu;
mod loading;
mod memory;
mod network;
mod precision;
mod preference;

use serde::{Deserialize, Serialize};

pub use error::{ModelError, plain};
pub use gpu::{card, device_name, peak, reset_peak};
pub use loading::{
    ADAPTER, ADAPTER_WEIGHTS, Adapter, CachedModel, Chat, EMBEDDED, HubOptions, LoadProgress,
    LoadRequest, LoadedModel, ModelFile, ModelSummary, RawModel, cached_models_in, choose,
    describe, embedded_size, load, load_raw, load_tokenizer, load_with, models_at_hand,
    models_at_hand_in, weight_files, weights_hash,
};
pub use memory::{
    address_space_limit, available_memory, bytes_text, check_left, check_room, reserved,
};
pub use network::{
    Activation, Cache, Cost, Gpt2Config, Held, OWN_MODEL_TYPE, Observer, Rows, Site, TokenIds,
};
pub use precision::Precision;
pub use preference::DevicePreference;

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The source's name for people: `embedded`, a directory's name, a hub id.
    pub name: String,
    /// Its family, as transformers names it, such as `gpt2` or `qwen3`.
    pub architecture: String,
    /// Trainable numbers, a tied head counted once.
    pub parameters: usize,
    pub layers: usize,
    pub heads: usize,
    /// Length of a hidden state.
    pub width: usize,
    /// Length of the logits.
    pub vocabulary: usize,
    /// Most tokens that the model can look at.
    pub context_length: usize,
    /// The most tokens that those of its layers see which do not see all, if there are such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliding_window: Option<usize>,
    /// The token that texts start from, if the model has one.
    pub start_token: Option<u32>,
    /// The tokens that end a text or a turn of a conversation.
    pub end_tokens: Vec<u32>,
    /// `cpu`, `cuda:0`, `metal:0`.
    pub device: String,
    /// What an NVIDIA GPU is and how much memory it has: `NVIDIA H100 80GB HBM3 85.0 GB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    pub precision: Precision,
    /// Equal for models whose ids stand for the same tokens, within one run of the program.
    #[serde(skip)]
    pub token_set: u64,
    /// Whether the tokens of a text begin with a space that is not in it.
    #[serde(skip)]
    pub adds_first_space: bool,
}

#[cfg(test)]
impl ModelInfo {
    /// One for tests that ask for little of it.
    pub(crate) fn small() -> Self {
        Self {
            name: "a".to_owned(),
            architecture: "gpt2".to_owned(),
            parameters: 1,
            layers: 1,
            heads: 1,
            width: 1,
            vocabulary: 1000,
            context_length: 100,
            sliding_window: None,
            start_token: None,
            end_tokens: Vec::new(),
            device: "cpu".to_owned(),
            card: None,
            precision: Precision::F32,
            token_set: 1,
            adds_first_space: false,
        }
    }
}

/// A causal language model: reads tokens into hidden states, turns hidden states into logits.
///
/// Hidden states are those after the final norm, so that [`Model::logits`] alone gives the odds again.
pub trait Model: Send {
    fn info(&self) -> &ModelInfo;

    /// What a token costs it, where that is known.
    fn cost(&self) -> Option<Cost> {
        None
    }

    /// An empty cache for one text.
    ///
    /// # Errors
    /// When the device has no room.
    fn new_cache(&self) -> Result<Cache, ModelError>;

    /// Reads `tokens` at the end of `cache`, which grows by as many. Returns the final hidden state of each:
    /// `tokens.len()` rows of `width`.
    ///
    /// # Errors
    /// When the cache would grow past the context length, a token is outside the vocabulary, or the device fails.
    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError>;

    /// As [`Model::read`], showing `observer` what it wants to see of what is computed on the way. A model without a
    /// network inside shows nothing.
    ///
    /// # Errors
    /// As [`Model::read`].
    fn read_observed(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        observer: &mut dyn Observer,
    ) -> Result<Rows, ModelError> {
        let _ = observer;
        self.read(tokens, cache)
    }

    /// Reads one token at the end of each of several texts, together. Returns a row of `width` a text.
    ///
    /// # Errors
    /// As [`Model::read`].
    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError>;

    /// As [`Model::read`] for each of several texts: in one pass over the weights, unless the model can read only one at
    /// a time. Returns the rows of each.
    ///
    /// # Errors
    /// As [`Model::read`], and when there is not a cache for each text. Then some may have been read.
    fn read_each(
        &self,
        texts: &[&[u32]],
        caches: &mut [&mut Cache],
    ) -> Result<Vec<Rows>, ModelError> {
        if texts.len() != caches.len() {
            return Err(ModelError::UnequalBatch {
                tokens: texts.len(),
                caches: caches.len(),
            });
        }
        let both = texts.iter().zip(caches);
        both.map(|(tokens, cache)| self.read(tokens, cache))
            .collect()
    }

    /// Applies the head: a row of `vocabulary` logits for each row of hidden states.
    ///
    /// # Errors
    /// When the device fails.
    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError>;
}

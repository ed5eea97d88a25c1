//! The Llama family's hyperparameters, as `config.json` gives them.

use serde::Deserialize;

use super::Scaling;
use crate::model::network::attention::Heads;
use crate::model::network::config::TokenIds;
use crate::model::{Activation, ModelError};

/// Which of the near relatives a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Family {
    Llama,
    Mistral,
    Qwen2,
}

impl Family {
    /// The family of a `model_type`.
    pub(in crate::model) fn named(name: &str) -> Option<Self> {
        match name {
            "llama" => Some(Self::Llama),
            "mistral" => Some(Self::Mistral),
            "qwen2" => Some(Self::Qwen2),
            _ => None,
        }
    }

    /// The `model_type`.
    pub(in crate::model) fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
        }
    }
}

/// What of a configuration changes the arithmetic.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) struct LlamaConfig {
    pub(in crate::model) family: Family,
    pub(in crate::model) vocabulary: usize,
    /// Length of a hidden state.
    pub(in crate::model) width: usize,
    /// Width of the feed-forward layer.
    pub(in crate::model) inner_width: usize,
    pub(in crate::model) layers: usize,
    pub(in crate::model) heads: Heads,
    pub(in crate::model) activation: Activation,
    pub(in crate::model) context_length: usize,
    /// The context length if it is that of a sliding window: the model itself would look farther back, through layer
    /// after layer.
    pub(in crate::model) sliding_window: Option<usize>,
    pub(in crate::model) norm_epsilon: f64,
    pub(in crate::model) rope_theta: f64,
    pub(in crate::model) scaling: Scaling,
    pub(in crate::model) qkv_bias: bool,
    pub(in crate::model) out_bias: bool,
    pub(in crate::model) mlp_bias: bool,
    /// Whether the head is the token embedding.
    pub(in crate::model) tied: bool,
    pub(in crate::model) start_token: Option<u32>,
    pub(in crate::model) end_tokens: Vec<u32>,
}

/// The fields of `config.json`. Those that every model's file has must be there; the others take the defaults of
/// transformers.
#[derive(Deserialize)]
struct File {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    #[serde(default = "silu")]
    hidden_act: Activation,
    max_position_embeddings: usize,
    rms_norm_eps: f64,
    rope_theta: Option<f64>,
    rope_scaling: Option<RopeFile>,
    /// The newer place for both of the above.
    rope_parameters: Option<RopeFile>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    tie_word_embeddings: bool,
    sliding_window: Option<usize>,
    use_sliding_window: Option<bool>,
    bos_token_id: Option<TokenIds>,
    eos_token_id: Option<TokenIds>,
    partial_rotary_factor: Option<f64>,
}

#[derive(Deserialize)]
struct RopeFile {
    rope_type: Option<String>,
    /// The older name; files may have both.
    #[serde(rename = "type")]
    older_type: Option<String>,
    partial_rotary_factor: Option<f64>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
}

fn silu() -> Activation {
    Activation::Silu
}

impl LlamaConfig {
    /// Reads and checks the fields of a `config.json`. `file` names it in errors.
    ///
    /// # Errors
    /// When a field is missing, or they contradict themselves.
    pub(in crate::model) fn from_json(
        family: Family,
        value: serde_json::Value,
        file: &str,
    ) -> Result<Self, ModelError> {
        let wrong = |problem: String| ModelError::file(file, problem);
        let fields: File = serde_json::from_value(value)
            .map_err(|error| wrong(format!("is no {} configuration: {error}", family.name())))?;
        let places = [&fields.rope_scaling, &fields.rope_parameters];
        let ropes = places.into_iter().flatten();
        let theta = ropes.clone().find_map(|rope| rope.rope_theta);
        let turned = ropes.filter_map(|rope| rope.partial_rotary_factor);
        if let Some(part) = turned
            .chain(fields.partial_rotary_factor)
            .find(|part| *part != 1.0)
        {
            return Err(wrong(format!(
                "turns only a part of each head by its position (partial_rotary_factor {part}), which cannot be computed yet"
            )));
        }
        let rope = fields.rope_scaling.or(fields.rope_parameters);
        let queries = fields.num_attention_heads;
        let head_width = fields
            .head_dim
            .unwrap_or_else(|| fields.hidden_size / queries.max(1));
        let biased = fields.attention_bias || family == Family::Qwen2;
        // Within the window, attention is the same as without one: the model is simply shown no more than that.
        let windowed = match family {
            Family::Llama => false,
            Family::Mistral => true,
            Family::Qwen2 => fields.use_sliding_window == Some(true),
        };
        let window = fields
            .sliding_window
            .filter(|window| windowed && *window < fields.max_position_embeddings);
        let config = Self {
            family,
            vocabulary: fields.vocab_size,
            width: fields.hidden_size,
            inner_width: fields.intermediate_size,
            layers: fields.num_hidden_layers,
            heads: Heads {
                queries,
                keys: fields.num_key_value_heads.unwrap_or(queries),
                width: head_width,
            },
            activation: fields.hidden_act,
            context_length: window.unwrap_or(fields.max_position_embeddings),
            sliding_window: window,
            norm_epsilon: fields.rms_norm_eps,
            rope_theta: theta.or(fields.rope_theta).unwrap_or(10_000.0),
            scaling: rope.map_or(Ok(Scaling::None), scaling).map_err(wrong)?,
            qkv_bias: biased,
            out_bias: fields.attention_bias && family == Family::Llama,
            mlp_bias: fields.mlp_bias,
            tied: fields.tie_word_embeddings,
            start_token: fields.bos_token_id.and_then(|ids| ids.first()),
            end_tokens: fields.eos_token_id.map_or(Vec::new(), TokenIds::into_vec),
        };
        config.check().map_err(wrong)?;
        Ok(config)
    }

    /// What contradicts itself, as the rest of a sentence that begins with the file's name.
    pub(in crate::model) fn check(&self) -> Result<(), String> {
        // The limits lie beyond any model, and low enough that no count of parameters overflows.
        let sizes = [
            ("vocabulary", self.vocabulary, 1 << 24),
            ("width", self.width, 1 << 20),
            ("feed-forward width", self.inner_width, 1 << 22),
            ("number of layers", self.layers, 1 << 12),
            ("number of attention heads", self.heads.queries, 1 << 12),
            ("number of key/value heads", self.heads.keys, 1 << 12),
            ("head width", self.heads.width, 1 << 12),
            ("context length", self.context_length, 1 << 28),
        ];
        for (name, size, most) in sizes {
            if size == 0 {
                return Err(format!("has a {name} of 0, but it must be at least 1"));
            }
            if size > most {
                return Err(format!("has a {name} of {size}, which no model can have"));
            }
        }
        if !self.heads.queries.is_multiple_of(self.heads.keys) {
            return Err(format!(
                "has {} attention heads that cannot share {} key/value heads evenly",
                self.heads.queries, self.heads.keys
            ));
        }
        if !self.heads.width.is_multiple_of(2) {
            return Err(format!(
                "has a head width of {}, but rotary positions need an even one",
                self.heads.width
            ));
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 1.0) {
            return Err(format!(
                "has a norm epsilon of {}, but it must be a small positive number such as 1e-5",
                self.norm_epsilon
            ));
        }
        if !(self.rope_theta.is_finite() && self.rope_theta > 0.0) {
            return Err(format!(
                "has a rope_theta of {}, but it must be a positive number such as 10000",
                self.rope_theta
            ));
        }
        Ok(())
    }

    /// Trainable numbers, a tied head counted once.
    pub(in crate::model) fn parameters(&self) -> usize {
        let (width, inner) = (self.width, self.inner_width);
        let query = self.heads.queries * self.heads.width;
        let key = self.heads.keys * self.heads.width;
        let bias = |there: bool, size: usize| if there { size } else { 0 };
        let attention = 2 * width * query
            + 2 * width * key
            + bias(self.qkv_bias, query + 2 * key)
            + bias(self.out_bias, width);
        let feed_forward = 3 * width * inner + bias(self.mlp_bias, 2 * inner + width);
        let embeddings = if self.tied { 1 } else { 2 };
        embeddings * self.vocabulary * width
            + self.layers * (attention + feed_forward + 2 * width)
            + width
    }
}

fn scaling(rope: RopeFile) -> Result<Scaling, String> {
    let kind = rope.rope_type.or(rope.older_type);
    let kind = kind.as_deref().unwrap_or("default");
    let need = |name: &str, value: Option<f64>| {
        value
            .filter(|value| value.is_finite() && *value > 0.0)
            .ok_or_else(|| format!("scales rope by `{kind}` without a positive {name}"))
    };
    match kind {
        "default" => Ok(Scaling::None),
        "linear" => Ok(Scaling::Linear(need("factor", rope.factor)?)),
        "llama3" => Ok(Scaling::Llama3 {
            factor: need("factor", rope.factor)?,
            low_freq_factor: need("low_freq_factor", rope.low_freq_factor)?,
            high_freq_factor: need("high_freq_factor", rope.high_freq_factor)?,
            original_context: need(
                "original_max_position_embeddings",
                rope.original_max_position_embeddings,
            )?,
        }),
        other => Err(format!(
            "scales rope by `{other}`, but only `default`, `linear` and `llama3` are understood"
        )),
    }
}

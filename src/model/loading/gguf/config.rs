//! Hyperparameters from a GGUF file's metadata.

use super::names::in_gguf;
use super::{Gguf, GgufWeights, Value};
use crate::model::network::architecture::{Architecture, unsupported};
use crate::model::network::attention::Heads;
use crate::model::network::config::Gpt2Config;
use crate::model::network::llama::{Family, LlamaConfig, Scaling};
use crate::model::network::tensor_names::HEAD;
use crate::model::{Activation, ModelError};

/// The tensor that divides the speeds of rotary positions.
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";

impl Gguf {
    /// The architecture and its hyperparameters.
    ///
    /// # Errors
    /// When it is another architecture than those supported, a key is missing, or they contradict themselves.
    pub(in crate::model) fn architecture(&mut self) -> Result<Architecture, ModelError> {
        let name = match self.required("general.architecture")? {
            Value::Text(name) => name.clone(),
            _ => return Err(self.unfit("general.architecture")),
        };
        let architecture = match name.as_str() {
            "gpt2" => Architecture::Gpt2(self.gpt2()?),
            other => match Family::named(other) {
                Some(family) => Architecture::Llama(self.llama(family)?),
                None => return Err(unsupported(other, &self.name)),
            },
        };
        self.check_keys(&name)?;
        Ok(architecture)
    }

    /// The tensors, for a model of this architecture.
    pub(in crate::model) fn into_weights(self, architecture: &Architecture) -> GgufWeights {
        let reordered = match architecture {
            Architecture::Llama(config) if config.family != Family::Qwen2 => Some(config.heads),
            _ => None,
        };
        GgufWeights::new(self, reordered)
    }

    fn gpt2(&self) -> Result<Gpt2Config, ModelError> {
        let config = Gpt2Config {
            vocab_size: self.rows("wte.weight")?,
            n_positions: self.size("gpt2.context_length")?,
            n_embd: self.size("gpt2.embedding_length")?,
            n_layer: self.size("gpt2.block_count")?,
            n_head: self.size("gpt2.attention.head_count")?,
            n_inner: Some(self.size("gpt2.feed_forward_length")?),
            layer_norm_epsilon: self.float("gpt2.attention.layer_norm_epsilon")?,
            tie_word_embeddings: !self.has(HEAD),
            eos_token_id: None,
            ..Gpt2Config::default()
        };
        config
            .check()
            .map_err(|problem| ModelError::file(&self.name, problem))?;
        Ok(config)
    }

    fn llama(&mut self, family: Family) -> Result<LlamaConfig, ModelError> {
        let prefix = family.name();
        let key = |name: &str| format!("{prefix}.{name}");
        if self
            .value(&key("expert_count"))
            .is_some_and(|count| count.unsigned() > Some(0))
        {
            return Err(ModelError::file(
                &self.name,
                "is a mixture of experts, which cannot be loaded; choose a dense model",
            ));
        }
        let width = self.size(&key("embedding_length"))?;
        let queries = self.size(&key("attention.head_count"))?;
        let optional = |name: &str| match self.value(&key(name)) {
            Some(value) => match value.unsigned() {
                Some(number) => Ok(Some(number)),
                None => Err(self.unfit(&key(name))),
            },
            None => Ok(None),
        };
        let head_width = match optional("attention.key_length")? {
            Some(width) => Some(width),
            None => optional("rope.dimension_count")?,
        };
        let head_width = head_width.map_or(width / queries.max(1), |size| size as usize);
        for name in ["attention.value_length", "rope.dimension_count"] {
            if optional(name)?.is_some_and(|size| size != head_width as u64) {
                return Err(ModelError::file(
                    &self.name,
                    format!(
                        "has another `{}` than its head width of {head_width}, which cannot be computed",
                        key(name)
                    ),
                ));
            }
        }
        let keys = optional("attention.head_count_kv")?.map_or(queries, |count| count as usize);
        let theta = self.number(&key("rope.freq_base"))?;
        let context_length = self.size(&key("context_length"))?;
        let window = optional("attention.sliding_window")?.map(|window| window as usize);
        let window = window.filter(|window| (1..context_length).contains(window));
        let bias = |name: &str| self.has(&format!("layers.0.{name}.bias"));
        let mut config = LlamaConfig {
            family,
            vocabulary: self.rows("embed_tokens.weight")?,
            width,
            inner_width: self.size(&key("feed_forward_length"))?,
            layers: self.size(&key("block_count"))?,
            heads: Heads {
                queries,
                keys,
                width: head_width,
            },
            activation: Activation::Silu,
            context_length: window.unwrap_or(context_length),
            sliding_window: window,
            norm_epsilon: self.float(&key("attention.layer_norm_rms_epsilon"))?,
            rope_theta: theta.unwrap_or(10_000.0),
            scaling: self.scaling(prefix)?,
            qkv_bias: bias("self_attn.q_proj"),
            out_bias: bias("self_attn.o_proj"),
            mlp_bias: bias("mlp.gate_proj"),
            tied: !self.has(HEAD),
            start_token: None,
            end_tokens: Vec::new(),
        };
        config
            .check()
            .map_err(|problem| ModelError::file(&self.name, problem))?;
        if self.header.tensors.contains_key(ROPE_FACTORS) {
            let mut factors = self.rope_factors(head_width / 2)?;
            if let Scaling::Linear(factor) = config.scaling {
                for each in &mut factors {
                    *each *= factor as f32;
                }
            }
            config.scaling = Scaling::Each(factors);
        }
        Ok(config)
    }

    /// As llama.cpp understands it: linear without a type, the older key without the newer one, and a factor of 0 for
    /// none.
    fn scaling(&self, prefix: &str) -> Result<Scaling, ModelError> {
        let key = |name: &str| format!("{prefix}.rope.{name}");
        let kind_key = key("scaling.type");
        let kind = match self.value(&kind_key) {
            None => "linear",
            Some(Value::Text(kind)) => kind.as_str(),
            Some(_) => return Err(self.unfit(&kind_key)),
        };
        let found = ["scaling.factor", "scale_linear"]
            .map(key)
            .into_iter()
            .find_map(|key| match self.number(&key) {
                Ok(factor) => factor.map(|factor| Ok((key, factor))),
                Err(error) => Some(Err(error)),
            })
            .transpose()?;
        match (kind, found) {
            ("none", _) | ("linear", None) => Ok(Scaling::None),
            ("linear", Some((_, factor))) if factor == 0.0 || factor == 1.0 => Ok(Scaling::None),
            ("linear", Some((_, factor))) if factor.is_finite() && factor > 0.0 => {
                Ok(Scaling::Linear(factor))
            }
            ("linear", Some((key, _))) => Err(self.unfit(&key)),
            (other, _) => Err(ModelError::file(
                &self.name,
                format!(
                    "scales rope by `{other}` (`{kind_key}`), but only `none` and `linear` are understood"
                ),
            )),
        }
    }

    /// A number of the metadata, if it is there.
    fn number(&self, key: &str) -> Result<Option<f64>, ModelError> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => value.number().map(Some).ok_or_else(|| self.unfit(key)),
        }
    }

    /// The numbers that divide the speeds of rotary positions, which is how llama3's scaling is written.
    fn rope_factors(&mut self, pairs: usize) -> Result<Vec<f32>, ModelError> {
        let factors = self.vector(ROPE_FACTORS, pairs)?;
        if factors
            .iter()
            .any(|factor| !(factor.is_finite() && *factor > 0.0))
        {
            return Err(ModelError::tensor(
                &self.name,
                ROPE_FACTORS,
                "holds numbers that are not positive",
            ));
        }
        Ok(factors)
    }

    /// Whether there is a tensor that transformers calls `name`.
    fn has(&self, name: &str) -> bool {
        self.header.tensors.contains_key(&in_gguf(name))
    }

    /// The number of rows of a matrix.
    fn rows(&self, name: &str) -> Result<usize, ModelError> {
        let name = in_gguf(name);
        match self.header.tensors.get(&name) {
            Some(info) => Ok(info.shape[0]),
            None => Err(ModelError::tensor(
                &self.name,
                &name,
                "is missing, but every model needs it",
            )),
        }
    }

    fn size(&self, key: &str) -> Result<usize, ModelError> {
        let value = self.required(key)?.unsigned();
        let size = value.and_then(|value| usize::try_from(value).ok());
        size.ok_or_else(|| self.unfit(key))
    }

    fn float(&self, key: &str) -> Result<f64, ModelError> {
        self.required(key)?.number().ok_or_else(|| self.unfit(key))
    }

    pub(super) fn unfit(&self, key: &str) -> ModelError {
        ModelError::file(&self.name, format!("has a `{key}` that cannot be used"))
    }
}

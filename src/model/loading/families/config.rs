//! The fields of a `config.json`, and the facts that most families say by them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::rope::ropes;
use crate::model::network::attention::Heads;
use crate::model::network::config::TokenIds;
use crate::model::network::description::{
    AttentionFacts, Description, EmbeddingFacts, FeedForwardFacts, HeadFacts, LayerFacts,
    NormFacts, NormKind, NormPlaces, Order,
};
use crate::model::network::{Activation, MOST_LAYERS};

/// The fields of a `config.json`. A field that is `null` is not there.
#[derive(Clone)]
pub(super) struct Config<'a> {
    fields: Cow<'a, Map<String, Value>>,
    family: &'static str,
}

impl<'a> Config<'a> {
    pub(super) fn new(value: &'a Value, family: &'static str) -> Result<Self, String> {
        let fields = value.as_object();
        let fields = fields.ok_or_else(|| format!("is no {family} configuration"))?;
        Ok(Self {
            fields: Cow::Borrowed(fields),
            family,
        })
    }

    /// With a field under the usual name, where the family has another one.
    pub(super) fn renamed(&self, from: &str, to: &str) -> Self {
        let mut config = self.clone();
        if let Some(value) = self.field(from) {
            config.fields.to_mut().insert(to.to_owned(), value.clone());
        }
        config
    }

    /// With what is taken where a field is not there.
    pub(super) fn otherwise(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut config = self.clone();
        if self.field(name).is_none() {
            config.fields.to_mut().insert(name.to_owned(), value.into());
        }
        config
    }

    /// Without a field that this family has no use for.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut config = self.clone();
        config.fields.to_mut().remove(name);
        config
    }

    /// All fields.
    pub(super) fn as_json(&self) -> Value {
        Value::Object(self.fields.clone().into_owned())
    }

    /// Whether a field is there, be it `null`.
    pub(super) fn says(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// The first of several fields that is there.
    pub(super) fn one_of(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.field(name))
    }

    /// The error for what stands in a field and cannot.
    pub(super) fn unfit(&self, name: &str, wanted: &str) -> String {
        let value = self.field(name).map_or_else(String::new, Value::to_string);
        let value: String = value.chars().take(40).collect();
        format!(
            "is no {} configuration: `{name}` is {value}, but must be {wanted}",
            self.family
        )
    }

    fn missing(&self, name: &str) -> String {
        format!(
            "is no {} configuration: missing field `{name}`",
            self.family
        )
    }

    /// A whole number, if it is there.
    pub(super) fn size(&self, name: &str) -> Result<Option<usize>, String> {
        let read = |value: &Value| {
            let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
            size.ok_or_else(|| self.unfit(name, "a whole number"))
        };
        self.field(name).map(read).transpose()
    }

    /// A whole number, or `otherwise` where nothing is said; `null` says none.
    pub(super) fn size_or(&self, name: &str, otherwise: usize) -> Result<Option<usize>, String> {
        if self.says(name) {
            self.size(name)
        } else {
            Ok(Some(otherwise))
        }
    }

    /// The same of any number.
    pub(super) fn number_or(&self, name: &str, otherwise: f64) -> Result<Option<f64>, String> {
        if self.says(name) {
            self.number(name)
        } else {
            Ok(Some(otherwise))
        }
    }

    /// A whole number that must be there.
    pub(super) fn need(&self, name: &str) -> Result<usize, String> {
        self.size(name)?.ok_or_else(|| self.missing(name))
    }

    /// A number, if it is there.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, String> {
        let read = |value: &Value| value.as_f64().ok_or_else(|| self.unfit(name, "a number"));
        self.field(name).map(read).transpose()
    }

    /// Whether something is said to be so.
    pub(super) fn flag(&self, name: &str, otherwise: bool) -> Result<bool, String> {
        match self.field(name) {
            None => Ok(otherwise),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| self.unfit(name, "true or false")),
        }
    }

    /// A list of texts, if it is there.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, String> {
        let Some(value) = self.field(name) else {
            return Ok(None);
        };
        let texts = value.as_array().and_then(|list| {
            let texts = list.iter().map(Value::as_str);
            texts.collect::<Option<Vec<_>>>()
        });
        texts
            .map(Some)
            .ok_or_else(|| self.unfit(name, "a list of texts"))
    }

    /// An activation by its name.
    pub(super) fn activation(
        &self,
        names: &[&str],
        otherwise: Activation,
    ) -> Result<Activation, String> {
        match self.one_of(names) {
            None => Ok(otherwise),
            Some(value) => serde_json::from_value(value.clone())
                .map_err(|error| format!("is no {} configuration: {error}", self.family)),
        }
    }

    fn ids(&self, name: &str) -> Result<Vec<u32>, String> {
        match self.field(name) {
            None => Ok(Vec::new()),
            Some(value) => serde_json::from_value::<TokenIds>(value.clone())
                .map(TokenIds::into_vec)
                .map_err(|error| format!("is no {} configuration: `{name}`: {error}", self.family)),
        }
    }

    /// Refuses what would change the odds and cannot be computed.
    pub(super) fn refuse(&self, name: &str) -> Result<(), String> {
        if self.flag(name, false)? {
            return Err(format!("asks for `{name}`, which cannot be computed here"));
        }
        Ok(())
    }

    /// The description that the usual fields give: a root-mean-square norm before each part, attention without biases
    /// over everything before, rotary positions in every layer, a gated feed-forward part. Families change what they
    /// have otherwise.
    pub(super) fn usual(&self) -> Result<Description, String> {
        let width = self.need("hidden_size")?;
        let queries = self.need("num_attention_heads")?;
        let keys = self.size("num_key_value_heads")?.unwrap_or(queries);
        let head = self.size("head_dim")?.unwrap_or(width / queries.max(1));
        let context_length = self.need("max_position_embeddings")?;
        let layers = self.need("num_hidden_layers")?.min(MOST_LAYERS + 1);
        let epsilon = self.one_of(&[
            "rms_norm_eps",
            "layer_norm_eps",
            "norm_epsilon",
            "layer_norm_epsilon",
        ]);
        let epsilon = epsilon.and_then(Value::as_f64);
        Ok(Description {
            family: self.family,
            vocabulary: self.need("vocab_size")?,
            width,
            context_length,
            heads: Heads {
                queries,
                keys,
                width: head,
            },
            norm: NormFacts {
                kind: NormKind::Rms,
                epsilon: epsilon.ok_or_else(|| self.missing("rms_norm_eps"))?,
                weight: true,
                plus_one: false,
                bias: false,
            },
            places: NormPlaces {
                before_attention: true,
                after_attention: false,
                before_feed_forward: true,
                after_feed_forward: false,
                order: Order::InTurn,
                last: true,
            },
            embedding: EmbeddingFacts {
                scale: 1.0,
                norm: false,
                positions: None,
                offset: 0,
            },
            attention: AttentionFacts::default(),
            feed_forward: FeedForwardFacts {
                inner: self.need("intermediate_size")?,
                activation: self
                    .activation(&["hidden_act", "hidden_activation"], Activation::Silu)?,
                gated: true,
                bias: false,
            },
            mixture: None,
            residual_scale: 1.0,
            head: HeadFacts {
                tied: self.flag("tie_word_embeddings", false)?,
                bias: false,
                scale: 1.0,
                cap: None,
            },
            ropes: ropes(self, head, context_length)?,
            layers: vec![
                LayerFacts {
                    scale: 1.0 / (head as f64).sqrt(),
                    window: None,
                    rope: Some(0),
                    mixture: false,
                };
                layers
            ],
            start_token: self.ids("bos_token_id")?.first().copied(),
            end_tokens: self.ids("eos_token_id")?,
        })
    }

    /// Gives attention the biases that `attention_bias` says.
    pub(super) fn attention_biases(&self, description: &mut Description) -> Result<(), String> {
        let bias = self.flag("attention_bias", false)?;
        description.attention.bias = bias;
        description.attention.out_bias = self.flag("attention_out_bias", bias)?;
        Ok(())
    }

    /// Gives a window to the layers that `layer_types` names, or else to those of which `slides` says so.
    pub(super) fn slide(
        &self,
        description: &mut Description,
        window: Option<usize>,
        slides: impl Fn(usize) -> bool,
    ) -> Result<(), String> {
        let types = self.texts("layer_types")?;
        let count = description.layers.len();
        if let Some(types) = types.as_ref().filter(|types| types.len() != count) {
            return Err(format!(
                "names the kinds of {} layers (layer_types), but has {count}",
                types.len()
            ));
        }
        for (at, layer) in description.layers.iter_mut().enumerate() {
            let slides = match types.as_ref().map(|types| types[at]) {
                None => slides(at),
                Some("sliding_attention") => true,
                Some("full_attention") => false,
                Some(other) => {
                    return Err(format!(
                        "has layers of `{other}` (layer_types), which cannot be computed here"
                    ));
                }
            };
            layer.window = window.filter(|_| slides);
        }
        if window == Some(0) {
            return Err("has a sliding_window of 0, but it must be at least 1".to_owned());
        }
        Ok(())
    }

    /// Gives a window to the layers from `max_window_layers` on, if `use_sliding_window`.
    pub(super) fn slide_above(&self, description: &mut Description) -> Result<(), String> {
        let window = if self.flag("use_sliding_window", false)? {
            Some(self.size("sliding_window")?.unwrap_or(4096))
        } else {
            None
        };
        let first = self.size("max_window_layers")?.unwrap_or(28);
        self.slide(description, window, |layer| layer >= first)
    }
}

impl Description {
    /// With layer norms.
    pub(super) fn with_layer_norms(mut self) -> Self {
        self.norm.kind = NormKind::Layer;
        self.norm.bias = true;
        self
    }

    /// With a feed-forward part that is not gated.
    pub(super) fn plain(mut self) -> Self {
        self.feed_forward.gated = false;
        self
    }
}

//! A model's description from a GGUF file's metadata.

use serde_json::{Map, Value as Json, json};

use super::{Gguf, GgufWeights, Value};
use crate::model::ModelError;
use crate::model::loading::families::{
    Described, Family, Fused, GgufFields, GgufForm, unsupported,
};
use crate::model::loading::row_order::RowOrder;
use crate::model::network::rope::Scaling;
use crate::model::network::tensors::{Name, Part};

/// The tensor that divides the speeds of rotary positions.
const ROPE_FACTORS: &str = "rope_freqs.weight";
/// Those that do in short and in long texts.
const SHORT_FACTORS: &str = "rope_factors_short.weight";
const LONG_FACTORS: &str = "rope_factors_long.weight";

/// Whole numbers of the metadata, and the fields of a `config.json` that say the same.
const SIZES: [(&str, &str, bool); 12] = [
    ("embedding_length", "hidden_size", true),
    ("block_count", "num_hidden_layers", true),
    ("attention.head_count", "num_attention_heads", true),
    ("context_length", "max_position_embeddings", true),
    ("feed_forward_length", "intermediate_size", false),
    ("attention.head_count_kv", "num_key_value_heads", false),
    ("attention.key_length", "head_dim", false),
    ("attention.sliding_window", "sliding_window", false),
    ("expert_count", "num_experts", false),
    ("expert_used_count", "num_experts_per_tok", false),
    ("expert_feed_forward_length", "moe_intermediate_size", false),
    (
        "expert_shared_feed_forward_length",
        "expert_shared_feed_forward_length",
        false,
    ),
];

/// Other numbers.
const NUMBERS: [(&str, &str); 9] = [
    ("rope.freq_base", "rope_theta"),
    ("rope.freq_base_swa", "rope_local_base_freq"),
    ("attn_logit_softcapping", "attn_logit_softcapping"),
    ("final_logit_softcapping", "final_logit_softcapping"),
    ("attention.scale", "attention_multiplier"),
    ("embedding_scale", "embedding_multiplier"),
    ("residual_scale", "residual_multiplier"),
    ("logit_scale", "logits_scaling"),
    ("attention.clamp_kqv", "clip_qkv"),
];

impl Gguf {
    /// The description of the model.
    ///
    /// # Errors
    /// When it is of a family that is not here, a key is missing, or they contradict themselves.
    pub(in crate::model) fn described(&mut self) -> Result<Described, ModelError> {
        let name = match self.required("general.architecture")? {
            Value::Text(name) => name.clone(),
            _ => return Err(self.unfit("general.architecture")),
        };
        let family = Family::in_gguf(&name);
        let Some((family, form)) = family.and_then(|family| Some((family, family.gguf.as_ref()?)))
        else {
            return Err(unsupported(&name, &self.name));
        };
        let mut fields = self.fields(&name, form)?;
        (form.fields)(&mut fields);
        let described = family.described(&Json::Object(fields.0));
        let mut description = described.map_err(|problem| ModelError::file(&self.name, problem))?;
        if self.header.tensors.contains_key(ROPE_FACTORS)
            && let Some(rope) = description.ropes.first_mut()
        {
            let mut factors = self.rope_factors(ROPE_FACTORS, rope.width / 2)?;
            if let Scaling::Linear(factor) = rope.scaling {
                for each in &mut factors {
                    *each *= factor as f32;
                }
            }
            rope.scaling = Scaling::Each(factors);
        }
        description.norm.plus_one = false;
        self.check_keys(&name, form)?;
        Ok(Described {
            description,
            family,
            notice: None,
        })
    }

    /// The tensors, for a model of this description.
    ///
    /// # Errors
    /// When its family has no GGUF files.
    pub(in crate::model) fn into_weights(
        self,
        described: &Described,
    ) -> Result<GgufWeights, ModelError> {
        let form = described.family.gguf.as_ref();
        let form = form.ok_or_else(|| unsupported(described.family.names[0], &self.name))?;
        let order = RowOrder::new(&described.description, form.pairs, Fused::InTurn);
        Ok(GgufWeights::new(self, form, order))
    }

    /// What a `config.json` would say.
    fn fields(&mut self, name: &str, form: &GgufForm) -> Result<GgufFields, ModelError> {
        let key = |key: &str| format!("{name}.{key}");
        let mut fields = GgufFields(Map::new());
        for (ours, field, required) in SIZES {
            if required || self.value(&key(ours)).is_some() {
                fields.set(field, self.size(&key(ours))?);
            }
        }
        for (ours, field) in NUMBERS {
            if let Some(number) = self.number(&key(ours))? {
                fields.set(field, number);
            }
        }
        // 0 stands for none.
        for field in ["sliding_window", "num_experts", "clip_qkv"] {
            if fields.get(field).and_then(Json::as_f64) == Some(0.0) {
                fields.0.remove(field);
            }
        }
        let (epsilon, field) = if form.layer_norm {
            ("attention.layer_norm_epsilon", "layer_norm_eps")
        } else {
            ("attention.layer_norm_rms_epsilon", "rms_norm_eps")
        };
        fields.set(field, self.float(&key(epsilon))?);
        for flag in ["use_parallel_residual", "expert_weights_norm"] {
            if let Some(Value::Bool(value)) = self.value(&key(flag)) {
                fields.set(flag, *value);
            }
        }
        fields.set(
            "vocab_size",
            self.rows(&self.written(form, Part::Embedding.weight()))?,
        );
        fields.set(
            "tie_word_embeddings",
            !self.has(&self.written(form, Part::Head.weight())),
        );
        let bias = |file: &Self, part: Part| file.has(&file.written(form, part.of(0).bias()));
        fields.set(
            "attention_bias",
            bias(self, Part::Query) || bias(self, Part::Fused),
        );
        fields.set("attention_out_bias", bias(self, Part::AttentionOut));
        fields.set("mlp_bias", bias(self, Part::Up));
        let norms = 1 + usize::from(self.has("blk.0.attn_norm_2.weight"));
        fields.set("norms_side_by_side", norms);
        let own = self.has(&self.written(form, Part::QueryNorm.of(0)));
        fields.set("query_norms", own);
        self.heads(name, form, &mut fields)?;
        self.scaling(name, &mut fields)?;
        Ok(fields)
    }

    /// How wide heads are, and how much of each is turned.
    fn heads(
        &self,
        name: &str,
        form: &GgufForm,
        fields: &mut GgufFields,
    ) -> Result<(), ModelError> {
        let key = |key: &str| format!("{name}.{key}");
        let size = |fields: &GgufFields, field: &str| {
            let size = fields.get(field).and_then(Json::as_u64);
            size.map(|size| size as usize)
        };
        let queries = size(fields, "num_attention_heads").unwrap_or(1).max(1);
        if fields.get("head_dim").is_none() {
            let rows = self.rows(&self.written(form, Part::Query.of(0))).ok();
            let width = size(fields, "hidden_size").unwrap_or(0);
            fields.set("head_dim", rows.unwrap_or(width) / queries);
        }
        let head = size(fields, "head_dim").unwrap_or(0);
        let other = |key: &str| {
            ModelError::file(
                &self.name,
                format!(
                    "has another `{key}` than its head width of {head}, which cannot be computed"
                ),
            )
        };
        let values = key("attention.value_length");
        if self.value(&values).is_some() && self.size(&values)? != head {
            return Err(other(&values));
        }
        let turned = key("rope.dimension_count");
        if self.value(&turned).is_some() {
            let size = self.size(&turned)?;
            if size > head {
                return Err(other(&turned));
            }
            // Half a number more, so that it is not cut off to one fewer.
            fields.set(
                "partial_rotary_factor",
                if size == head {
                    1.0
                } else {
                    (size as f64 + 0.5) / head as f64
                },
            );
        }
        Ok(())
    }

    /// The scaling of rope as llama.cpp understands it: linear without a type, the older key without the newer one, and a
    /// factor of 0 for none.
    fn scaling(&mut self, name: &str, fields: &mut GgufFields) -> Result<(), ModelError> {
        let key = |name_of: &str| format!("{name}.rope.{name_of}");
        if self.header.tensors.contains_key(SHORT_FACTORS) {
            return self.long_factors(name, fields);
        }
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
        let number = |name_of: &str| self.number(&key(name_of));
        let scaling = match (kind, found) {
            ("none", _) | ("linear", None) => return Ok(()),
            ("linear" | "yarn", Some((_, factor))) if factor == 0.0 || factor == 1.0 => {
                return Ok(());
            }
            ("linear", Some((_, factor))) if factor.is_finite() && factor > 0.0 => {
                json!({"rope_type": "linear", "factor": factor})
            }
            ("yarn", Some((_, factor))) if factor.is_finite() && factor > 0.0 => {
                let attention = number("scaling.attn_factor")?
                    .or(number("scaling.yarn_attn_factor")?)
                    .unwrap_or(1.0);
                json!({
                    "rope_type": "yarn",
                    "factor": factor,
                    "original_max_position_embeddings": number("scaling.original_context_length")?,
                    "beta_fast": number("scaling.yarn_beta_fast")?,
                    "beta_slow": number("scaling.yarn_beta_slow")?,
                    "attention_factor": attention * (0.1 * factor.ln() + 1.0),
                })
            }
            ("linear" | "yarn", Some((key, _))) => return Err(self.unfit(&key)),
            (other, _) => {
                return Err(ModelError::file(
                    &self.name,
                    format!(
                        "scales rope by `{other}` (`{kind_key}`), but only `none`, `linear`, `yarn` and tensors of factors are understood"
                    ),
                ));
            }
        };
        fields.set("rope_scaling", scaling);
        Ok(())
    }

    /// The scaling that has numbers for short and for long texts.
    fn long_factors(&mut self, name: &str, fields: &mut GgufFields) -> Result<(), ModelError> {
        let pairs = |file: &Self, tensor: &str| {
            let info = file.header.tensors.get(tensor);
            info.and_then(|info| info.shape.first().copied())
                .unwrap_or(0)
        };
        let (short, long) = (pairs(self, SHORT_FACTORS), pairs(self, LONG_FACTORS));
        let short = self.rope_factors(SHORT_FACTORS, short)?;
        let long = self.rope_factors(LONG_FACTORS, long)?;
        let key = |key: &str| format!("{name}.rope.scaling.{key}");
        let original = self.size(&key("original_context_length"))?;
        let magnitude = self.number(&key("attn_factor"))?;
        fields.set(
            "rope_scaling",
            json!({
                "rope_type": "longrope",
                "short_factor": short,
                "long_factor": long,
                "original_max_position_embeddings": original,
                "attention_factor": magnitude.unwrap_or(1.0),
            }),
        );
        Ok(())
    }

    /// A number of the metadata, if it is there.
    fn number(&self, key: &str) -> Result<Option<f64>, ModelError> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => value.number().map(Some).ok_or_else(|| self.unfit(key)),
        }
    }

    /// The numbers that divide the speeds of rotary positions, which is how llama3's scaling is written.
    fn rope_factors(&mut self, name: &str, pairs: usize) -> Result<Vec<f32>, ModelError> {
        let factors = self.vector(name, pairs)?;
        if factors
            .iter()
            .any(|factor| !(factor.is_finite() && *factor > 0.0))
        {
            return Err(ModelError::tensor(
                &self.name,
                name,
                "holds numbers that are not positive",
            ));
        }
        Ok(factors)
    }

    /// What it calls a tensor.
    fn written(&self, form: &GgufForm, name: Name) -> String {
        form.name(name, |name| self.has(name))
    }

    /// Whether there is such a tensor.
    fn has(&self, name: &str) -> bool {
        self.header.tensors.contains_key(name)
    }

    /// The number of rows of a matrix.
    fn rows(&self, name: &str) -> Result<usize, ModelError> {
        match self.header.tensors.get(name) {
            Some(info) => Ok(info.shape[0]),
            None => Err(ModelError::tensor(
                &self.name,
                name,
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

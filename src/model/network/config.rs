//! GPT-2's hyperparameters as `config.json` gives them.

use serde::Deserialize;

use crate::model::{Activation, ModelError};

/// The fields of a GPT-2 `config.json` that change the arithmetic. Absent fields take the defaults of
/// transformers' `GPT2Config`; its long names (`hidden_size` for `n_embd`, ...) are understood too.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Gpt2Config {
    pub model_type: String,
    pub vocab_size: usize,
    pub n_positions: usize,
    pub n_embd: usize,
    pub n_layer: usize,
    pub n_head: usize,
    /// Width of the feed-forward layer; `4 * n_embd` when absent.
    pub n_inner: Option<usize>,
    pub activation_function: Activation,
    pub layer_norm_epsilon: f64,
    /// Divides attention scores by the square root of the head width.
    pub scale_attn_weights: bool,
    /// Also divides the scores of layer `i` by `i + 1`.
    pub scale_attn_by_inverse_layer_idx: bool,
    pub tie_word_embeddings: bool,
    pub add_cross_attention: bool,
    pub eos_token_id: Option<TokenIds>,
    /// Not in transformers: each norm follows its sum, as in the first transformer, and none comes last.
    pub post_norm: bool,
    /// Not in transformers: numbers in one head's query, key or value; `n_embd / n_head` when absent.
    pub head_width: Option<usize>,
    /// Not in transformers: the head, which is then no part of the embedding, adds `lm_head.bias`.
    pub head_bias: bool,
}

/// The long names of transformers, and the short ones of GPT-2 that they stand for.
const LONG_NAMES: [(&str, &str); 4] = [
    ("max_position_embeddings", "n_positions"),
    ("hidden_size", "n_embd"),
    ("num_hidden_layers", "n_layer"),
    ("num_attention_heads", "n_head"),
];

/// The `model_type` of what GPT-2's own shape cannot say, so that no other program computes something else with it.
pub const OWN_MODEL_TYPE: &str = "logitscope-gpt2";

/// One token id or several, as `eos_token_id` may be. What is no id, such as the -1 that some files have for none, is
/// left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Numbers")]
pub enum TokenIds {
    One(u32),
    Many(Vec<u32>),
}

/// As files have them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(i64),
    Many(Vec<i64>),
}

impl From<Numbers> for TokenIds {
    fn from(numbers: Numbers) -> Self {
        let ids = |numbers: Vec<i64>| {
            let ids = numbers.into_iter().map(u32::try_from);
            ids.filter_map(Result::ok).collect()
        };
        match numbers {
            Numbers::One(number) => {
                u32::try_from(number).map_or_else(|_| Self::Many(Vec::new()), Self::One)
            }
            Numbers::Many(numbers) => Self::Many(ids(numbers)),
        }
    }
}

impl TokenIds {
    /// The first id.
    pub fn first(&self) -> Option<u32> {
        match self {
            Self::One(id) => Some(*id),
            Self::Many(ids) => ids.first().copied(),
        }
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![id],
            Self::Many(ids) => ids,
        }
    }
}

impl Default for Gpt2Config {
    fn default() -> Self {
        Self {
            model_type: "gpt2".to_owned(),
            vocab_size: 50_257,
            n_positions: 1024,
            n_embd: 768,
            n_layer: 12,
            n_head: 12,
            n_inner: None,
            activation_function: Activation::GeluTanh,
            layer_norm_epsilon: 1e-5,
            scale_attn_weights: true,
            scale_attn_by_inverse_layer_idx: false,
            tie_word_embeddings: true,
            add_cross_attention: false,
            eos_token_id: Some(TokenIds::One(50_256)),
            post_norm: false,
            head_width: None,
            head_bias: false,
        }
    }
}

impl Gpt2Config {
    /// Reads and checks a `config.json`. `file` names it in errors.
    ///
    /// # Errors
    /// When it is no JSON, describes another architecture, or contradicts itself.
    pub fn from_json(json: &[u8], file: &str) -> Result<Self, ModelError> {
        let wrong = |problem: String| ModelError::file(file, problem);
        let value: serde_json::Value = serde_json::from_slice(json)
            .map_err(|error| wrong(format!("is no valid JSON: {error}")))?;
        // Named before the fields are read: another architecture's fields would give a misleading error.
        let known = |name: &str| name == "gpt2" || name == OWN_MODEL_TYPE;
        if let Some(other) = value["model_type"].as_str().filter(|name| !known(name)) {
            return Err(wrong(format!(
                "describes a `{other}` model, but only models of GPT-2's family (model_type `gpt2`) can be trained"
            )));
        }
        Self::from_value(value).map_err(wrong)
    }

    /// Reads and checks the fields of a `config.json`. What is wrong is the rest of a sentence that begins with its name.
    pub(in crate::model) fn from_value(mut value: serde_json::Value) -> Result<Self, String> {
        // A file may have both: the short name counts, as in transformers.
        if let Some(fields) = value.as_object_mut() {
            for (long, short) in LONG_NAMES {
                if let Some(value) = fields.remove(long) {
                    fields.entry(short).or_insert(value);
                }
            }
        }
        let config: Self = serde_json::from_value(value)
            .map_err(|error| format!("is no GPT-2 configuration: {error}"))?;
        config.check()?;
        Ok(config)
    }

    /// What contradicts itself, as a clause.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("n_positions", self.n_positions),
            ("n_embd", self.n_embd),
            ("n_layer", self.n_layer),
            ("n_head", self.n_head),
            ("n_inner", self.n_inner.unwrap_or(1)),
            ("head_width", self.head_width.unwrap_or(1)),
        ];
        for (name, size) in sizes {
            if size == 0 {
                return Err(format!("{name} is 0, but must be at least 1"));
            }
            // Larger than any model; smaller products cannot overflow.
            if size > 1 << 28 {
                return Err(format!("{name} is {size}, which no GPT-2 can have"));
            }
        }
        if self.head_width.is_none() && !self.n_embd.is_multiple_of(self.n_head) {
            return Err(format!(
                "n_embd {} cannot be split into {} heads; n_head must divide n_embd",
                self.n_embd, self.n_head
            ));
        }
        if !(self.layer_norm_epsilon > 0.0 && self.layer_norm_epsilon < 1.0) {
            return Err(format!(
                "layer_norm_epsilon is {}, but must be a small positive number such as 1e-5",
                self.layer_norm_epsilon
            ));
        }
        if self.head_bias && self.tie_word_embeddings {
            return Err("gives a bias to a head that is tied to the embedding; set tie_word_embeddings to false".to_owned());
        }
        if self.add_cross_attention {
            return Err(
                "asks for cross-attention to an encoder, which a language model alone does not have".to_owned(),
            );
        }
        Ok(())
    }

    /// Numbers in one head's query, key or value.
    pub fn head_width(&self) -> usize {
        self.head_width.unwrap_or(self.n_embd / self.n_head.max(1))
    }

    /// Numbers in the queries, keys or values of all heads.
    pub fn attention_width(&self) -> usize {
        self.n_head * self.head_width()
    }

    /// Whether transformers has a GPT-2 of this shape.
    pub fn is_plain(&self) -> bool {
        !self.post_norm && !self.head_bias && self.attention_width() == self.n_embd
    }

    /// Width of the feed-forward layer.
    pub fn inner_width(&self) -> usize {
        self.n_inner.unwrap_or(4 * self.n_embd)
    }

    /// What layer `layer`'s attention scores are multiplied by.
    pub fn attention_scale(&self, layer: usize) -> f64 {
        let mut scale = 1.0;
        if self.scale_attn_weights {
            scale /= (self.head_width() as f64).sqrt();
        }
        if self.scale_attn_by_inverse_layer_idx {
            scale /= (layer + 1) as f64;
        }
        scale
    }

    /// Trainable numbers, a tied head counted once.
    pub fn parameters(&self) -> usize {
        let sizes = self.tensors().into_iter();
        sizes
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }

    /// The name and shape of every tensor, without the prefix `transformer.` that all but the head's have in files.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (width, inner, attention) = (self.n_embd, self.inner_width(), self.attention_width());
        let mut tensors = vec![
            ("wte.weight".to_owned(), vec![self.vocab_size, width]),
            ("wpe.weight".to_owned(), vec![self.n_positions, width]),
        ];
        for layer in 0..self.n_layer {
            let parts: [(&str, &[usize]); 12] = [
                ("ln_1.weight", &[width]),
                ("ln_1.bias", &[width]),
                ("attn.c_attn.weight", &[width, 3 * attention]),
                ("attn.c_attn.bias", &[3 * attention]),
                ("attn.c_proj.weight", &[attention, width]),
                ("attn.c_proj.bias", &[width]),
                ("ln_2.weight", &[width]),
                ("ln_2.bias", &[width]),
                ("mlp.c_fc.weight", &[width, inner]),
                ("mlp.c_fc.bias", &[inner]),
                ("mlp.c_proj.weight", &[inner, width]),
                ("mlp.c_proj.bias", &[width]),
            ];
            let named =
                |(name, shape): (&str, &[usize])| (format!("h.{layer}.{name}"), shape.to_vec());
            tensors.extend(parts.into_iter().map(named));
        }
        if !self.post_norm {
            tensors.push(("ln_f.weight".to_owned(), vec![width]));
            tensors.push(("ln_f.bias".to_owned(), vec![width]));
        }
        if !self.tie_word_embeddings {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocab_size, width]));
        }
        if self.head_bias {
            tensors.push(("lm_head.bias".to_owned(), vec![self.vocab_size]));
        }
        tensors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Gpt2Config, String> {
        Gpt2Config::from_json(json.as_bytes(), "dir/config.json").map_err(|error| error.to_string())
    }

    #[test]
    fn the_family_has_its_published_parameter_counts() {
        let size = |n_embd, n_layer, n_head| {
            let config = Gpt2Config {
                n_embd,
                n_layer,
                n_head,
                ..Gpt2Config::default()
            };
            config.parameters()
        };
        assert_eq!(size(768, 12, 12), 124_439_808);
        assert_eq!(size(1024, 24, 16), 354_823_168);
        assert_eq!(size(1280, 36, 20), 774_030_080);
        assert_eq!(size(1600, 48, 25), 1_557_611_200);
    }

    #[test]
    fn the_tutorials_have_their_published_parameter_counts() {
        let books = Gpt2Config {
            vocab_size: 5000,
            n_positions: 128,
            n_embd: 256,
            n_layer: 2,
            n_head: 3,
            head_width: Some(85),
            n_inner: Some(128),
            post_norm: true,
            tie_word_embeddings: false,
            head_bias: true,
            ..Gpt2Config::default()
        };
        assert_eq!(books.parameters(), 3_255_938);
        assert!(!books.is_plain() && Gpt2Config::default().is_plain());
        let imdb = Gpt2Config {
            vocab_size: 20_000,
            n_positions: 80,
            n_layer: 1,
            n_head: 2,
            head_width: Some(256),
            n_inner: Some(256),
            ..books
        };
        assert_eq!(imdb.parameters(), 10_939_168);
    }

    #[test]
    fn long_names_and_defaults_are_those_of_transformers() {
        let config =
            read(r#"{"hidden_size": 96, "num_attention_heads": 3, "eos_token_id": [7, 8]}"#)
                .expect("a valid configuration");
        assert_eq!(
            (config.n_embd, config.n_head, config.head_width()),
            (96, 3, 32)
        );
        assert_eq!((config.n_layer, config.inner_width()), (12, 384));
        assert_eq!(config.eos_token_id.and_then(|ids| ids.first()), Some(7));
    }

    #[test]
    fn both_names_of_a_field_may_be_there() {
        let config = read(
            r#"{"n_embd": 96, "hidden_size": 96, "n_head": 3, "n_layer": 2, "num_hidden_layers": 9}"#,
        );
        let config = config.expect("a valid configuration");
        assert_eq!((config.n_embd, config.n_layer), (96, 2));
    }

    #[test]
    fn what_is_no_token_id_is_none() {
        for (written, expected) in [
            ("-1", vec![]),
            ("[7, -1, 8]", vec![7, 8]),
            ("3", vec![3]),
            ("[]", vec![]),
        ] {
            let config = read(&format!(r#"{{"eos_token_id": {written}}}"#)).expect(written);
            let ids = config.eos_token_id.expect("some").into_vec();
            assert_eq!(ids, expected, "{written}");
        }
        read(r#"{"eos_token_id": "</s>"}"#).expect_err("a text is no id");
    }

    #[test]
    fn attention_scale_follows_both_switches() {
        let mut config = Gpt2Config::default();
        assert_eq!(config.attention_scale(3), 0.125);
        config.scale_attn_by_inverse_layer_idx = true;
        assert_eq!(config.attention_scale(3), 0.125 / 4.0);
        config.scale_attn_weights = false;
        assert_eq!(config.attention_scale(3), 0.25);
    }

    #[test]
    fn each_contradiction_is_one_sentence() {
        let cases = [
            ("{", "dir/config.json: is no valid JSON"),
            (r#"{"model_type": "llama"}"#, "describes a `llama` model"),
            (
                r#"{"n_embd": 10, "n_head": 3}"#,
                "n_embd 10 cannot be split into 3 heads",
            ),
            (r#"{"n_layer": 0}"#, "n_layer is 0"),
            (r#"{"n_positions": 99999999999}"#, "which no GPT-2 can have"),
            (r#"{"n_embd": -1}"#, "is no GPT-2 configuration"),
            (
                r#"{"activation_function": "maxout"}"#,
                "unknown variant `maxout`",
            ),
            (r#"{"layer_norm_epsilon": 0}"#, "layer_norm_epsilon is 0"),
            (r#"{"add_cross_attention": true}"#, "cross-attention"),
            (r#"{"head_bias": true}"#, "tied to the embedding"),
            (r#"{"head_width": 0}"#, "head_width is 0"),
        ];
        for (json, expected) in cases {
            let error = read(json).expect_err(json);
            assert!(error.contains(expected), "{json}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}

//! The tokenizer of a GGUF file, as the `tokenizer.json` that stands for it.
//!
//! candle can build one too (`quantized::tokenizer`), but knows neither sentencepiece nor most ways of cutting a text
//! before its merges, and adds a space in front of GPT-2's.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::{Gguf, Value};
use crate::model::ModelError;
use crate::model::loading::tokenizer_files::check_tokenizer_room;
use crate::text::Tokenizer;

/// Kinds of tokens by ggml's own count.
const UNKNOWN: u32 = 2;
const CONTROL: u32 = 3;
const USER_DEFINED: u32 = 4;

/// How GPT-2 cuts a text into words: what `ByteLevel` has built in.
const GPT2_WORDS: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// How Llama 3 does; `DIGITS` stands for those that stay together.
const LLAMA3_WORDS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How Mistral's Tekken does: a word ends where small letters are followed by a capital.
const TEKKEN_WORDS: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The vocabulary as the metadata has it.
struct Vocabulary<'a> {
    tokens: &'a [String],
    kinds: Vec<u32>,
}

impl Gguf {
    /// Its tokenizer. Adds a notice where it cannot be known to be exact.
    ///
    /// # Errors
    /// When there is none, or it is of a kind that is not understood.
    pub(in crate::model) fn tokenizer(
        &self,
        notices: &mut Vec<String>,
    ) -> Result<Tokenizer, ModelError> {
        let vocabulary = self.vocabulary()?;
        let kind = match self.required("tokenizer.ggml.model")? {
            Value::Text(kind) => kind.as_str(),
            _ => return Err(self.unfit("tokenizer.ggml.model")),
        };
        let mut json = match kind {
            "gpt2" => self.byte_level(&vocabulary, notices)?,
            "llama" => self.sentencepiece(&vocabulary)?,
            other => {
                return Err(ModelError::file(
                    &self.name,
                    format!(
                        "has a tokenizer of the kind `{other}`, but only `gpt2` (byte-level BPE) and `llama` (sentencepiece) are understood"
                    ),
                ));
            }
        };
        json["version"] = "1.0".into();
        json["added_tokens"] = vocabulary.added();
        json["post_processor"] = self.beginning(&vocabulary, kind);
        let json = json.to_string();
        check_tokenizer_room(json.len())?;
        Ok(Tokenizer::from_bytes(json.as_bytes(), &self.name)?)
    }

    fn vocabulary(&self) -> Result<Vocabulary<'_>, ModelError> {
        let Value::Texts(tokens) = self.required("tokenizer.ggml.tokens")? else {
            return Err(self.unfit("tokenizer.ggml.tokens"));
        };
        let mut kinds: Vec<u32> = match self.value("tokenizer.ggml.token_type") {
            Some(Value::Numbers(kinds)) => kinds.iter().map(|kind| *kind as u32).collect(),
            _ => Vec::new(),
        };
        kinds.resize(tokens.len(), 1);
        Ok(Vocabulary { tokens, kinds })
    }

    /// Byte-level BPE: GPT-2's and its descendants'.
    fn byte_level(
        &self,
        vocabulary: &Vocabulary,
        notices: &mut Vec<String>,
    ) -> Result<Json, ModelError> {
        let merges = match self.required("tokenizer.ggml.merges")? {
            Value::Texts(merges) => merges,
            _ => return Err(self.unfit("tokenizer.ggml.merges")),
        };
        let merges: Vec<(&str, &str)> = merges
            .iter()
            .map(|merge| merge.split_once(' '))
            .collect::<Option<_>>()
            .ok_or_else(|| self.unfit("tokenizer.ggml.merges"))?;
        let name = self.text("tokenizer.ggml.pre");
        let words = name.and_then(words).unwrap_or_else(|| {
            let way = match name {
                Some(name) => format!("the way `{name}` in which this model's tokenizer cuts words is not known"),
                None => "the file does not say how this model's tokenizer cuts words (`tokenizer.ggml.pre`)".to_owned(),
            };
            notices.push(crate::model::error::visible(&format!(
                "{way}: text is cut as GPT-2 does, which can differ"
            )));
            Words::gpt2()
        });
        Ok(json!({
            "normalizer": words.normalizer,
            "pre_tokenizer": { "type": "Sequence", "pretokenizers": words.cuts },
            "decoder": byte_level(false),
            "model": {
                "type": "BPE",
                "vocab": vocabulary.ids(),
                "merges": merges,
                "ignore_merges": words.whole_words_first,
            },
        }))
    }

    /// Sentencepiece with scores, as BPE: what joins to a token of a higher score is joined first.
    fn sentencepiece(&self, vocabulary: &Vocabulary) -> Result<Json, ModelError> {
        let scores = match self.required("tokenizer.ggml.scores")? {
            Value::Numbers(scores) if scores.len() == vocabulary.tokens.len() => scores,
            _ => return Err(self.unfit("tokenizer.ggml.scores")),
        };
        let prefixed = match self.value("tokenizer.ggml.add_space_prefix") {
            Some(Value::Bool(prefixed)) => *prefixed,
            _ => true,
        };
        let unknown = vocabulary.of_kind(UNKNOWN).next();
        let unknown = unknown.map(|id| vocabulary.tokens[id].as_str());
        let replace = json!({ "type": "Replace", "pattern": { "String": " " }, "content": "▁" });
        let mut normalizers = vec![replace];
        let mut decoders = vec![
            json!({ "type": "Replace", "pattern": { "String": "▁" }, "content": " " }),
            json!({ "type": "ByteFallback" }),
            json!({ "type": "Fuse" }),
        ];
        if prefixed {
            normalizers.insert(0, json!({ "type": "Prepend", "prepend": "▁" }));
            decoders.push(json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 }));
        }
        Ok(json!({
            "normalizer": { "type": "Sequence", "normalizers": normalizers },
            "pre_tokenizer": null,
            "decoder": { "type": "Sequence", "decoders": decoders },
            "model": {
                "type": "BPE",
                "vocab": vocabulary.ids(),
                "merges": vocabulary.merges(scores),
                "unk_token": unknown,
                "fuse_unk": true,
                "byte_fallback": true,
            },
        }))
    }

    /// What stands at the beginning of every text.
    fn beginning(&self, vocabulary: &Vocabulary, kind: &str) -> Json {
        let wanted = match self.value("tokenizer.ggml.add_bos_token") {
            Some(Value::Bool(wanted)) => *wanted,
            _ => kind == "llama" || self.text("tokenizer.ggml.pre") == Some("llama-bpe"),
        };
        let id = self.token("tokenizer.ggml.bos_token_id").filter(|_| wanted);
        let Some((id, token)) = id.and_then(|id| Some((id, vocabulary.tokens.get(id as usize)?)))
        else {
            return Json::Null;
        };
        json!({
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": token, "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
            ],
            "pair": [
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "Sequence": { "id": "B", "type_id": 0 } },
            ],
            "special_tokens": { token: { "id": token, "ids": [id], "tokens": [token] } },
        })
    }
}

impl Vocabulary<'_> {
    /// Token to id; of two that are written the same, the first counts.
    fn ids(&self) -> HashMap<&str, usize> {
        let pairs = self.tokens.iter().enumerate().rev();
        pairs.map(|(id, token)| (token.as_str(), id)).collect()
    }

    fn of_kind(&self, kind: u32) -> impl Iterator<Item = usize> {
        let kinds = self.kinds.iter().enumerate();
        kinds
            .filter(move |(_, found)| **found == kind)
            .map(|(id, _)| id)
    }

    /// Tokens that are matched in a text as they stand.
    fn added(&self) -> Json {
        let mut ids: Vec<(usize, bool)> = [(UNKNOWN, true), (CONTROL, true), (USER_DEFINED, false)]
            .into_iter()
            .flat_map(|(kind, special)| self.of_kind(kind).map(move |id| (id, special)))
            .filter(|(id, _)| !self.tokens[*id].is_empty())
            .collect();
        ids.sort_unstable();
        ids.into_iter()
            .map(|(id, special)| {
                json!({
                    "id": id, "content": self.tokens[id], "special": special,
                    "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                })
            })
            .collect()
    }

    /// Every way to join two tokens to a third, those of the highest score first. The order of equals is that of
    /// transformers' `generate_merges`.
    fn merges(&self, scores: &[f32]) -> Vec<(&str, &str)> {
        let ids = self.ids();
        let mut merges: Vec<(f32, (&str, &str))> = Vec::new();
        for (token, score) in self.tokens.iter().zip(scores) {
            let mut ways: Vec<(&str, &str)> = token
                .char_indices()
                .skip(1)
                .map(|(at, _)| token.split_at(at))
                .filter(|(left, right)| ids.contains_key(left) && ids.contains_key(right))
                .collect();
            ways.sort_by_key(|(left, right)| (ids[left], ids[right]));
            merges.extend(ways.into_iter().map(|way| (*score, way)));
        }
        let characters = |text: &str| text.chars().count();
        merges.sort_by(|(a_score, a), (b_score, b)| {
            b_score
                .total_cmp(a_score)
                .then_with(|| characters(b.0).cmp(&characters(a.0)))
                .then_with(|| characters(b.1).cmp(&characters(a.1)))
        });
        merges.into_iter().map(|(_, way)| way).collect()
    }
}

/// How a text is cut into words before merging.
struct Words {
    normalizer: Json,
    cuts: Vec<Json>,
    /// Words that are tokens are taken whole, whatever the merges say.
    whole_words_first: bool,
}

impl Words {
    fn cut(cuts: Vec<Json>) -> Self {
        Self {
            normalizer: Json::Null,
            cuts,
            whole_words_first: false,
        }
    }

    fn gpt2() -> Self {
        Self::cut(vec![byte_level(true)])
    }

    fn llama3(digits: &str) -> Self {
        let pattern = LLAMA3_WORDS.replace("DIGITS", digits);
        Self::cut(vec![split(&pattern), byte_level(false)])
    }
}

/// The names that llama.cpp has for the ways of cutting, for models that can be loaded here.
fn words(name: &str) -> Option<Words> {
    Some(match name {
        "gpt-2" | "gpt2" | "phi-2" | "olmo" | "mpt" => Words::gpt2(),
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" | "minerva-7b" => {
            let digits = json!({ "type": "Digits", "individual_digits": true });
            Words::cut(vec![digits, byte_level(true)])
        }
        "default" => Words::cut(vec![
            split(r"[\p{P}\$\+<=>\^~\|]+"),
            split(GPT2_WORDS),
            split(r"\p{N}+"),
            split("[0-9][0-9][0-9]"),
            byte_level(false),
        ]),
        "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "pixtral" => Words {
            whole_words_first: true,
            ..Words::llama3(r"\p{N}{1,3}")
        },
        "dbrx" | "smaug-bpe" => Words::llama3(r"\p{N}{1,3}"),
        "tekken" => Words {
            whole_words_first: true,
            ..Words::cut(vec![split(TEKKEN_WORDS), byte_level(false)])
        },
        "qwen2" => Words {
            normalizer: json!({ "type": "NFC" }),
            ..Words::llama3(r"\p{N}")
        },
        "deepseek-r1-qwen" => Words::llama3(r"\p{N}"),
        _ => return None,
    })
}

fn split(pattern: &str) -> Json {
    json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false })
}

fn byte_level(use_regex: bool) -> Json {
    json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": use_regex })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a text, by a tokenizer that knows every byte and no merges: its pre-tokenizer alone decides.
    fn cut(name: &str, text: &str) -> Vec<String> {
        use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};
        let words = words(name).unwrap_or_else(|| panic!("{name}"));
        let json = json!({ "type": "Sequence", "pretokenizers": words.cuts });
        let cutter: tokenizers::PreTokenizerWrapper =
            serde_json::from_value(json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut cut = PreTokenizedString::from(text);
        cutter.pre_tokenize(&mut cut).expect("it can be cut");
        cut.get_splits(OffsetReferential::Original, OffsetType::Byte)
            .iter()
            .map(|(_, (from, to), _)| text[*from..*to].to_owned())
            .collect()
    }

    #[test]
    fn each_known_way_cuts_as_its_model_was_trained() {
        let text = "We'VE 1234 getX(a);";
        for (names, expected) in [
            (
                &["gpt-2", "phi-2", "olmo", "mpt"][..],
                &["We", "'", "VE", " 1234", " getX", "(", "a", ");"][..],
            ),
            (
                &[
                    "smollm",
                    "starcoder",
                    "refact",
                    "command-r",
                    "codeshell",
                    "exaone",
                ],
                &[
                    "We", "'", "VE", " ", "1", "2", "3", "4", " getX", "(", "a", ");",
                ],
            ),
            (
                &["default"],
                &["We", "'", "VE", " ", "123", "4", " getX", "(", "a", ");"],
            ),
            (
                &["llama-bpe", "falcon3", "pixtral", "dbrx", "smaug-bpe"],
                &["We", "'VE", " ", "123", "4", " getX", "(a", ");"],
            ),
            (
                &["qwen2", "deepseek-r1-qwen"],
                &["We", "'VE", " ", "1", "2", "3", "4", " getX", "(a", ");"],
            ),
            (
                &["tekken"],
                &[
                    "We", "'VE", " ", "1", "2", "3", "4", " get", "X", "(a", ");",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(cut(name, text), expected, "{name}");
            }
        }
        assert!(words("nobody-knows").is_none());
    }
}

//! A model's tokenizer, from the one file of today or the two of GPT-2's time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ModelError;
use super::chat::SPECIAL_TOKENS;
use super::files::Files;
use super::memory::check_room;
use crate::text::Tokenizer;

pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const VOCABULARY: &str = "vocab.json";
pub(super) const MERGES: &str = "merges.txt";
/// Tokens that were added to those two.
pub(super) const ADDED_TOKENS: &str = "added_tokens.json";

/// GPT-2's only special token.
const END_OF_TEXT: &str = "<|endoftext|>";

/// Reads `tokenizer.json`, or builds the byte-level BPE that `vocab.json` and `merges.txt` describe.
///
/// # Errors
/// When neither is there, or they are malformed.
pub(super) fn load(files: &Files) -> Result<Tokenizer, ModelError> {
    if files.has(TOKENIZER) {
        let json = files.read(TOKENIZER)?;
        check_tokenizer_room(json.len())?;
        return Ok(Tokenizer::from_bytes(&json, &files.label(TOKENIZER))?);
    }
    if !files.has(VOCABULARY) && !files.has(MERGES) {
        return Err(ModelError::file(
            files.label(TOKENIZER),
            format!(
                "does not exist, nor do {VOCABULARY} and {MERGES}; a model needs its tokenizer"
            ),
        ));
    }
    let vocabulary: Value = serde_json::from_slice(&files.read(VOCABULARY)?).map_err(|error| {
        ModelError::file(
            files.label(VOCABULARY),
            format!("is no valid JSON: {error}"),
        )
    })?;
    let merges = String::from_utf8(files.read(MERGES)?)
        .map_err(|error| ModelError::file(files.label(MERGES), format!("is no UTF-8: {error}")))?;
    let added = added_tokens(files, &vocabulary)?;
    let json = byte_level_bpe(vocabulary, &merges, &added).to_string();
    check_tokenizer_room(json.len())?;
    Ok(Tokenizer::from_bytes(
        json.as_bytes(),
        &files.label(VOCABULARY),
    )?)
}

/// Whether there is memory for the tables that are made of a description of so many bytes.
///
/// # Errors
/// When there is too little.
pub(super) fn check_tokenizer_room(bytes: usize) -> Result<(), ModelError> {
    /// Bytes that the tables take for each, once they are made: 27 for the embedded model's, fewer with fewer merges.
    const EACH: u64 = 28;
    check_room(EACH * bytes as u64, "the tokenizer")
}

/// A token that is matched in a text as it stands.
struct Added {
    content: String,
    id: u32,
    special: bool,
}

/// The tokens beyond the vocabulary, in the order of their ids: GPT-2's end of text, and those of `added_tokens.json`,
/// which are special where `special_tokens_map.json` names them.
fn added_tokens(files: &Files, vocabulary: &Value) -> Result<Vec<Added>, ModelError> {
    let mut added: BTreeMap<u32, Added> = BTreeMap::new();
    let end = vocabulary.get(END_OF_TEXT).and_then(Value::as_u64);
    if let Some(id) = end.and_then(|id| u32::try_from(id).ok()) {
        let content = END_OF_TEXT.to_owned();
        added.insert(
            id,
            Added {
                content,
                id,
                special: true,
            },
        );
    }
    if !files.has(ADDED_TOKENS) {
        return Ok(added.into_values().collect());
    }
    let understood = |name: &str| -> Result<Value, ModelError> {
        serde_json::from_slice(&files.read(name)?).map_err(|error| {
            ModelError::file(files.label(name), format!("is no valid JSON: {error}"))
        })
    };
    let special = if files.has(SPECIAL_TOKENS) {
        texts(&understood(SPECIAL_TOKENS)?)
    } else {
        Vec::new()
    };
    let listed: BTreeMap<String, u32> =
        serde_json::from_value(understood(ADDED_TOKENS)?).map_err(|error| {
            ModelError::file(
                files.label(ADDED_TOKENS),
                format!("is no list of tokens and their ids: {error}"),
            )
        })?;
    for (content, id) in listed {
        let special = content == END_OF_TEXT || special.contains(&content);
        added.insert(
            id,
            Added {
                content,
                id,
                special,
            },
        );
    }
    Ok(added.into_values().collect())
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The `tokenizer.json` that transformers would write for GPT-2's two files.
fn byte_level_bpe(vocabulary: Value, merges: &str, added: &[Added]) -> Value {
    let merges: Vec<&str> = merges
        .lines()
        .filter(|line| !line.starts_with("#version") && !line.trim().is_empty())
        .collect();
    let added = added.iter().map(|token| {
        json!({
            "id": token.id, "content": token.content, "special": token.special,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    });
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": byte_level,
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
            "vocab": vocabulary, "merges": merges,
        },
    })
}

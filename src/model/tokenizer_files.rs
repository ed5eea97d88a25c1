//! A model's tokenizer, from the one file of today or the two of GPT-2's time.

use serde_json::{Value, json};

use super::ModelError;
use super::files::Files;
use crate::text::Tokenizer;

pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const VOCABULARY: &str = "vocab.json";
pub(super) const MERGES: &str = "merges.txt";

/// GPT-2's only special token.
const END_OF_TEXT: &str = "<|endoftext|>";

/// Reads `tokenizer.json`, or builds the byte-level BPE that `vocab.json` and `merges.txt` describe.
///
/// # Errors
/// When neither is there, or they are malformed.
pub(super) fn load(files: &Files) -> Result<Tokenizer, ModelError> {
    if files.has(TOKENIZER) {
        let json = files.read(TOKENIZER)?;
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
    let json = byte_level_bpe(vocabulary, &merges).to_string();
    Ok(Tokenizer::from_bytes(
        json.as_bytes(),
        &files.label(VOCABULARY),
    )?)
}

/// The `tokenizer.json` that transformers would write for GPT-2's two files.
fn byte_level_bpe(vocabulary: Value, merges: &str) -> Value {
    let merges: Vec<&str> = merges
        .lines()
        .filter(|line| !line.starts_with("#version") && !line.trim().is_empty())
        .collect();
    let special = vocabulary.get(END_OF_TEXT).map(|id| {
        json!({
            "id": id, "content": END_OF_TEXT, "special": true,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    });
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": special.into_iter().collect::<Vec<_>>(),
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

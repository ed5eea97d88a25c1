//! A model's tokenizer, from the one file of today or the two of GPT-2's time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::file_names::{ADDED_TOKENS, MERGES, SPECIAL_TOKENS, TOKENIZER, VOCABULARY};
use super::files::Files;
use crate::model::ModelError;
use crate::model::memory::check_room;
use crate::text::{AddedToken, Tokenizer};

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
    let (vocabulary, merges) = (files.read(VOCABULARY)?, files.read(MERGES)?);
    check_tokenizer_room(vocabulary.len() + merges.len())?;
    let label = files.label(VOCABULARY);
    let origin = label.strip_suffix(VOCABULARY).unwrap_or(&label);
    let origin = origin.trim_end_matches(['/', '\\', ' ']);
    Ok(Tokenizer::from_vocab_merges(
        &vocabulary,
        &merges,
        &added_tokens(files)?,
        origin,
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

/// The tokens of `added_tokens.json`, which are special where `special_tokens_map.json` names them.
fn added_tokens(files: &Files) -> Result<Vec<AddedToken>, ModelError> {
    if !files.has(ADDED_TOKENS) {
        return Ok(Vec::new());
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
    let added = listed.into_iter().map(|(content, id)| AddedToken {
        special: special.contains(&content),
        content,
        id,
    });
    Ok(added.collect())
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

//! GPT-2's own tokenizer files, `vocab.json` and `merges.txt`, from before `tokenizer.json`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::TextError;

/// The token that ends a text in GPT-2's vocabulary.
const END_OF_TEXT: &str = "<|endoftext|>";

/// A token that is matched in a text as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedToken {
    pub content: String,
    pub id: u32,
    /// Whether it stands for something else than a text: the end of one, a turn of a conversation.
    pub special: bool,
}

/// The `tokenizer.json` that stands for a vocabulary and its merges: byte-level BPE with GPT-2's pattern, no space
/// added at the beginning. GPT-2's end of text is added by itself.
pub(super) fn to_tokenizer_json(
    vocab: &[u8],
    merges: &[u8],
    added: &[AddedToken],
    origin: &str,
) -> Result<Vec<u8>, TextError> {
    let error = |reason: String| TextError::Tokenizer {
        path: origin.to_owned(),
        reason,
    };
    let vocab: Value = serde_json::from_slice(vocab)
        .map_err(|reason| error(format!("vocab.json is not valid JSON: {reason}")))?;
    let merges = std::str::from_utf8(merges)
        .map_err(|reason| error(format!("merges.txt is not UTF-8: {reason}")))?;
    let merges = merges
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with("#version") && !line.trim().is_empty())
        .map(|(index, line)| {
            line.split_once(' ')
                .filter(|(left, right)| {
                    !left.is_empty() && !right.is_empty() && !right.contains(' ')
                })
                .ok_or_else(|| {
                    error(format!(
                        "line {} of merges.txt is not two tokens and a space between",
                        index + 1
                    ))
                })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let end = vocab.get(END_OF_TEXT).and_then(Value::as_u64);
    let end = end.and_then(|id| u32::try_from(id).ok());
    let end = end.map(|id| AddedToken {
        content: END_OF_TEXT.to_owned(),
        id,
        special: true,
    });
    // By their ids: what is listed by itself says more of the end of text.
    let mut all: BTreeMap<u32, &AddedToken> = end.iter().map(|token| (token.id, token)).collect();
    all.extend(added.iter().map(|token| (token.id, token)));
    let added = all.into_values().map(|token| {
        json!({
            "id": token.id, "content": token.content,
            "special": token.special || token.content == END_OF_TEXT,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    });
    let byte_level = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": byte_level.clone(),
        "post_processor": null,
        "decoder": byte_level,
        "model": { "type": "BPE", "vocab": vocab, "merges": merges },
    });
    Ok(tokenizer.to_string().into_bytes())
}

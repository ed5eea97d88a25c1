//! GPT-2's own tokenizer files, `vocab.json` and `merges.txt`, from before `tokenizer.json`.

use serde_json::{Value, json};

use super::TextError;

/// The token that ends a text in GPT-2's vocabulary.
const END_OF_TEXT: &str = "<|endoftext|>";

/// The `tokenizer.json` that stands for a vocabulary and its merges: byte-level BPE with GPT-2's pattern, no space
/// added at the beginning.
pub(super) fn to_tokenizer_json(
    vocab: &[u8],
    merges: &[u8],
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
        .filter(|(_, line)| !line.starts_with("#version") && !line.is_empty())
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
    let end = vocab.get(END_OF_TEXT).map(|id| {
        json!({
            "id": id, "content": END_OF_TEXT, "special": true,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    });
    let byte_level = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": end.into_iter().collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": byte_level.clone(),
        "post_processor": null,
        "decoder": byte_level,
        "model": { "type": "BPE", "vocab": vocab, "merges": merges },
    });
    Ok(tokenizer.to_string().into_bytes())
}

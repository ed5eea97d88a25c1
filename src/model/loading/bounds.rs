//! How large the files of a model may be that are read whole.

use super::file_names::{MERGES, SHARD_INDEX, TOKENIZER, VOCABULARY};
use crate::model::error::visible;

/// Several times the largest vocabulary in use, which is that of 262,144 tokens.
const LARGEST_TOKENIZER: u64 = 128 << 20;
/// An index has a line a tensor: room for some hundred thousand.
const LARGEST_INDEX: u64 = 64 << 20;
/// Settings, templates and cards are written by people.
const LARGEST_TEXT: u64 = 16 << 20;

/// Most bytes that a file of this name may have; none for weights, which are not read whole.
pub(super) fn largest(name: &str) -> Option<u64> {
    match name {
        TOKENIZER | VOCABULARY | MERGES => Some(LARGEST_TOKENIZER),
        SHARD_INDEX => Some(LARGEST_INDEX),
        weights if weights.ends_with(".safetensors") => None,
        weights if weights.to_ascii_lowercase().ends_with(".gguf") => None,
        _ => Some(LARGEST_TEXT),
    }
}

/// What is wrong with a file of this name that has `bytes`, if it is too large.
pub(super) fn too_large(name: &str, bytes: u64) -> Option<String> {
    let most = largest(name).filter(|most| bytes > *most)?;
    Some(format!(
        "has more than the {} MB that a file `{}` may have",
        most >> 20,
        visible(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_weights_may_be_of_any_size() {
        for name in ["config.json", "tokenizer.json", "README.md", "anything"] {
            assert!(too_large(name, 3_000_000_000).is_some(), "{name}");
            assert_eq!(too_large(name, 1 << 20), None, "{name}");
        }
        for name in ["model.safetensors", "a.Q4_K.gguf", "A.GGUF"] {
            assert_eq!(too_large(name, u64::MAX), None, "{name}");
        }
        assert_eq!(
            too_large("config.json", 3_000_000_000).as_deref(),
            Some("has more than the 16 MB that a file `config.json` may have")
        );
    }
}

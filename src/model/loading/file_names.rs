//! What the files of a model are called.

/// The shape of its network.
pub(super) const CONFIG: &str = "config.json";
/// How it ends texts, where it says so apart.
pub(super) const GENERATION_CONFIG: &str = "generation_config.json";

/// Its weights, or the list of the files that hold parts of them.
pub(super) const SINGLE_FILE: &str = "model.safetensors";
pub(super) const SHARD_INDEX: &str = "model.safetensors.index.json";
/// Weights that are not read, since reading them can run foreign code.
pub(super) const PICKLE_FILES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/// Its tokenizer: one file, or GPT-2's two and what was added to them.
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const VOCABULARY: &str = "vocab.json";
pub(super) const MERGES: &str = "merges.txt";
pub(super) const ADDED_TOKENS: &str = "added_tokens.json";

/// How it chats.
pub(super) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
pub(super) const SPECIAL_TOKENS: &str = "special_tokens_map.json";
pub(super) const TEMPLATE: &str = "chat_template.jinja";

/// What it is, for people.
pub(super) const CARD: &str = "README.md";

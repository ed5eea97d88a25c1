//! What transformers calls the tensors that are known by name beyond one network, without what all names start with.

/// The head, which has no prefix in any file.
pub(in crate::model) const HEAD: &str = "lm_head.weight";
pub(in crate::model) const HEAD_BIAS: &str = "lm_head.bias";

/// The token embedding of a GPT-2.
pub(in crate::model) const GPT2_EMBEDDING: &str = "wte.weight";
/// The token embedding of the Llama family.
pub(in crate::model) const LLAMA_EMBEDDING: &str = "embed_tokens.weight";

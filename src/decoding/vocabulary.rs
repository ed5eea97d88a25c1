//! Lets the sampler chain ask a tokenizer what its rules need.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::LoadedModel;
use crate::sampling::Vocabulary;

/// A loaded model's logits and tokenizer as the sampler sees them.
pub struct ModelVocabulary<'a>(pub &'a LoadedModel);

impl Vocabulary for ModelVocabulary<'_> {
    fn size(&self) -> usize {
        self.0.model.info().vocabulary
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        // A text that the tokenizer cannot represent cannot come up in the output either: it needs no rule.
        self.0.tokenizer.encode(text).unwrap_or_default()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.0.tokenizer.token_bytes(id))
    }

    fn bytes(&self, id: u32) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.0.tokenizer.token_bytes(id))
    }

    fn special(&self) -> HashSet<u32> {
        self.0.tokenizer.special_ids()
    }

    fn identity(&self) -> Option<u64> {
        let mut special: Vec<u32> = self.special().into_iter().collect();
        special.sort_unstable();
        let mut hasher = DefaultHasher::new();
        (self.0.tokenizer.token_set(), self.size(), special).hash(&mut hasher);
        Some(hasher.finish())
    }
}

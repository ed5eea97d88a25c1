//! What the chain must know besides the logits: the vocabulary, and the text so far.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Running;

/// A model's tokens, as far as settings that name texts need them.
pub trait Vocabulary {
    /// Number of ids.
    fn size(&self) -> usize;
    /// The ids of a text.
    fn encode(&self, text: &str) -> Vec<u32>;
    /// The text of one token; what is no whole character may be a replacement character.
    fn text(&self, id: u32) -> Cow<'_, str>;
    /// The bytes of one token, which need not be whole characters.
    fn bytes(&self, id: u32) -> Cow<'_, [u8]> {
        match self.text(id) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
    /// The ids of tokens that are no part of a text, such as one that ends it.
    fn special(&self) -> HashSet<u32> {
        HashSet::new()
    }
    /// Equal for vocabularies of the same tokens; none where nobody knows.
    fn identity(&self) -> Option<u64> {
        None
    }
}

/// Where in a text the chain is asked, and the numbers drawn for it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// All tokens so far, prompt included.
    pub history: &'a [u32],
    /// How many of them are the prompt.
    pub prompt_len: usize,
    /// The tokens that end a text.
    pub end_tokens: &'a [u32],
    /// The uniform number that decides whether XTC acts.
    pub xtc_u: f64,
    /// What a method that steers knows of the text so far.
    pub running: Running,
    /// The logits of another context for the same token, one per token of the vocabulary, for the stage that goes by it.
    pub second: Option<&'a [f32]>,
}

impl<'a> Context<'a> {
    /// The last `window` tokens, or all if `window` is 0.
    pub(super) fn recent(&self, window: usize) -> &'a [u32] {
        let from = match window {
            0 => 0,
            window => self.history.len().saturating_sub(window),
        };
        &self.history[from..]
    }

    /// How many tokens were generated.
    pub(super) fn generated(&self) -> usize {
        self.history.len().saturating_sub(self.prompt_len)
    }
}

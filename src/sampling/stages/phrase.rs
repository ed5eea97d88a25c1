//! Sequences of tokens that a setting names by a text.

use crate::sampling::{SettingsError, Vocabulary};

/// A sequence of tokens of which the text may hold all but the last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phrase {
    pub prefix: Vec<u32>,
    pub last: u32,
}

impl Phrase {
    /// The tokens of a text.
    pub fn of_text(
        field: &'static str,
        text: &str,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, SettingsError> {
        let mut tokens = vocabulary.encode(text);
        match tokens.pop() {
            Some(last) if (last as usize) < vocabulary.size() => Ok(Self {
                prefix: tokens,
                last,
            }),
            _ => Err(SettingsError {
                field,
                value: format!("{text:?}"),
                expected: "the model's tokenizer must have tokens for this text".into(),
            }),
        }
    }

    /// Whether the sequence's last token would complete it here.
    pub fn is_due(&self, history: &[u32]) -> bool {
        history.ends_with(&self.prefix)
    }
}

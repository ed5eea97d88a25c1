//! The same place in texts of other tokens: it is found by its bytes.

use crate::decoding::{Origin, TokenRecord};
use crate::model::ModelInfo;

/// A place in a text, counted from where what the model said begins, or from the start where it lies in the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whether it lies behind the prompt.
    said: bool,
    bytes: usize,
}

/// Tokens of the prompt at the start of a text.
pub fn prompt_of(tokens: &[TokenRecord]) -> usize {
    tokens
        .iter()
        .take_while(|token| token.origin == Origin::Prompt)
        .count()
}

impl Place {
    /// Where the token at a position begins.
    pub fn of(tokens: &[TokenRecord], position: usize, model: &ModelInfo) -> Self {
        let prompt = prompt_of(tokens);
        let position = position.min(tokens.len());
        let said = position >= prompt;
        let from = if said { prompt } else { 0 };
        Self {
            said,
            bytes: (from..position).map(|at| bytes(tokens, at, model)).sum(),
        }
    }

    /// The position of the token that the place lies in; the number of tokens where they end before.
    pub fn position(self, tokens: &[TokenRecord], model: &ModelInfo) -> usize {
        let prompt = prompt_of(tokens);
        let (from, to) = if self.said {
            (prompt, tokens.len())
        } else {
            (0, prompt)
        };
        let mut end = 0;
        let found = (from..to).find(|&at| {
            end += bytes(tokens, at, model);
            end > self.bytes
        });
        found.unwrap_or(to)
    }
}

/// Bytes of a token, without a space that the tokenizer put in front of the text.
fn bytes(tokens: &[TokenRecord], at: usize, model: &ModelInfo) -> usize {
    let bytes = &tokens[at].bytes;
    let is_first = tokens[..at].iter().all(|token| token.bytes.is_empty());
    let added = model.adds_first_space && is_first && bytes.starts_with(b" ");
    bytes.len() - usize::from(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(adds_first_space: bool) -> ModelInfo {
        ModelInfo {
            adds_first_space,
            ..ModelInfo::small()
        }
    }

    fn tokens(prompt: &[&str], said: &[&str]) -> Vec<TokenRecord> {
        let token = |(position, text): (usize, &&str)| TokenRecord {
            position,
            id: position as u32,
            bytes: text.as_bytes().to_vec(),
            display: (*text).to_owned(),
            origin: if position < prompt.len() {
                Origin::Prompt
            } else {
                Origin::Generated
            },
            odds: None,
            draw: None,
        };
        prompt.iter().chain(said).enumerate().map(token).collect()
    }

    #[test]
    fn a_place_is_where_as_many_bytes_stand_before() {
        let plain = model(false);
        let ours = tokens(&["Once", " upon"], &[" a", " little", " girl"]);
        let theirs = tokens(&["", "On", "ce", " up", "on"], &[" a li", "tt", "le", " g"]);
        let at = |position| Place::of(&ours, position, &plain).position(&theirs, &plain);
        assert_eq!(at(0), 1, "the empty one before holds nothing");
        assert_eq!(at(1), 3);
        assert_eq!(at(2), 5, "the first that was said");
        assert_eq!(at(3), 5, "·little begins within");
        assert_eq!(at(4), 8);
        assert_eq!(at(5), 9, "behind what was said so far");
        let back = |position| Place::of(&theirs, position, &plain).position(&ours, &plain);
        assert_eq!((back(6), back(8)), (3, 4));
    }

    #[test]
    fn a_space_that_a_tokenizer_adds_does_not_count() {
        let theirs = tokens(&["", " Once", " upon"], &[" a"]);
        let ours = tokens(&["Once", " upon"], &[" a"]);
        let at = Place::of(&ours, 1, &model(false));
        assert_eq!(at.position(&theirs, &model(true)), 2);
    }
}

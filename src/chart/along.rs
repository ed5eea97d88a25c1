//! What is kept of a text to be drawn: two numbers a token, and the names of the first ones.

use crate::decoding::TokenRecord;

/// Tokens whose names are kept: more have no room.
const NAMES: usize = 100;

/// Surprisal and entropy along a text, in bits; no number where a token has no odds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Along {
    pub surprisal: Vec<f32>,
    pub entropy: Vec<f32>,
    pub names: Vec<String>,
}

impl Along {
    /// The next token.
    pub fn push(&mut self, token: &TokenRecord) {
        let odds = token.odds.as_ref();
        self.surprisal
            .push(odds.map_or(f32::NAN, |odds| odds.surprisal));
        self.entropy
            .push(odds.map_or(f32::NAN, |odds| odds.entropy));
        if self.names.len() < NAMES {
            self.names.push(token.display.clone());
        }
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.surprisal.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.surprisal.is_empty()
    }
}

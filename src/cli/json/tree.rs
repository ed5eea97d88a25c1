//! The tree of continuations, a record a token.

use serde::Serialize;

use super::Piece;
use crate::decoding::TreeToken;

/// A token of a tree. Parents come before their children.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Node<'a> {
    /// Its number in the tree, from 0.
    pub index: usize,
    /// The number of the token before it; null for what follows the prompt itself.
    pub parent: Option<usize>,
    /// 1 for what follows the prompt itself.
    pub depth: usize,
    #[serde(flatten)]
    pub piece: Piece<'a>,
    /// Probability before the chain (0 to 1).
    pub raw_probability: f32,
    /// Probability after the chain (0 to 1).
    pub final_probability: f32,
    /// The product of the final probabilities from the prompt to here (0 to 1).
    pub joint_probability: f64,
    /// Whether it ends a text, so that nothing follows.
    pub ends: bool,
}

impl<'a> Node<'a> {
    /// Of the token of this number.
    pub fn of(index: usize, token: &'a TreeToken) -> Self {
        Self {
            index,
            parent: token.parent,
            depth: token.depth,
            piece: Piece::new(token.id, &token.bytes, &token.display),
            raw_probability: token.raw_probability,
            final_probability: token.probability,
            joint_probability: token.cumulated,
            ends: token.ends,
        }
    }
}

/// The tree as a whole.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TreeTotals {
    /// Tokens of the tree.
    pub tokens: usize,
    /// Whether `--tokens` kept it from growing on.
    pub is_full: bool,
}

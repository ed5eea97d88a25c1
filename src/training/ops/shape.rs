//! What operations are told of their inputs, and what they tell beside their result.

use super::rule::Dropout;

/// How rows of queries, keys and values are to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionShape {
    /// Sequences in the batch.
    pub batch: usize,
    /// Positions in each.
    pub time: usize,
    pub heads: usize,
    /// Numbers in one head's query, key or value.
    pub head_width: usize,
    /// What scores are multiplied by.
    pub scale: f64,
    /// Of the weights after the softmax.
    pub dropout: Option<Dropout>,
}

impl AttentionShape {
    /// Numbers of all heads together.
    pub(super) fn width(&self) -> usize {
        self.heads * self.head_width
    }
}

/// How well each row's target was predicted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowLosses {
    /// Cross-entropy in nats.
    pub losses: Vec<f32>,
    /// Whether the target had the largest logit.
    pub correct: Vec<bool>,
}

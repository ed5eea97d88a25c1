//! What two engines tell each other of one text, so that their models' odds can be held against each other: one hands out
//! its logits, the other, which has read the same tokens, compares them with its own.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::Subject;
use crate::decoding::Change;
use crate::model::Rows;

/// Which places of a text the logits of are asked for. A place is the index of the token that they are over; the text's
/// length means the token that would come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogitsRequest {
    pub subject: Subject,
    /// Which sample of the run; of a draft there is one.
    pub sample: usize,
    /// From 1 on: nothing predicts the first token.
    pub positions: Range<usize>,
}

/// Logits of some places of a text.
#[derive(Clone, PartialEq, Serialize)]
pub struct HandedLogits {
    /// The text up to the last of the places, with the token that stands there if one does.
    pub ids: Vec<u32>,
    /// The first of the places.
    pub from: usize,
    /// A row a place; none where the text is another by now.
    #[serde(skip)]
    pub rows: Arc<Rows>,
}

impl fmt::Debug for HandedLogits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rows are as wide as the vocabulary.
        let places = self.from..self.from + self.rows.len();
        f.debug_tuple("HandedLogits").field(&places).finish()
    }
}

/// How far the odds of an engine's model, the base, lie from those whose logits it was handed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diverged {
    /// The first of the places.
    pub from: usize,
    /// D(base‖handed) in bits, a number a place; none where the base has read another text.
    pub bits: Vec<f64>,
    /// What rose and what fell at the first place, if that was asked for.
    pub change: Option<Change>,
}

//! What lies over the panes and takes the keys: one thing at a time.

use super::ask::Ask;
use super::picker::Picker;
use crate::decoding::{BranchId, TokenRecord};

/// What lies over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// A list to choose from.
    Picker(Picker),
    /// A question.
    Ask(Ask),
    /// The branches.
    Branches(BranchView),
    /// The way of the token in view; how far it is scrolled.
    Funnel(usize),
}

impl Overlay {
    /// Whether characters are typed into it.
    pub fn takes_text(&self) -> bool {
        matches!(self, Self::Picker(_) | Self::Ask(_))
    }
}

/// The list of branches.
#[derive(Debug, Default)]
pub struct BranchView {
    /// The selected row.
    pub row: usize,
    /// A branch that is shown beside the text, once its tokens have come.
    pub beside: Option<(BranchId, Vec<TokenRecord>)>,
}

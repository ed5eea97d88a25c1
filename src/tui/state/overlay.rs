//! What lies over the panes and takes the keys: one thing at a time.

use super::ask::Ask;
use super::game::Game;
use super::picker::Picker;
use crate::decoding::{BranchId, TokenRecord};
use crate::tui::vocabulary::focus::Focus;

/// What lies over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// A list to choose from.
    Picker(Box<Picker>),
    /// A question.
    Ask(Box<Ask>),
    /// The branches.
    Branches(BranchView),
    /// The tree of what could follow. While it is open, it lies under other things too.
    Continuations,
    /// The way of the token in view; how far it is scrolled.
    Funnel(usize),
    /// What the words and signs of a pane mean.
    Legend(Legend),
    /// The game “What comes next?”.
    Game(Box<Game>),
}

/// What a legend is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Pane(Focus),
    Funnel,
    /// The Compare screen.
    Lanes,
    /// The tree of what could follow.
    Continuations,
}

/// What the words and signs of something mean.
#[derive(Debug)]
pub struct Legend {
    pub topic: Topic,
    pub scroll: usize,
    /// The funnel that it lies over, if it does, and how far that is scrolled.
    pub over_funnel: Option<usize>,
}

impl Legend {
    /// Of a topic, from its start.
    pub fn new(topic: Topic) -> Self {
        Self {
            topic,
            scroll: 0,
            over_funnel: None,
        }
    }
}

impl Overlay {
    /// Whether characters are typed into it.
    pub fn takes_text(&self) -> bool {
        matches!(self, Self::Picker(_) | Self::Ask(_) | Self::Game(_))
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

//! The tree of what could follow: what is asked of it, and how far it reaches.

use crate::decoding::{Spread, TreeSettings};
use crate::text::numbers::percent;

/// Levels that a tree can be asked for at once. A leaf can be let grow on from there.
const DEEPEST: usize = 12;
/// Most tokens that follow at one place.
const WIDEST: usize = 20;
/// Probabilities that the tokens which follow at one place can be asked to have together.
const MASSES: [f64; 8] = [0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99];
/// Tokens of a tree, at most, and with those that grew by hand.
const MOST: usize = 300;
pub const MOST_BY_HAND: usize = 1000;

/// What is done with the tree of what could follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeAction {
    /// Show it, from the token in view on, or close it.
    Page,
    /// Put the path to the selected token into the text, and go on.
    Take,
    /// The same, and wait.
    TakePaused,
    /// Take the selected token away, or bring it back.
    Prune,
    /// Fold what follows the selected token, or open it.
    Fold,
    Deeper,
    Shallower,
    /// Let more tokens follow at each place, or fewer.
    Wider,
    Narrower,
    /// Let so many tokens follow, or those that together have a probability.
    Spread,
    /// Grow it a token earlier in the text, or later.
    Before,
    After,
}

/// How far a tree reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Levels.
    depth: usize,
    /// Whether it follows tokens by their probability together, not by their number.
    by_mass: bool,
    /// Tokens that follow at each place.
    top: usize,
    /// The place of their probability among [`MASSES`].
    mass: usize,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            depth: 3,
            by_mass: false,
            top: 3,
            mass: 2,
        }
    }
}

impl Reach {
    /// Changes it by one step, as far as there is one.
    pub fn change(&mut self, action: TreeAction) {
        let stepped = |value: usize, up: bool, least: usize, most: usize| {
            let value = if up {
                value + 1
            } else {
                value.saturating_sub(1)
            };
            value.clamp(least, most)
        };
        match action {
            TreeAction::Deeper | TreeAction::Shallower => {
                self.depth = stepped(self.depth, action == TreeAction::Deeper, 1, DEEPEST);
            }
            TreeAction::Wider | TreeAction::Narrower => {
                let up = action == TreeAction::Wider;
                if self.by_mass {
                    self.mass = stepped(self.mass, up, 0, MASSES.len() - 1);
                } else {
                    self.top = stepped(self.top, up, 1, WIDEST);
                }
            }
            TreeAction::Spread => self.by_mass = !self.by_mass,
            _ => {}
        }
    }

    /// The same for the engine.
    pub fn settings(self) -> TreeSettings {
        TreeSettings {
            depth: self.depth,
            spread: self.spread(),
            least: 0.0,
            tokens: MOST,
        }
    }

    fn spread(self) -> Spread {
        if self.by_mass {
            Spread::Mass(MASSES[self.mass])
        } else {
            Spread::TopN(self.top)
        }
    }

    /// The same for one level after a leaf, of at most so many tokens.
    pub fn of_leaf(self, tokens: usize) -> TreeSettings {
        TreeSettings {
            depth: 1,
            tokens,
            ..self.settings()
        }
    }

    /// The same in words.
    pub fn words(self) -> String {
        let levels = match self.depth {
            1 => "1 level".to_owned(),
            depth => format!("{depth} levels"),
        };
        match self.spread() {
            Spread::TopN(top) => format!("{levels} · top {top}"),
            Spread::Mass(mass) => format!("{levels} · top-p {}", percent(mass as f32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_changes_by_steps_and_stops_at_its_ends() {
        let mut reach = Reach::default();
        assert_eq!(reach.words(), "3 levels · top 3");
        reach.change(TreeAction::Deeper);
        reach.change(TreeAction::Narrower);
        assert_eq!(reach.words(), "4 levels · top 2");
        reach.change(TreeAction::Spread);
        assert_eq!(reach.words(), "4 levels · top-p 50.0 %");
        for _ in 0..50 {
            reach.change(TreeAction::Wider);
            reach.change(TreeAction::Shallower);
        }
        assert_eq!(reach.settings().spread, Spread::Mass(0.99));
        assert_eq!(reach.settings().depth, 1);
        let before = reach;
        reach.change(TreeAction::Prune);
        assert_eq!(reach, before, "that is no matter of reach");
    }
}

//! The tree of what could follow a text: the most probable continuations, and how probable each is as a whole.
//!
//! It grows where it is most probable first, so that a limit of tokens leaves out the least. One text with one cache goes
//! from branch to branch: of each, the model reads what the branch before did not have.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::chooser::Chooser;
use super::{DecodingError, Origin, Sequence};
use crate::model::LoadedModel;
use crate::sampling::RawOdds;

/// How many of the tokens that can follow are branches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// So many, the most probable ones.
    TopN(usize),
    /// The fewest that together have this probability (0 to 1); at least one.
    Mass(f64),
}

/// How far a tree grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeSettings {
    /// Tokens from the root to a leaf, at most.
    pub depth: usize,
    pub spread: Spread,
    /// Continuations less probable than this as a whole are left out (0 to 1).
    pub least: f64,
    /// Tokens of the whole tree, at most.
    pub tokens: usize,
}

/// One token of a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeToken {
    /// The token before it, as an index into [`Tree::tokens`]; none for what follows the text itself.
    pub parent: Option<usize>,
    /// 1 for what follows the text itself.
    pub depth: usize,
    pub id: u32,
    /// Probability before the chain (0 to 1).
    pub raw_probability: f32,
    /// Probability after the chain (0 to 1).
    pub probability: f32,
    /// The product of the probabilities after the chain, from the root to here.
    pub cumulated: f64,
    /// Whether it ends a text, so that nothing follows.
    pub ends: bool,
}

/// What could follow a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Parents before their children; those of one parent stand together, the more probable first.
    pub tokens: Vec<TreeToken>,
    /// Whether the limit of tokens kept it from growing on.
    pub is_full: bool,
}

impl Tree {
    /// What follows a token of the tree, or the text itself, the more probable first.
    pub fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        (0..self.tokens.len()).filter(move |&index| self.tokens[index].parent == parent)
    }

    /// The ids from the root to a token, that one included.
    pub fn path(&self, index: usize) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = Some(index);
        while let Some(index) = at {
            path.push(self.tokens[index].id);
            at = self.tokens[index].parent;
        }
        path.reverse();
        path
    }
}

/// A place whose continuations are still to be looked at.
struct Open {
    cumulated: f64,
    /// None is the text itself.
    token: Option<usize>,
}

impl Ord for Open {
    /// The more probable is the greater; of equals the one that came first.
    fn cmp(&self, other: &Self) -> Ordering {
        let first = other.token.cmp(&self.token);
        self.cumulated.total_cmp(&other.cumulated).then(first)
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

/// Grows the tree of what could follow `sequence` under the chain of `chooser`. Methods that steer know of the tree what
/// they know of a text that begins: they draw nothing in it. The text stays as it is.
///
/// # Errors
/// When the model fails, or with [`DecodingError::Cancelled`].
pub fn tree(
    loaded: &LoadedModel,
    sequence: &mut Sequence,
    chooser: &Chooser,
    settings: TreeSettings,
    cancelled: &dyn Fn() -> bool,
) -> Result<Tree, DecodingError> {
    if chooser.needs_second() {
        return Err(DecodingError::NoSecond);
    }
    let length = sequence.len();
    let grown = grow(loaded, sequence, chooser, settings, cancelled);
    sequence.rewind(length);
    grown
}

fn grow(
    loaded: &LoadedModel,
    sequence: &mut Sequence,
    chooser: &Chooser,
    settings: TreeSettings,
    cancelled: &dyn Fn() -> bool,
) -> Result<Tree, DecodingError> {
    let length = sequence.len();
    let mut tree = Tree {
        tokens: Vec::new(),
        is_full: false,
    };
    let mut open = BinaryHeap::from([Open {
        cumulated: 1.0,
        token: None,
    }]);
    while let Some(Open { cumulated, token }) = open.pop() {
        if cancelled() {
            return Err(DecodingError::Cancelled);
        }
        if tree.tokens.len() >= settings.tokens {
            tree.is_full = true;
            break;
        }
        let path = token.map_or_else(Vec::new, |index| tree.path(index));
        go_to(loaded, sequence, length, &path);
        sequence.catch_up(loaded, cancelled)?;
        let logits = loaded.model.logits(&sequence.predictor(sequence.len())?)?;
        let logits = logits.row(0);
        let raw = RawOdds::new(logits);
        let start = chooser.start();
        let distribution = chooser.distribution(logits, sequence.ids(), length, start, false);
        let depth = path.len() + 1;
        let room = settings.tokens - tree.tokens.len();
        let followed = followed(
            &distribution.top(most(settings.spread, &distribution)),
            settings.spread,
        );
        let likely = followed
            .into_iter()
            .map(|(id, probability)| (id, probability, cumulated * f64::from(probability)))
            .filter(|&(_, _, cumulated)| cumulated > 0.0 && cumulated >= settings.least);
        for (place, (id, probability, cumulated)) in likely.enumerate() {
            if place == room {
                tree.is_full = true;
                break;
            }
            let ends = loaded.model.info().end_tokens.contains(&id);
            if !ends && depth < settings.depth {
                let token = Some(tree.tokens.len());
                open.push(Open { cumulated, token });
            }
            tree.tokens.push(TreeToken {
                parent: token,
                depth,
                id,
                raw_probability: raw.probability(logits, id),
                probability,
                cumulated,
                ends,
            });
        }
    }
    Ok(tree)
}

/// Leads the text, whose root has `length` tokens, to another branch, keeping what both have in common.
fn go_to(loaded: &LoadedModel, sequence: &mut Sequence, length: usize, path: &[u32]) {
    let here = &sequence.ids()[length..];
    let common = here.iter().zip(path).take_while(|(a, b)| a == b).count();
    sequence.rewind(length + common);
    for &id in &path[common..] {
        sequence.push(loaded, id, Origin::Chosen, None, None);
    }
}

/// How many of the kept tokens have to be put in order.
fn most(spread: Spread, distribution: &crate::sampling::Distribution) -> usize {
    match spread {
        Spread::TopN(count) => count,
        Spread::Mass(_) => distribution.kept(),
    }
}

/// The head of the ordered tokens that are branches.
fn followed(top: &[(u32, f32)], spread: Spread) -> Vec<(u32, f32)> {
    match spread {
        Spread::TopN(count) => top[..count.min(top.len())].to_vec(),
        Spread::Mass(mass) => {
            let mut reached = 0.0;
            let before_it_is_reached = |&&(_, probability): &&(u32, f32)| {
                let open = reached < mass;
                reached += f64::from(probability);
                open
            };
            let count = top.iter().take_while(before_it_is_reached).count();
            top[..count.max(1).min(top.len())].to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_a_number_or_a_mass() {
        let top = [(7, 0.5), (3, 0.25), (9, 0.125), (1, 0.125)];
        let count = |spread| followed(&top, spread).len();
        for (mass, expected) in [(0.0, 1), (0.4, 1), (0.5, 1), (0.6, 2), (0.8, 3), (1.0, 4)] {
            assert_eq!(count(Spread::Mass(mass)), expected, "{mass}");
        }
        assert_eq!(count(Spread::TopN(2)), 2);
        assert_eq!(count(Spread::TopN(9)), 4);
    }

    #[test]
    fn the_most_probable_place_is_looked_at_first() {
        let place = |cumulated, token| Open { cumulated, token };
        let mut open = BinaryHeap::from([
            place(0.1, Some(0)),
            place(0.5, Some(1)),
            place(0.5, Some(2)),
            place(0.2, Some(3)),
        ]);
        let order: Vec<_> = std::iter::from_fn(|| open.pop()?.token).collect();
        assert_eq!(order, [1, 2, 3, 0]);
    }
}

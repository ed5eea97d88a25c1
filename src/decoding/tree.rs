//! The tree of what could follow a text: the most probable continuations, and how probable each is as a whole.
//!
//! It grows level by level: the tokens of a level are read in one batch, each after the path that leads to it, with the keys
//! and values of the text itself held once. A limit of tokens leaves out the least probable ones, whose continuations are
//! less probable still, so that they need not be read.

use serde::Serialize;

use super::chooser::Chooser;
use super::generation::Generation;
use super::shown::bytes_before;
use super::{DecodingError, Origin, Sequence, batch};
use crate::model::LoadedModel;
use crate::sampling::{Distribution, RawOdds, Running};
use crate::text::display_between;

/// Texts that are read in one pass.
const AT_ONCE: usize = 64;

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

/// Where in a text a tree grows.
#[derive(Debug, Clone, Copy)]
pub struct TreeRoot<'a> {
    /// Tokens of the text that it follows.
    pub length: usize,
    /// Tokens of the text's prompt, for stages that count what follows it.
    pub prompt_len: usize,
    /// What a method that steers knows there. It draws nothing in a tree, so that it knows no more along it.
    pub running: Running,
    /// Tokens between the text and the tree, which stand in no text.
    pub path: &'a [u32],
}

/// One token of a tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeToken {
    /// The token before it, as an index into [`Tree::tokens`]; none for what follows the text itself.
    pub parent: Option<usize>,
    /// 1 for what follows the text itself.
    pub depth: usize,
    pub id: u32,
    /// Its bytes, which need not be whole characters.
    pub bytes: Vec<u8>,
    /// Made safe and visible for display, with the character that it completes for the tokens before it.
    pub display: String,
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
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
    let mut growing = Growing::new(loaded, sequence, chooser, settings)?;
    while growing.step(loaded, chooser, cancelled)? {}
    Ok(growing.tree)
}

/// A tree that grows a level at a time.
pub struct Growing {
    tree: Tree,
    settings: TreeSettings,
    prompt_len: usize,
    running: Running,
    /// The texts whose continuations are the next level, each with the token of the tree that it ends in.
    ends: Vec<(Option<usize>, Sequence)>,
}

/// A token of the next level, with the text that it follows as an index into [`Growing::ends`].
struct Bud {
    text: usize,
    token: TreeToken,
}

impl Growing {
    /// A tree of what could follow `sequence`, all of it a prompt, with nothing in it yet.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn new(
        loaded: &LoadedModel,
        sequence: &mut Sequence,
        chooser: &Chooser,
        settings: TreeSettings,
    ) -> Result<Self, DecodingError> {
        let root = TreeRoot {
            length: sequence.len(),
            prompt_len: sequence.len(),
            running: chooser.start(),
            path: &[],
        };
        Self::at(loaded, sequence, root, chooser, settings)
    }

    /// A tree of what could follow the first `length` tokens of a text that grows, and `path`, by `chooser`'s chain, with
    /// nothing in it yet.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn in_text(
        loaded: &LoadedModel,
        text: &mut Generation,
        (length, path): (usize, &[u32]),
        chooser: &Chooser,
        settings: TreeSettings,
    ) -> Result<Self, DecodingError> {
        let (prompt_len, running) = (text.prompt_len(), text.running());
        let standing = text.sequence().records().get(length);
        let drawn = standing.and_then(|record| record.draw.as_ref());
        let root = TreeRoot {
            length,
            prompt_len,
            running: drawn.map_or(running, |draw| draw.running(running)),
            path,
        };
        Self::at(loaded, text.sequence_mut(), root, chooser, settings)
    }

    /// A tree of what could follow a place in `sequence`, with nothing in it yet.
    ///
    /// # Errors
    /// When the chain goes by a second context, there is no such place or token, or the device has no room.
    pub fn at(
        loaded: &LoadedModel,
        sequence: &mut Sequence,
        root: TreeRoot<'_>,
        chooser: &Chooser,
        settings: TreeSettings,
    ) -> Result<Self, DecodingError> {
        if chooser.needs_second() {
            return Err(DecodingError::NoSecond);
        }
        if root.length == 0 || root.length > sequence.len() {
            return Err(DecodingError::NoSuchToken {
                position: root.length,
                length: sequence.len(),
            });
        }
        let vocabulary = loaded.model.info().vocabulary;
        if let Some(&id) = root.path.iter().find(|&&id| id as usize >= vocabulary) {
            return Err(DecodingError::NoSuchId { id, vocabulary });
        }
        let mut text = sequence.beginning(loaded, root.length)?;
        text.forget_odds();
        for &id in root.path {
            text.push(loaded, id, Origin::Chosen, None, None);
        }
        Ok(Self {
            tree: Tree::default(),
            settings,
            prompt_len: root.prompt_len.min(root.length),
            running: root.running,
            ends: vec![(None, text)],
        })
    }

    /// The tree so far.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Adds a level. Returns whether there may be another one. What was read when it was cancelled is not read again by the
    /// next call.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub fn step(
        &mut self,
        loaded: &LoadedModel,
        chooser: &Chooser,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<bool, DecodingError> {
        let mut buds = Vec::new();
        let mut text = 0;
        for ends in self.ends.chunks_mut(AT_ONCE) {
            if cancelled() {
                return Err(DecodingError::Cancelled);
            }
            let mut texts: Vec<_> = ends.iter_mut().map(|(_, sequence)| sequence).collect();
            let (rows, _) = batch::next_logits(loaded, &mut texts, cancelled)?;
            for ((parent, sequence), logits) in ends.iter().zip(rows.iter()) {
                let (ids, length) = (sequence.ids(), self.prompt_len);
                let odds = chooser.distribution(logits, ids, length, self.running, false)?;
                let place = (&self.tree, *parent, sequence);
                let tokens = followers(loaded, place, logits, &odds, self.settings);
                buds.extend(tokens.map(|token| Bud { text, token }));
                text += 1;
            }
        }
        self.keep_most_probable(&mut buds);
        self.ends = self.next_ends(loaded, buds)?;
        Ok(!self.ends.is_empty())
    }

    /// Leaves out of the tree and of the next level what the limit has no room for: the least probable, of equals the later.
    fn keep_most_probable(&mut self, buds: &mut Vec<Bud>) {
        let (before, most) = (self.tree.tokens.len(), self.settings.tokens);
        if before + buds.len() <= most {
            return;
        }
        self.tree.is_full = true;
        let old = self.tree.tokens.iter();
        let all: Vec<f64> = old
            .chain(buds.iter().map(|bud| &bud.token))
            .map(|token| token.cumulated)
            .collect();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&a, &b| all[b].total_cmp(&all[a]));
        let mut kept = vec![false; all.len()];
        for &index in order.iter().take(most) {
            kept[index] = true;
        }
        // A token is no more probable than the one before it, so that none loses its parent.
        let mut places = Vec::with_capacity(before);
        let mut count = 0;
        for &kept in &kept[..before] {
            places.push(count);
            count += usize::from(kept);
        }
        let moved = |token: &mut TreeToken| token.parent = token.parent.map(|at| places[at]);
        let mut index = 0;
        self.tree.tokens.retain_mut(|token| {
            moved(token);
            index += 1;
            kept[index - 1]
        });
        let mut index = before;
        buds.retain_mut(|bud| {
            moved(&mut bud.token);
            index += 1;
            kept[index - 1]
        });
    }

    /// Takes the level in, and makes a text of each of its tokens that goes on.
    fn next_ends(
        &mut self,
        loaded: &LoadedModel,
        buds: Vec<Bud>,
    ) -> Result<Vec<(Option<usize>, Sequence)>, DecodingError> {
        let texts = std::mem::take(&mut self.ends);
        let mut ends = Vec::new();
        for Bud { text, token } in buds {
            if !token.ends && token.depth < self.settings.depth {
                let mut grown = texts[text].1.try_clone()?;
                grown.push(loaded, token.id, Origin::Chosen, None, None);
                ends.push((Some(self.tree.tokens.len()), grown));
            }
            self.tree.tokens.push(token);
        }
        Ok(ends)
    }
}

/// What follows a token of the tree, or the text itself, the more probable first.
fn followers<'a>(
    loaded: &'a LoadedModel,
    (tree, parent, text): (&Tree, Option<usize>, &Sequence),
    logits: &'a [f32],
    odds: &Distribution,
    settings: TreeSettings,
) -> impl Iterator<Item = TreeToken> + 'a {
    let (depth, before) = match parent {
        Some(at) => (tree.tokens[at].depth + 1, tree.tokens[at].cumulated),
        None => (1, 1.0),
    };
    let bytes_before = bytes_before(text.records(), text.len());
    let display = move |id: u32, bytes: &[u8]| match bytes {
        [] => loaded.tokenizer.display(id),
        bytes => display_between(&bytes_before, bytes, &[]),
    };
    let raw = RawOdds::new(logits);
    let top = odds.top(most(settings.spread, odds));
    followed(&top, settings.spread)
        .into_iter()
        .map(move |(id, probability)| {
            let bytes = loaded.tokenizer.token_bytes(id);
            TreeToken {
                parent,
                depth,
                id,
                bytes: bytes.to_vec(),
                display: display(id, bytes),
                raw_probability: raw.probability(logits, id),
                probability,
                cumulated: before * f64::from(probability),
                ends: loaded.model.info().end_tokens.contains(&id),
            }
        })
        .filter(move |token| token.cumulated > 0.0 && token.cumulated >= settings.least)
}

/// How many of the kept tokens have to be put in order.
fn most(spread: Spread, distribution: &Distribution) -> usize {
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
}

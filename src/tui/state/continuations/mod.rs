//! The tree of what could follow a place of the text: what is known of it, what is asked of the engine, and what a hand did
//! with it. Its tokens are known by their paths, so that a tree that grows anew is folded and pruned as the one before.

mod rows;

use std::collections::BTreeSet;

pub use self::rows::{Shape, TreeRow, held};
use super::State;
use super::overlay::Overlay;
use super::passage::Passage;
use crate::decoding::{GenerationSettings, TokenRecord, Tree, TreeSettings};
use crate::engine::{GrowRequest, Subject};
use crate::model::{LoadRequest, ModelInfo};
use crate::sampling::SamplerSettings;
use crate::tui::vocabulary::continuations::{MOST_BY_HAND, Reach};

/// Tokens from the tree's place to one of its tokens, that one included.
pub type Path = Vec<u32>;

/// The place that a tree grows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    pub subject: Subject,
    pub sample: usize,
    /// The tokens before it.
    pub before: Vec<u32>,
}

/// A tree with what made it, to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct GrownTree {
    pub tree: Tree,
    /// The text that it follows.
    pub before: String,
    pub model: ModelInfo,
    pub load: LoadRequest,
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
}

/// What makes one tree differ from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    pub root: Root,
    pub settings: TreeSettings,
    /// Counts the turns of knobs.
    pub turns: u64,
    pub seed: u64,
}

impl Aim {
    /// Whether both have the same odds, and differ at most in how far they reach.
    fn has_odds_of(&self, other: &Self) -> bool {
        (&self.root, self.turns, self.seed) == (&other.root, other.turns, other.seed)
    }
}

/// What the engine is growing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Growing {
    Nothing,
    Whole,
    /// What follows a leaf.
    Leaf(Path),
}

/// The tree of what could follow.
#[derive(Debug)]
pub struct Continuations {
    pub reach: Reach,
    /// Where it grows from; none before it was first opened.
    pub root: Option<Root>,
    /// Whether it is open, be it under something else.
    pub is_open: bool,
    /// Why it does not grow.
    pub problem: Option<String>,
    tree: Tree,
    /// What was asked for last, and what the tree is of.
    aim: Option<Aim>,
    shown: Option<Aim>,
    growing: Growing,
    /// The number of the newest request.
    number: u64,
    selected: Path,
    folded: BTreeSet<Path>,
    pruned: BTreeSet<Path>,
    /// Leaves that are to grow on, and those that were asked for.
    wanted: Vec<Path>,
    asked: BTreeSet<Path>,
}

impl Default for Continuations {
    fn default() -> Self {
        Self {
            reach: Reach::default(),
            root: None,
            is_open: false,
            problem: None,
            tree: Tree::default(),
            aim: None,
            shown: None,
            growing: Growing::Nothing,
            number: 0,
            selected: Path::new(),
            folded: BTreeSet::new(),
            pruned: BTreeSet::new(),
            wanted: Vec::new(),
            asked: BTreeSet::new(),
        }
    }
}

impl Continuations {
    /// Opens it at a place. What was done with the tree of another place is forgotten.
    pub fn open(&mut self, root: Root) {
        if self.root.as_ref() != Some(&root) {
            *self = Self {
                reach: self.reach,
                number: self.number,
                root: Some(root),
                ..Self::default()
            };
        }
        self.is_open = true;
    }

    /// The tree as far as it has grown.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Whether it is not all there yet.
    pub fn grows(&self) -> bool {
        self.growing != Growing::Nothing
    }

    /// The leaf that grows on.
    pub fn growing_leaf(&self) -> Option<&Path> {
        match &self.growing {
            Growing::Leaf(path) => Some(path),
            _ => None,
        }
    }

    /// The request that `aim` needs now, if it needs one: for a tree, or for what follows one of its leaves.
    pub fn request(&mut self, aim: &Aim, sampler: &SamplerSettings) -> Option<GrowRequest> {
        let (path, settings) = if self.aim.as_ref() != Some(aim) {
            self.aim = Some(aim.clone());
            self.growing = Growing::Whole;
            self.problem = None;
            self.asked.clear();
            (Path::new(), aim.settings)
        } else if !self.grows() && self.problem.is_none() {
            let room = MOST_BY_HAND.saturating_sub(self.tree.tokens.len());
            let path = self.next_leaf().filter(|_| room > 0)?;
            self.asked.insert(path.clone());
            self.growing = Growing::Leaf(path.clone());
            (path, self.reach.of_leaf(room))
        } else {
            return None;
        };
        self.number += 1;
        Some(GrowRequest {
            tree: self.number,
            subject: aim.root.subject,
            sample: aim.root.sample,
            position: aim.root.before.len(),
            path,
            sampler: sampler.clone(),
            seed: aim.seed,
            settings,
        })
    }

    /// The next leaf that is to grow on and was not asked for.
    fn next_leaf(&self) -> Option<Path> {
        let mut wanted = self.wanted.iter();
        let can_grow = |path: &&Path| {
            let is_leaf = |index: usize| {
                !self.tree.tokens[index].ends && self.tree.children(Some(index)).next().is_none()
            };
            !self.asked.contains(*path) && self.index_of(path).is_some_and(is_leaf)
        };
        wanted.find(can_grow).cloned()
    }

    /// Takes in what grew. Answers to older requests tell nothing.
    pub fn answer(&mut self, number: u64, tree: Tree, done: bool) {
        if number != self.number {
            return;
        }
        match &self.growing {
            Growing::Nothing => return,
            Growing::Whole => {
                let (now, shown) = (self.aim.as_ref(), self.shown.as_ref());
                let alike = now.zip(shown).is_some_and(|(a, b)| a.has_odds_of(b));
                // Of a tree that only reaches further, the one that is there shows more until then.
                if done || !alike || tree.tokens.len() >= self.tree.tokens.len() {
                    self.tree = tree;
                    self.shown.clone_from(&self.aim);
                }
            }
            Growing::Leaf(path) => {
                if let Some(leaf) = self.index_of(path) {
                    self.graft(leaf, tree);
                }
            }
        }
        if done {
            self.growing = Growing::Nothing;
        }
    }

    /// Puts a level after a leaf.
    fn graft(&mut self, leaf: usize, level: Tree) {
        let (depth, cumulated) = {
            let before = &self.tree.tokens[leaf];
            (before.depth, before.cumulated)
        };
        self.tree.is_full |= level.is_full;
        let grown = level.tokens.into_iter().map(|mut token| {
            token.parent = Some(leaf);
            token.depth += depth;
            token.cumulated *= cumulated;
            token
        });
        self.tree.tokens.extend(grown);
    }

    /// Takes in that the newest request cannot be served.
    pub fn refuse(&mut self, number: u64, message: String) {
        if number == self.number && self.grows() {
            self.growing = Growing::Nothing;
            self.problem = Some(message);
        }
    }

    /// Takes in that what grows is waited for no more. Whether anything grew.
    pub fn give_up(&mut self) -> bool {
        let grew = self.grows();
        self.growing = Growing::Nothing;
        self.number += 1;
        grew
    }

    /// Forgets what was asked: it is asked for again.
    pub fn ask_again(&mut self) {
        self.give_up();
        (self.aim, self.problem) = (None, None);
    }

    /// The token at the end of a path.
    fn index_of(&self, path: &[u32]) -> Option<usize> {
        let mut at = None;
        for id in path {
            let next = self.tree.children(at);
            at = Some(
                next.into_iter()
                    .find(|&child| self.tree.tokens[child].id == *id)?,
            );
        }
        at
    }

    /// The row of the selected token, or of the nearest one before it that can be seen.
    pub fn selected_row(&self, rows: &[TreeRow]) -> usize {
        let mut path = &self.selected[..];
        while !path.is_empty() {
            if let Some(row) = rows.iter().position(|row| row.path == path) {
                return row;
            }
            path = &path[..path.len() - 1];
        }
        0
    }

    /// Selects a row.
    pub fn select(&mut self, row: usize) {
        let rows = self.rows();
        if let Some(row) = rows.get(row.min(rows.len().saturating_sub(1))) {
            self.selected.clone_from(&row.path);
        }
    }

    /// Moves by so many rows.
    pub fn step(&mut self, by: isize) {
        let at = self.selected_row(&self.rows());
        self.select(at.saturating_add_signed(by));
    }

    /// Goes to the token before the selected one.
    pub fn go_back(&mut self) {
        let rows = self.rows();
        if let Some(row) = rows.get(self.selected_row(&rows))
            && let [before @ .., _] = &row.path[..]
            && !before.is_empty()
        {
            self.selected = before.to_vec();
        }
    }

    /// Opens what follows the selected token, goes to its first, or lets a leaf grow on by a level.
    pub fn go_on(&mut self) {
        let rows = self.rows();
        let at = self.selected_row(&rows);
        match rows.get(at).map(|row| row.shape) {
            Some(Shape::Open) => self.select(at + 1),
            Some(Shape::Folded | Shape::Leaf) => self.fold(),
            _ => {}
        }
    }

    /// Folds what follows the selected token, opens it, or lets a leaf grow on by a level.
    pub fn fold(&mut self) {
        let rows = self.rows();
        let Some(row) = rows.get(self.selected_row(&rows)) else {
            return;
        };
        let path = row.path.clone();
        match row.shape {
            Shape::Open => drop(self.folded.insert(path.clone())),
            Shape::Folded => drop(self.folded.remove(&path)),
            Shape::Leaf if !self.wanted.contains(&path) => self.wanted.push(path.clone()),
            Shape::Leaf => drop(self.asked.remove(&path)),
            Shape::End | Shape::Pruned => {}
        }
        self.selected = path;
    }

    /// Takes the selected token away with all that follows it, or brings it back.
    pub fn prune(&mut self) {
        let rows = self.rows();
        if let Some(row) = rows.get(self.selected_row(&rows))
            && !self.pruned.remove(&row.path)
        {
            self.pruned.insert(row.path.clone());
        }
    }
}

impl State {
    /// Takes away what lies over all. The tree is there again, if it lay below.
    pub(in crate::tui) fn uncover(&mut self) {
        let tree = self.play.continuations.is_open;
        self.screen.overlay = tree.then_some(Overlay::Continuations);
    }

    /// The tree that is to be shown now, if it is open and its text is still there.
    pub(in crate::tui) fn tree_aim(&self) -> Option<Aim> {
        let tree = &self.play.continuations;
        let root = tree.root.clone().filter(|_| tree.is_open)?;
        (!self.tree_is_stale()).then(|| Aim {
            root,
            settings: tree.reach.settings(),
            turns: self.play.knobs.turns,
            seed: self.play.settings.generation.seed,
        })
    }

    /// Whether the text before the tree's place is another one by now.
    pub(in crate::tui) fn tree_is_stale(&self) -> bool {
        let Some(root) = &self.play.continuations.root else {
            return false;
        };
        let here = self.tree_text();
        let same = here.len() == root.before.len()
            && here
                .iter()
                .zip(&root.before)
                .all(|(token, id)| token.id == *id);
        self.engine.model.is_none() || !same
    }

    /// What stands in the text before the tree's place, as far as it is there.
    pub(in crate::tui) fn tree_text(&self) -> &[TokenRecord] {
        let (all, place) = self.tree_place();
        &all[..place.min(all.len())]
    }

    /// Whether the text goes on along a path of the tree.
    pub(in crate::tui) fn tree_stands(&self, path: &[u32]) -> bool {
        let (all, place) = self.tree_place();
        let after = all.get(place..).unwrap_or_default();
        after.len() >= path.len() && after.iter().zip(path).all(|(token, id)| token.id == *id)
    }

    /// The text that the tree follows, and the place in it.
    fn tree_place(&self) -> (&[TokenRecord], usize) {
        let Some(root) = &self.play.continuations.root else {
            return (&[], 0);
        };
        let passage = match root.subject {
            Subject::Draft => Some(&self.play.draft),
            Subject::Text => self.play.texts.get(root.sample),
        };
        let tokens = passage.map_or(&[][..], Passage::tokens);
        (tokens, root.before.len())
    }
}

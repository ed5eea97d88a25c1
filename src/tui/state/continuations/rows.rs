//! The tree as rows, as far as it is open, and what is left of it without what was pruned.

use super::{Continuations, Path};
use crate::decoding::Tree;

/// What a token of the tree is to the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// What follows it is shown below it.
    Open,
    Folded,
    /// Nothing has grown there.
    Leaf,
    /// It ends a text.
    End,
    Pruned,
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    /// Its token, as an index into the tree's.
    pub index: usize,
    pub path: Path,
    pub shape: Shape,
    /// For each token on its path: whether others follow at the same place.
    pub more: Vec<bool>,
}

impl Continuations {
    /// Every token that can be seen, below the one that it follows.
    pub fn rows(&self) -> Vec<TreeRow> {
        let tokens = &self.tree().tokens;
        let (children, roots) = followers(self.tree());
        let mut rows = Vec::new();
        // What is still to be listed, the next one last: its place, and the row that it hangs on.
        let mut waiting: Vec<(usize, bool, Option<usize>)> = listed(&roots, None);
        while let Some((index, more, above)) = waiting.pop() {
            let above = above.map(|row: usize| &rows[row]);
            let (mut path, mut guides) = above.map_or_else(Default::default, |row: &TreeRow| {
                (row.path.clone(), row.more.clone())
            });
            path.push(tokens[index].id);
            guides.push(more);
            let shape = if self.pruned.contains(&path) {
                Shape::Pruned
            } else if tokens[index].ends {
                Shape::End
            } else if children[index].is_empty() {
                Shape::Leaf
            } else if self.folded.contains(&path) {
                Shape::Folded
            } else {
                waiting.extend(listed(&children[index], Some(rows.len())));
                Shape::Open
            };
            rows.push(TreeRow {
                index,
                path,
                shape,
                more: guides,
            });
        }
        rows
    }

    /// The tree without what was pruned.
    pub fn kept(&self) -> Tree {
        let tree = self.tree();
        let mut places: Vec<Option<usize>> = Vec::with_capacity(tree.tokens.len());
        let mut kept = Tree {
            tokens: Vec::new(),
            is_full: tree.is_full,
        };
        for (index, token) in tree.tokens.iter().enumerate() {
            let parent = token.parent.map(|parent| places[parent]);
            let stays = parent != Some(None)
                && (self.pruned.is_empty() || !self.pruned.contains(&tree.path(index)));
            places.push(stays.then_some(kept.tokens.len()));
            if stays {
                let mut token = token.clone();
                token.parent = parent.flatten();
                kept.tokens.push(token);
            }
        }
        kept
    }
}

/// What follows each token, and the text itself.
fn followers(tree: &Tree) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut children = vec![Vec::new(); tree.tokens.len()];
    let mut roots = Vec::new();
    for (index, token) in tree.tokens.iter().enumerate() {
        match token.parent {
            Some(parent) => children[parent].push(index),
            None => roots.push(index),
        }
    }
    (children, roots)
}

/// What follows one place, the last one first, each with whether others come after it.
fn listed(followers: &[usize], above: Option<usize>) -> Vec<(usize, bool, Option<usize>)> {
    let last = followers.len().saturating_sub(1);
    let each = followers.iter().enumerate();
    each.rev()
        .map(|(at, &index)| (index, at < last, above))
        .collect()
}

/// How probable it is that a text goes on from the tree's place to one of its leaves.
pub fn held(tree: &Tree) -> f64 {
    let mut is_leaf = vec![true; tree.tokens.len()];
    for parent in tree.tokens.iter().filter_map(|token| token.parent) {
        is_leaf[parent] = false;
    }
    let leaves = tree.tokens.iter().zip(is_leaf).filter(|(_, leaf)| *leaf);
    leaves.map(|(token, _)| token.cumulated).sum()
}

#[cfg(test)]
mod tests {
    use super::super::{Aim, Root};
    use super::*;
    use crate::decoding::TreeToken;
    use crate::engine::Subject;
    use crate::sampling::SamplerSettings;

    fn token(parent: Option<usize>, depth: usize, id: u32, cumulated: f64) -> TreeToken {
        TreeToken {
            parent,
            depth,
            id,
            bytes: Vec::new(),
            display: id.to_string(),
            raw_probability: 0.5,
            probability: 0.5,
            cumulated,
            ends: id == 9,
        }
    }

    /// 1 (2 3), 9.
    fn tree() -> Tree {
        Tree {
            tokens: vec![
                token(None, 1, 1, 0.5),
                token(None, 1, 9, 0.25),
                token(Some(0), 2, 2, 0.25),
                token(Some(0), 2, 3, 0.125),
            ],
            is_full: false,
        }
    }

    fn grown() -> (Continuations, Aim) {
        let root = Root {
            subject: Subject::Text,
            sample: 0,
            before: vec![7, 7],
        };
        let mut it = Continuations::default();
        it.open(root.clone());
        let aim = Aim {
            root,
            settings: it.reach.settings(),
            turns: 0,
            seed: 1,
        };
        let sampler = SamplerSettings::neutral();
        let request = it.request(&aim, &sampler).expect("nothing is known yet");
        assert_eq!((request.position, request.path.len()), (2, 0));
        it.answer(request.tree, tree(), true);
        assert_eq!(it.request(&aim, &sampler), None, "it is known");
        (it, aim)
    }

    fn paths(it: &Continuations) -> Vec<Path> {
        it.rows().into_iter().map(|row| row.path).collect()
    }

    #[test]
    fn rows_are_in_the_order_of_the_tree_and_folded_ones_are_left_out() {
        let (mut it, _) = grown();
        assert_eq!(paths(&it), [vec![1], vec![1, 2], vec![1, 3], vec![9]]);
        let rows = it.rows();
        assert_eq!(rows[2].more, [true, false]);
        assert_eq!(rows[3].shape, Shape::End);
        it.fold();
        assert_eq!(paths(&it), [vec![1], vec![9]]);
        it.go_on();
        it.go_on();
        assert_eq!(it.selected_row(&it.rows()), 1, "opened, then entered");
        it.go_back();
        assert_eq!(it.selected_row(&it.rows()), 0);
        it.go_back();
        assert_eq!(it.selected_row(&it.rows()), 0, "nothing is before it");
    }

    #[test]
    fn what_is_pruned_is_left_out_and_comes_back() {
        let (mut it, _) = grown();
        assert!((held(&it.kept()) - 0.625).abs() < 1e-9);
        it.select(2);
        it.prune();
        assert_eq!(it.rows()[2].shape, Shape::Pruned);
        assert!((held(&it.kept()) - 0.5).abs() < 1e-9);
        it.select(0);
        it.prune();
        assert_eq!(paths(&it), [vec![1], vec![9]]);
        let kept = it.kept();
        assert_eq!(kept.tokens.len(), 1, "what follows goes too");
        assert_eq!(kept.tokens[0].id, 9);
        it.prune();
        assert_eq!(paths(&it).len(), 4);
        assert_eq!(it.kept().tokens.len(), 3);
    }

    #[test]
    fn a_leaf_grows_on_and_does_so_again_in_a_tree_that_grows_anew() {
        let (mut it, aim) = grown();
        let sampler = SamplerSettings::neutral();
        it.select(1);
        it.go_on();
        let request = it.request(&aim, &sampler).expect("a leaf is wanted");
        assert_eq!(
            (&request.path[..], request.settings.depth),
            (&[1, 2][..], 1)
        );
        assert!(it.grows());
        let level = Tree {
            tokens: vec![token(None, 1, 5, 0.5)],
            is_full: false,
        };
        it.answer(request.tree - 1, Tree::default(), true);
        it.answer(request.tree, level.clone(), true);
        assert_eq!(paths(&it)[2], [1, 2, 5]);
        let put = it.tree().tokens.last().expect("it is there");
        assert_eq!((put.parent, put.depth, put.cumulated), (Some(2), 3, 0.125));
        // Other knobs: the tree grows anew, and then its leaf.
        let turned = Aim { turns: 1, ..aim };
        let again = it.request(&turned, &sampler).expect("other odds");
        assert!(again.path.is_empty());
        assert_eq!(it.request(&turned, &sampler), None, "one at a time");
        it.answer(again.tree, tree(), true);
        let leaf = it.request(&turned, &sampler).expect("the leaf again");
        assert_eq!(leaf.path, [1, 2]);
        it.refuse(leaf.tree, "no".to_owned());
        assert_eq!(it.problem.as_deref(), Some("no"));
        assert_eq!(it.request(&turned, &sampler), None);
    }
}

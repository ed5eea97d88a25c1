//! Branches to and from a file, which anybody may have written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Branch, BranchId, Branches, Lineage};
use crate::decoding::tail::Tail;
use crate::decoding::{Sequence, TokenRecord};

/// Most branches that are taken from a file: many times what is kept beside one text.
const MOST_SAVED: usize = 4096;
/// Highest number that is taken from a file: far above any that is given, and far enough below the end of numbers that
/// new branches can be counted on from it.
const HIGHEST: BranchId = BranchId(u32::MAX / 2);

/// A branch as written to a file: everything but what the model can compute again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedBranch {
    #[serde(flatten)]
    pub lineage: Lineage,
    /// The tokens from its fork on.
    pub tokens: Vec<TokenRecord>,
}

/// Why saved branches are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    #[error("it has {0} branches, more than the {MOST_SAVED} that can be")]
    TooMany(usize),
    #[error("the number {} of one of its branches is higher than {}, the highest that can be", .0.0, HIGHEST.0)]
    High(BranchId),
    #[error("two of its branches have the number {}", .0.0)]
    Twice(BranchId),
    #[error("its branch {} grows from one that is not there, or from itself", .0.0)]
    Rootless(BranchId),
    #[error("its branch {} does not begin where the branch that it grows from reaches", .0.0)]
    Apart(BranchId),
    #[error("the tokens of its branch {} are not numbered one after the other", .0.0)]
    Disordered(BranchId),
}

impl Branches {
    /// Everything that a file needs to bring the branches back: `sequence`, the current text, included, and texts that
    /// go on beside it, each with its first own position and its seed.
    pub fn save<'a>(
        &self,
        sequence: Option<&Sequence>,
        beside: impl Iterator<Item = (&'a Sequence, usize, u64)>,
    ) -> Vec<SavedBranch> {
        let saved = |lineage: &Lineage, tokens: &[TokenRecord]| SavedBranch {
            lineage: lineage.clone(),
            tokens: tokens.to_vec(),
        };
        let current = self.current.as_ref().zip(sequence);
        let others = self
            .left
            .values()
            .filter(|branch| current.is_none_or(|(current, _)| current.id != branch.lineage.id));
        let mut all: Vec<SavedBranch> = others
            .map(|branch| saved(&branch.lineage, branch.tail.records()))
            .collect();
        if let Some((current, sequence)) = current {
            all.push(saved(
                current,
                &sequence.records()[current.fork.min(sequence.len())..],
            ));
            for (id, (sequence, fork, seed)) in (self.next..).map(BranchId).zip(beside) {
                let lineage = Lineage {
                    id,
                    name: None,
                    parent: Some(current.id),
                    fork,
                    prompt_len: current.prompt_len,
                    seed,
                };
                all.push(saved(&lineage, &sequence.records()[fork..]));
            }
        }
        let is_current = |id| self.current.as_ref().is_some_and(|one| one.id == id);
        all.retain(|branch| !branch.tokens.is_empty() || is_current(branch.lineage.id));
        all.sort_by_key(|branch| branch.lineage.id);
        all
    }

    /// The branches that were saved, none of them current.
    ///
    /// # Errors
    /// When they cannot have been made by texts and cuts: what one of them misses, the others may have lost too.
    pub fn restore(saved: Vec<SavedBranch>) -> Result<Self, RestoreError> {
        if saved.len() > MOST_SAVED {
            return Err(RestoreError::TooMany(saved.len()));
        }
        let mut waiting = BTreeMap::new();
        for branch in saved {
            let id = branch.lineage.id;
            if id > HIGHEST {
                return Err(RestoreError::High(id));
            }
            if waiting.insert(id, branch).is_some() {
                return Err(RestoreError::Twice(id));
            }
        }
        let mut branches = Self {
            next: waiting.keys().next_back().map_or(0, |id| id.0 + 1),
            ..Self::default()
        };
        // Parents need not have lower ids than children: each line from its beginning.
        while let Some(mut id) = waiting.keys().next().copied() {
            let mut line = vec![id];
            while let Some(parent) = waiting[&id].lineage.parent
                && waiting.contains_key(&parent)
                && line.len() <= waiting.len()
            {
                line.push(parent);
                id = parent;
            }
            for id in line.into_iter().rev() {
                // In a ring, a branch comes a second time.
                let branch = waiting.remove(&id).ok_or(RestoreError::Rootless(id))?;
                branches.take(branch)?;
            }
        }
        Ok(branches)
    }

    /// Adds a branch whose parent is there.
    fn take(&mut self, saved: SavedBranch) -> Result<(), RestoreError> {
        let SavedBranch { lineage, tokens } = saved;
        let reach = match lineage.parent {
            None => 0..=0,
            Some(parent) => {
                let parent = self.left.get(&parent);
                let parent = parent.ok_or(RestoreError::Rootless(lineage.id))?;
                parent.lineage.fork..=parent.tail.end()
            }
        };
        if !reach.contains(&lineage.fork) {
            return Err(RestoreError::Apart(lineage.id));
        }
        let mut places = tokens
            .iter()
            .map(|token| token.position)
            .zip(lineage.fork..);
        if places.any(|(told, position)| told != position) {
            return Err(RestoreError::Disordered(lineage.id));
        }
        let tail = Tail::unread(lineage.fork, tokens);
        self.left.insert(lineage.id, Branch { lineage, tail });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A branch without tokens of its own.
    fn branch(id: u32, parent: Option<u32>) -> SavedBranch {
        SavedBranch {
            lineage: Lineage {
                id: BranchId(id),
                name: None,
                parent: parent.map(BranchId),
                fork: 0,
                prompt_len: 0,
                seed: 1,
            },
            tokens: Vec::new(),
        }
    }

    fn refused(saved: Vec<SavedBranch>) -> Option<RestoreError> {
        Branches::restore(saved).err()
    }

    #[test]
    fn what_no_text_can_have_grown_into_is_refused() {
        // Two of one number whose parents form a ring, which were followed for ever.
        let ring = vec![branch(0, None), branch(1, Some(0)), branch(0, Some(1))];
        assert_eq!(refused(ring), Some(RestoreError::Twice(BranchId(0))));
        let itself = vec![branch(3, Some(3))];
        assert_eq!(refused(itself), Some(RestoreError::Rootless(BranchId(3))));
        let circle = vec![branch(1, Some(2)), branch(2, Some(1))];
        assert!(matches!(refused(circle), Some(RestoreError::Rootless(_))));
        let orphan = vec![branch(1, Some(2))];
        assert_eq!(refused(orphan), Some(RestoreError::Rootless(BranchId(1))));
        let mut apart = branch(1, Some(0));
        apart.lineage.fork = 2;
        let apart = vec![branch(0, None), apart];
        assert_eq!(refused(apart), Some(RestoreError::Apart(BranchId(1))));
        // The next one had no number left.
        let last = vec![branch(u32::MAX, None)];
        assert_eq!(refused(last), Some(RestoreError::High(BranchId(u32::MAX))));
        let many = (0..100_000).map(|id| branch(id, id.checked_sub(1)));
        assert_eq!(
            refused(many.collect()),
            Some(RestoreError::TooMany(100_000))
        );
    }

    #[test]
    fn long_lines_of_branches_are_followed_whatever_their_numbers() {
        let last = MOST_SAVED as u32 - 1;
        let falling = (0..=last).map(|id| branch(id, (id < last).then_some(id + 1)));
        let branches = Branches::restore(falling.collect()).expect("a line of branches");
        assert_eq!(branches.text(BranchId(0)).map(|text| text.end()), Ok(0));
    }
}

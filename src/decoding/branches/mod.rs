//! Texts that were left: when a text is cut or another one begins, what stood there stays as a branch.

mod saved;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::saved::{RestoreError, SavedBranch};
use super::tail::Tail;
use super::{Origin, Sequence, TextStats, TokenRecord};
use crate::text::sanitize;

/// Most branches kept; beyond that the oldest that nothing hangs on is dropped.
const MOST: usize = 64;
/// Characters of a branch's own text that are listed.
const PREVIEW: usize = 80;

/// Which branch; never used twice in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BranchId(pub u32);

/// Where a branch comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    pub id: BranchId,
    pub name: Option<String>,
    /// The branch that its text begins like; none if it began from a prompt.
    pub parent: Option<BranchId>,
    /// Position of its first own token: those before are the parent's.
    pub fork: usize,
    /// Tokens of the prompt.
    pub prompt_len: usize,
    /// Seeds its draws.
    pub seed: u64,
}

/// A branch as listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BranchInfo {
    #[serde(flatten)]
    pub lineage: Lineage,
    /// Whether it is the text that goes on.
    pub current: bool,
    /// Tokens of the whole text.
    pub length: usize,
    /// The beginning of its own text, safe for display.
    pub preview: String,
    /// Of its generated tokens.
    pub stats: TextStats,
}

/// Why a branch could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BranchError {
    #[error("there is no such branch any more")]
    Unknown,
    #[error("the branch that is shown cannot be removed: switch to another one first")]
    Current,
}

struct Branch {
    lineage: Lineage,
    /// From its fork on. Of the current branch this is what stood there when it was left last, if it ever was: a
    /// beginning of what the sequence holds, since a cut always starts a new branch.
    tail: Tail,
}

/// The branches of a session, of which one is current: its text is the sequence that goes on.
#[derive(Default)]
pub struct Branches {
    left: BTreeMap<BranchId, Branch>,
    current: Option<Lineage>,
    next: u32,
}

impl Branches {
    /// Begins a text of its own, which becomes current. The one before must have been left.
    pub fn begin(&mut self, prompt_len: usize, seed: u64) {
        let id = self.fresh();
        self.current = Some(Lineage {
            id,
            name: None,
            parent: None,
            fork: 0,
            prompt_len,
            seed,
        });
    }

    /// The branch whose text goes on.
    pub fn current(&self) -> Option<&Lineage> {
        self.current.as_ref()
    }

    /// The number that the next branch gets; from it on [`Self::save`] numbers texts beside the current one.
    pub fn next(&self) -> BranchId {
        BranchId(self.next)
    }

    /// Keeps the current text, unless it holds nothing but a prompt or begins another branch as it stands.
    pub fn leave(&mut self, sequence: &Sequence) {
        let Some(lineage) = self.current.clone() else {
            return;
        };
        let bare = sequence
            .records()
            .iter()
            .skip(lineage.fork)
            .all(|record| record.origin == Origin::Prompt);
        let needed = lineage.name.is_some() || self.children(lineage.id).next().is_some();
        if !needed && (bare || self.is_known(lineage.id, sequence.ids())) {
            self.left.remove(&lineage.id);
            return;
        }
        let tail = sequence.tail(lineage.fork);
        self.left.insert(lineage.id, Branch { lineage, tail });
        self.drop_oldest();
    }

    /// To be called before the text is cut to its first `length` tokens: keeps it, and makes what follows a branch of
    /// its own.
    pub fn cut(&mut self, sequence: &Sequence, length: usize) {
        if length >= sequence.len() {
            return;
        }
        self.leave(sequence);
        let Some(left) = self.current.clone() else {
            return;
        };
        // The owner of the last token that stays.
        let mut owner = left.clone();
        while let Some(parent) = owner
            .parent
            .filter(|_| owner.fork >= length)
            .and_then(|id| self.left.get(&id))
        {
            owner = parent.lineage.clone();
        }
        let prompt_len = left.prompt_len.min(length);
        self.current = Some(if self.left.contains_key(&owner.id) {
            Lineage {
                id: self.fresh(),
                name: None,
                parent: Some(owner.id),
                fork: length,
                prompt_len,
                seed: left.seed,
            }
        } else {
            // What stood there was not worth keeping, so this is still the same branch.
            Lineage { prompt_len, ..left }
        });
    }

    /// Keeps another text that shares its first `fork` tokens with the current one.
    pub fn keep_beside(&mut self, sequence: &Sequence, fork: usize, seed: u64) {
        let Some(current) = self.current.clone() else {
            return;
        };
        let lineage = Lineage {
            id: self.fresh(),
            name: None,
            parent: Some(current.id),
            fork,
            prompt_len: current.prompt_len,
            seed,
        };
        // What both share must be there to grow from.
        self.left.entry(current.id).or_insert_with(|| Branch {
            tail: sequence.tail(current.fork).until(fork),
            lineage: current,
        });
        let tail = sequence.tail(fork);
        self.left.insert(lineage.id, Branch { lineage, tail });
        self.drop_oldest();
    }

    /// Makes a branch current; the one before must have been left. Returns its lineage and whole text.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn switch(&mut self, id: BranchId) -> Result<(Lineage, Tail), BranchError> {
        let text = self.text(id)?;
        let lineage = self.left[&id].lineage.clone();
        self.current = Some(lineage.clone());
        Ok((lineage, text))
    }

    /// The whole text of a branch that was left.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn text(&self, id: BranchId) -> Result<Tail, BranchError> {
        // From the branch up to its beginning, then down again.
        let mut line = vec![self.left.get(&id).ok_or(BranchError::Unknown)?];
        while let Some(parent) = line[line.len() - 1].lineage.parent {
            line.push(self.left.get(&parent).ok_or(BranchError::Unknown)?);
        }
        let mut text = Tail::default();
        for branch in line.into_iter().rev() {
            text = text.until(branch.lineage.fork);
            text.append(branch.tail.clone());
        }
        Ok(text)
    }

    /// Gives a branch a name, or takes it away.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn name(&mut self, id: BranchId, name: Option<String>) -> Result<(), BranchError> {
        let left = self.left.get_mut(&id).map(|branch| &mut branch.lineage);
        let current = self.current.as_mut().filter(|lineage| lineage.id == id);
        if left.is_none() && current.is_none() {
            return Err(BranchError::Unknown);
        }
        for lineage in left.into_iter().chain(current) {
            lineage.name.clone_from(&name);
        }
        Ok(())
    }

    /// Removes a branch. What grew from it stays, with a copy of what it shared.
    ///
    /// # Errors
    /// When there is no such branch, or it is the current one.
    pub fn prune(&mut self, id: BranchId) -> Result<(), BranchError> {
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.id == id)
        {
            return Err(BranchError::Current);
        }
        let gone = self.left.remove(&id).ok_or(BranchError::Unknown)?;
        let inherit = |lineage: &mut Lineage| {
            lineage.parent = gone.lineage.parent;
            lineage.fork = gone.lineage.fork;
        };
        for branch in self.left.values_mut() {
            if branch.lineage.parent == Some(id) {
                let mut tail = gone.tail.until(branch.lineage.fork);
                tail.append(std::mem::take(&mut branch.tail));
                branch.tail = tail;
                inherit(&mut branch.lineage);
            }
        }
        if let Some(current) = self.current.as_mut().filter(|one| one.parent == Some(id)) {
            inherit(current);
        }
        Ok(())
    }

    /// All branches, the oldest first. `sequence` is the current text.
    pub fn list(&self, sequence: Option<&Sequence>) -> Vec<BranchInfo> {
        let current = self.current.as_ref();
        let mut all: Vec<BranchInfo> = self
            .left
            .values()
            .filter(|branch| current.is_none_or(|current| current.id != branch.lineage.id))
            .map(|branch| info(&branch.lineage, branch.tail.records(), false))
            .collect();
        if let (Some(current), Some(sequence)) = (current, sequence) {
            let own = &sequence.records()[current.fork.min(sequence.len())..];
            all.push(info(current, own, true));
        }
        all.sort_by_key(|branch| branch.lineage.id);
        all
    }

    fn fresh(&mut self) -> BranchId {
        let id = BranchId(self.next);
        self.next += 1;
        id
    }

    fn children(&self, id: BranchId) -> impl Iterator<Item = &Branch> {
        self.left
            .values()
            .filter(move |branch| branch.lineage.parent == Some(id))
    }

    /// Whether another branch begins with these tokens.
    fn is_known(&self, id: BranchId, ids: &[u32]) -> bool {
        self.left.keys().any(|&other| {
            other != id && self.text(other).is_ok_and(|text| text.ids.starts_with(ids))
        })
    }

    fn drop_oldest(&mut self) {
        while self.left.len() > MOST {
            let current = self.current.as_ref();
            let idle = |branch: &&Branch| {
                let id = branch.lineage.id;
                branch.lineage.name.is_none()
                    && current.is_none_or(|one| one.id != id && one.parent != Some(id))
                    && self.children(id).next().is_none()
            };
            let Some(id) = self.left.values().find(idle).map(|one| one.lineage.id) else {
                return;
            };
            self.left.remove(&id);
        }
    }
}

fn info(lineage: &Lineage, own: &[TokenRecord], current: bool) -> BranchInfo {
    let bytes: Vec<u8> = own
        .iter()
        .flat_map(|record| record.bytes.iter().copied())
        .take(4 * PREVIEW)
        .collect();
    let generated = own.iter().filter(|record| record.origin != Origin::Prompt);
    BranchInfo {
        current,
        length: lineage.fork + own.len(),
        preview: sanitize(&String::from_utf8_lossy(&bytes))
            .chars()
            .take(PREVIEW)
            .collect(),
        stats: TextStats::of(generated),
        lineage: lineage.clone(),
    }
}

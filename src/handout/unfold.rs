//! From a session's branches to whole texts.

use crate::decoding::{BranchId, BranchInfo, Branches, Lineage, RestoreError, Tail};
use crate::engine::Session;

use super::BranchText;

/// One of the texts that stood side by side.
#[derive(Debug, Clone)]
pub struct SavedText {
    /// Which, from 0.
    pub sample: usize,
    pub lineage: Lineage,
    pub text: Tail,
}

/// A session's texts.
#[derive(Debug, Clone, Default)]
pub struct Unfolded {
    /// The text that goes on, and those beside it.
    pub texts: Vec<SavedText>,
    /// Every branch but those beside the text, as the list on the screen has them; none where there is one text alone.
    pub branches: Vec<BranchText>,
}

/// Puts each branch's text together from those that it grew from.
///
/// # Errors
/// When they cannot have been made by texts and cuts: anybody may have written the file.
pub fn unfold(session: Session) -> Result<Unfolded, RestoreError> {
    let Session {
        branches,
        current,
        beside,
    } = session;
    let lineages: Vec<Lineage> = branches.iter().map(|one| one.lineage.clone()).collect();
    let branches = Branches::restore(branches)?;
    let saved = |(sample, id): (usize, BranchId)| {
        let lineage = lineages.iter().find(|lineage| lineage.id == id)?;
        Some(SavedText {
            sample,
            lineage: lineage.clone(),
            text: branches.text(id).ok()?,
        })
    };
    let shown = current.into_iter().chain(beside.iter().copied());
    let mut listed = branches.list(None);
    listed.retain(|branch| !beside.contains(&branch.lineage.id));
    let mut told = Vec::new();
    if listed.len() > 1 {
        for root in listed.iter().filter(|one| one.lineage.parent.is_none()) {
            hang(root, 0, &listed, &mut told);
        }
    }
    let branch = |(info, depth): (&BranchInfo, usize)| {
        let id = info.lineage.id;
        let name = info.lineage.name.clone();
        Some(BranchText {
            name: name.unwrap_or_else(|| format!("branch {}", id.0)),
            depth,
            fork: info.lineage.fork,
            current: current == Some(id),
            tokens: branches.text(id).ok()?.records().to_vec(),
        })
    };
    Ok(Unfolded {
        texts: shown.enumerate().filter_map(saved).collect(),
        branches: told.into_iter().filter_map(branch).collect(),
    })
}

/// Lists a branch, and below it those that grew from it, in the order of their forks. Restored branches form no ring.
fn hang<'a>(
    branch: &'a BranchInfo,
    depth: usize,
    all: &'a [BranchInfo],
    told: &mut Vec<(&'a BranchInfo, usize)>,
) {
    /// Deeper ones are listed at this depth: a file may hold thousands in a line.
    const DEEPEST: usize = 64;
    told.push((branch, depth));
    let of = |one: &&BranchInfo| one.lineage.parent == Some(branch.lineage.id);
    let mut children: Vec<&BranchInfo> = all.iter().filter(of).collect();
    children.sort_by_key(|child| (child.lineage.fork, child.lineage.id));
    if depth < DEEPEST {
        for child in children {
            hang(child, depth + 1, all, told);
        }
    }
}

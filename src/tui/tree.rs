//! The branches as a tree, flattened into rows.

use crate::decoding::{BranchId, BranchInfo};

/// A row of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeRow<'a> {
    pub branch: &'a BranchInfo,
    /// How deep it hangs; 0 for texts that began from a prompt.
    pub depth: usize,
}

/// Every branch below its parent, siblings in the order of their forks.
pub fn rows(branches: &[BranchInfo]) -> Vec<TreeRow<'_>> {
    let mut rows = Vec::with_capacity(branches.len());
    let known = |id: BranchId| branches.iter().any(|branch| branch.lineage.id == id);
    let roots = branches
        .iter()
        .filter(|branch| branch.lineage.parent.is_none_or(|parent| !known(parent)));
    // What is still to be listed, the next one last.
    let mut waiting: Vec<TreeRow> = roots.map(|branch| TreeRow { branch, depth: 0 }).collect();
    waiting.reverse();
    while let Some(row) = waiting.pop() {
        let id = row.branch.lineage.id;
        let depth = row.depth + 1;
        rows.push(row);
        let mut children: Vec<&BranchInfo> = branches
            .iter()
            .filter(|branch| branch.lineage.parent == Some(id))
            .collect();
        children.sort_by_key(|branch| (branch.lineage.fork, branch.lineage.id));
        waiting.extend(
            children
                .into_iter()
                .rev()
                .map(|branch| TreeRow { branch, depth }),
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::{Lineage, TextStats};

    fn branch(id: u32, parent: Option<u32>, fork: usize) -> BranchInfo {
        BranchInfo {
            lineage: Lineage {
                id: BranchId(id),
                name: None,
                parent: parent.map(BranchId),
                fork,
                prompt_len: 1,
                seed: 1,
            },
            current: false,
            length: fork + 5,
            preview: String::new(),
            stats: TextStats::default(),
        }
    }

    #[test]
    fn children_follow_their_parent_in_the_order_of_their_forks() {
        let branches = [
            branch(0, None, 0),
            branch(1, Some(0), 9),
            branch(2, None, 0),
            branch(3, Some(0), 4),
            branch(4, Some(3), 6),
        ];
        let listed: Vec<(u32, usize)> = rows(&branches)
            .iter()
            .map(|row| (row.branch.lineage.id.0, row.depth))
            .collect();
        assert_eq!(listed, [(0, 0), (3, 1), (4, 2), (1, 1), (2, 0)]);
    }
}

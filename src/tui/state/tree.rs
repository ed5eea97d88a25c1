//! The branches as a tree, flattened into rows.

use crate::decoding::BranchInfo;

/// A row of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeRow<'a> {
    pub branch: &'a BranchInfo,
    /// How deep it hangs; 0 for texts that began from a prompt.
    pub depth: usize,
}

/// Every branch once, below its parent, siblings in the order of their forks.
///
/// Branches may come from a session file that someone edited, so that two may have one name and a line of parents may
/// have no beginning: such a circle is listed from its first branch.
pub fn rows(branches: &[BranchInfo]) -> Vec<TreeRow<'_>> {
    let mut rows = Vec::with_capacity(branches.len());
    let mut listed = vec![false; branches.len()];
    let is_root = |branch: &BranchInfo| {
        let parent = branch.lineage.parent;
        !branches
            .iter()
            .any(|other| Some(other.lineage.id) == parent)
    };
    let (roots, others): (Vec<usize>, Vec<usize>) =
        (0..branches.len()).partition(|&index| is_root(&branches[index]));
    for root in roots.into_iter().chain(others) {
        // What is still to be listed, the next one last.
        let mut waiting = vec![(root, 0)];
        while let Some((index, depth)) = waiting.pop() {
            if std::mem::replace(&mut listed[index], true) {
                continue;
            }
            let branch = &branches[index];
            rows.push(TreeRow { branch, depth });
            let mut children: Vec<usize> = (0..branches.len())
                .filter(|&child| branches[child].lineage.parent == Some(branch.lineage.id))
                .collect();
            children.sort_by_key(|&child| {
                let lineage = &branches[child].lineage;
                (lineage.fork, lineage.id)
            });
            waiting.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::{BranchId, Lineage, TextStats};

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

    #[test]
    fn circles_and_names_given_twice_are_listed_once() {
        let branches = [
            branch(0, None, 0),
            branch(0, Some(0), 3),
            branch(1, Some(2), 0),
            branch(2, Some(1), 0),
            branch(3, Some(3), 0),
        ];
        let listed: Vec<(u32, usize)> = rows(&branches)
            .iter()
            .map(|row| (row.branch.lineage.id.0, row.depth))
            .collect();
        assert_eq!(listed, [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0)]);
    }
}

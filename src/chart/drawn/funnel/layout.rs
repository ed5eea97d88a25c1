//! Which tokens of a funnel stand by themselves, which together, and how high each is at each level.

use crate::decoding::{Level, Moment};

/// Most tokens by themselves.
const MOST: usize = 8;
/// The least probability of one that stands by itself, raw or final.
const LEAST: f64 = 0.01;

/// What has a block of its own in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The token of this row.
    Token(usize),
    /// So many others that the chain leaves.
    Kept(usize),
    /// So many others that the stage of this level cuts.
    Cut(usize, usize),
}

/// What part of a column something takes, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share {
    pub above: f64,
    pub size: f64,
}

/// The blocks of all columns, from the top: the tokens that are left at the end in the order in which they are drawn from,
/// then those that are cut, the last to be cut first.
pub struct Layout {
    pub groups: Vec<Group>,
    /// By level and group.
    pub shares: Vec<Vec<Share>>,
}

impl Layout {
    /// Of a moment with all its rows and what its levels make of them.
    pub fn new(moment: &Moment, levels: &[Level]) -> Self {
        let last = &levels[levels.len() - 1].probabilities;
        let mut order: Vec<usize> = (0..moment.rows.len()).collect();
        // The order of the draw: most probable first, ties by id.
        order.sort_by(|&one, &other| {
            let id = |row: usize| moment.rows[row].id;
            last[other]
                .total_cmp(&last[one])
                .then(id(one).cmp(&id(other)))
        });
        let by_rank: Vec<usize> = (0..moment.rows.len()).collect();
        let leading = order.iter().copied().filter(|&row| last[row] >= LEAST);
        let leading: Vec<usize> = leading.take(MOST).collect();
        let first = &levels[0].probabilities;
        let lost = |row: &&usize| first[**row] >= 3.0 * LEAST && last[**row] == 0.0;
        let lost = by_rank.iter().filter(lost).copied();
        let lost: Vec<usize> = lost.take(MOST - leading.len()).collect();
        let alone = |row: usize| leading.contains(&row) || lost.contains(&row);
        // At which level each of the others is cut, if at one.
        let end = |row: usize| {
            levels
                .iter()
                .position(|level| level.probabilities[row] == 0.0)
        };
        let mut counts = vec![0; levels.len() + 1];
        let others: Vec<(usize, usize)> = (0..moment.rows.len())
            .filter(|&row| !alone(row))
            .map(|row| (row, end(row).unwrap_or(levels.len())))
            .collect();
        for &(_, end) in &others {
            counts[end] += 1;
        }
        let mut groups: Vec<Group> = leading.into_iter().map(Group::Token).collect();
        if counts[levels.len()] > 0 {
            groups.push(Group::Kept(counts[levels.len()]));
        }
        groups.extend(lost.into_iter().map(Group::Token));
        for level in (1..levels.len()).rev().filter(|&level| counts[level] > 0) {
            groups.push(Group::Cut(counts[level], level));
        }
        let size = |level: &Level, group: &Group| -> f64 {
            let of = |ended: usize| {
                let rows = others.iter().filter(|(_, end)| *end == ended);
                rows.map(|(row, _)| level.probabilities[*row]).sum()
            };
            match *group {
                Group::Token(row) => level.probabilities[row],
                Group::Kept(_) => of(levels.len()),
                Group::Cut(_, ended) => of(ended),
            }
        };
        let shares = levels.iter().map(|level| {
            let mut above = 0.0;
            let share = |group: &Group| {
                let size = size(level, group);
                above += size;
                Share {
                    above: above - size,
                    size,
                }
            };
            groups.iter().map(share).collect()
        });
        let shares = shares.collect();
        Self { groups, shares }
    }

    /// The share of a token in the last column, or of the others if it is one of them.
    pub fn place_of(&self, moment: &Moment, id: u32) -> Option<Share> {
        let own = |group: &Group| matches!(group, Group::Token(row) if moment.rows[*row].id == id);
        let others = |group: &Group| matches!(group, Group::Kept(_));
        let place = self.groups.iter().position(own);
        let place = place.or_else(|| self.groups.iter().position(others))?;
        Some(self.shares[self.shares.len() - 1][place])
    }
}

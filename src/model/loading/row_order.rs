//! The order of rows in which files hold the matrices of queries, keys and values.

use super::families::Fused;
use crate::model::network::attention::Heads;
use crate::model::network::description::Description;
use crate::model::network::tensors::Part;

/// How a file orders them.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowOrder {
    heads: Heads,
    /// How many numbers of each head rotary positions turn.
    turned: usize,
    pairs: bool,
    fused: Fused,
}

impl RowOrder {
    /// For a model of this description.
    pub(super) fn new(description: &Description, pairs: bool, fused: Fused) -> Self {
        let turned = description.ropes.first().map_or(0, |rope| rope.width);
        Self {
            heads: description.heads,
            turned: turned.min(description.heads.width),
            pairs,
            fused,
        }
    }

    /// Which of a file's rows is each of `rows` here, where that is not the same: halves of what is turned half of it
    /// apart, queries, keys and values one after the other, and so gate and up.
    pub(super) fn of(&self, part: Part, rows: usize) -> Option<Vec<usize>> {
        match part {
            Part::Query if self.pairs => Some(self.halves_apart(rows, self.heads.queries)),
            Part::Key if self.pairs => Some(self.halves_apart(rows, self.heads.keys)),
            Part::Fused if self.fused == Fused::ByGroup => Some(self.in_turn()),
            Part::ExpertGateUp => Some((0..rows).step_by(2).chain((1..rows).step_by(2)).collect()),
            _ => None,
        }
    }

    fn halves_apart(&self, rows: usize, heads: usize) -> Vec<usize> {
        let width = rows / heads;
        let mut order = Vec::with_capacity(rows);
        for head in 0..heads {
            let first = head * width;
            for half in 0..2 {
                order.extend((0..self.turned / 2).map(|pair| first + 2 * pair + half));
            }
            order.extend(first + self.turned..first + width);
        }
        order
    }

    fn in_turn(&self) -> Vec<usize> {
        let (groups, width) = (self.heads.keys, self.heads.width);
        let queries = self.heads.queries / groups;
        let of_group = (queries + 2) * width;
        let rows = |from: usize, heads: usize| {
            (0..groups).flat_map(move |group| {
                let first = group * of_group + from * width;
                first..first + heads * width
            })
        };
        let all = rows(0, queries).chain(rows(queries, 1));
        all.chain(rows(queries + 1, 1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::dense::in_order;

    fn order(queries: usize, keys: usize, turned: usize) -> RowOrder {
        RowOrder {
            heads: Heads {
                queries,
                keys,
                width: 4,
            },
            turned,
            pairs: true,
            fused: Fused::ByGroup,
        }
    }

    #[test]
    fn pairs_move_half_a_head_apart() {
        let rows = order(2, 2, 4).of(Part::Query, 8).expect("an order");
        // Two heads of four rows, a byte each.
        let ours = in_order(&[0, 2, 1, 3, 4, 6, 5, 7], &rows);
        assert_eq!(ours, [0, 1, 2, 3, 4, 5, 6, 7]);
        let rows = order(1, 1, 2).of(Part::Key, 4).expect("an order");
        assert_eq!(rows, [0, 1, 2, 3]);
    }

    #[test]
    fn groups_come_apart() {
        let heads = order(4, 2, 4).of(Part::Fused, 32).expect("an order");
        let heads: Vec<usize> = heads.iter().step_by(4).map(|row| row / 4).collect();
        assert_eq!(heads, [0, 1, 4, 5, 2, 6, 3, 7]);
    }
}

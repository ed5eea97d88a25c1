//! Which rows of the table are shown where there is no room for all.

use crate::decoding::Moment;

/// The likeliest tokens that are never scrolled away.
const TOP: usize = 3;
/// Lines from which on the columns have a head.
const WITH_HEADER: u16 = 5;

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The index of a row of the moment.
    Row(usize),
    /// Rows are left out here.
    Gap,
}

/// Lines of the header, and lines for rows below it, of so many lines.
pub fn heights(lines: u16) -> (u16, usize) {
    let header = u16::from(lines >= WITH_HEADER);
    (header, usize::from(lines - header))
}

/// The lines to show: the selected row, the likeliest three, the chosen and the picked one in any case; around the
/// selected one as many as there is room for; a mark where rows are left out. `by_rank` says that the rows are the
/// ranks in order, as without a search.
pub fn shown(moment: &Moment, by_rank: bool, selected: usize, height: usize) -> Vec<Shown> {
    let count = moment.rows.len();
    let selected = selected.min(count.saturating_sub(1));
    let place = |id: u32| moment.rows.iter().position(|row| row.id == id);
    let chosen = moment.chosen.and_then(place);
    let pick = moment.pick.and_then(place);
    let wanted = std::iter::once(selected)
        .chain(0..TOP)
        .chain(chosen)
        .chain(pick);

    let mut rows: Vec<usize> = Vec::new();
    for index in wanted.filter(|index| *index < count) {
        if !rows.contains(&index) && rows.len() < height {
            rows.push(index);
        }
    }
    rows.sort_unstable();
    let is_gap = |pair: &[usize]| {
        let (above, below) = (pair[0], pair[1]);
        // Behind the listed ranks the chosen one may follow, far below them.
        let jump = by_rank && moment.rows[below].rank > moment.rows[above].rank + 1;
        below > above + 1 || jump
    };
    let lines = |rows: &[usize]| rows.len() + rows.windows(2).filter(|pair| is_gap(pair)).count();
    let mut nearest: Vec<usize> = (0..count).collect();
    nearest.sort_by_key(|index| index.abs_diff(selected));
    for index in nearest {
        let Err(at) = rows.binary_search(&index) else {
            continue;
        };
        rows.insert(at, index);
        if lines(&rows) > height {
            rows.remove(at);
        }
    }

    let mut marks = height.saturating_sub(rows.len());
    let mut shown = Vec::new();
    for (at, &row) in rows.iter().enumerate() {
        if at > 0 && marks > 0 && is_gap(&rows[at - 1..=at]) {
            shown.push(Shown::Gap);
            marks -= 1;
        }
        shown.push(Shown::Row(row));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::Shown::{Gap, Row as At};
    use super::*;
    use crate::decoding::Row;

    fn moment(count: u32, chosen: Option<u32>, pick: Option<u32>) -> Moment {
        let row = |id: u32| Row {
            id,
            display: id.to_string(),
            logit: 0.0,
            rank: id as usize + 1,
            raw_probability: 0.1,
            final_probability: 0.1,
            cut_by: None,
            changes: Vec::new(),
        };
        Moment {
            position: 1,
            rows: (0..count).map(row).collect(),
            vocabulary: 100,
            kept: 100,
            raw_entropy: 1.0,
            final_entropy: 1.0,
            trace: Vec::new(),
            chosen,
            u: 0.1,
            pick,
            candidates: Vec::new(),
            mu: None,
            mean: None,
        }
    }

    fn rows(shown: &[Shown]) -> Vec<usize> {
        let row = |one: &Shown| match one {
            At(index) => Some(*index),
            Gap => None,
        };
        shown.iter().filter_map(row).collect()
    }

    #[test]
    fn the_likeliest_stay_above_the_chosen_one_wherever_that_is() {
        let far = moment(50, Some(40), Some(1));
        assert_eq!(
            shown(&far, true, 40, 8),
            [At(0), At(1), At(2), Gap, At(38), At(39), At(40), At(41)]
        );
        assert_eq!(shown(&far, true, 40, 5), [At(0), At(1), At(2), Gap, At(40)]);
        assert_eq!(shown(&far, true, 40, 4), [At(0), At(1), At(2), At(40)]);
        assert_eq!(shown(&far, true, 0, 4), [At(0), At(1), At(2), At(40)]);
        assert_eq!(shown(&far, true, 20, 2), [At(0), At(20)]);
        assert_eq!(shown(&far, true, 0, 0), []);
        assert_eq!(
            rows(&shown(&moment(3, None, Some(1)), true, 0, 9)),
            [0, 1, 2]
        );
        assert_eq!(shown(&moment(0, None, None), true, 0, 9), []);
    }

    #[test]
    fn a_token_behind_the_listed_ranks_has_a_gap_before_it_unless_a_search_lists_others() {
        let mut moment = moment(6, Some(5), None);
        moment.rows[5].rank = 3000;
        let whole = [At(0), At(1), At(2), At(3), At(4), Gap, At(5)];
        assert_eq!(shown(&moment, true, 0, 9), whole);
        assert_eq!(rows(&shown(&moment, false, 0, 9)), [0, 1, 2, 3, 4, 5]);
        assert_eq!(shown(&moment, false, 0, 9).len(), 6);
    }

    #[test]
    fn at_any_height_the_selected_row_is_seen_and_nothing_overflows() {
        for selected in 0..50 {
            for chosen in [None, Some(0), Some(25), Some(49)] {
                for height in 1..30 {
                    let moment = moment(50, chosen, Some(30));
                    let shown = shown(&moment, true, selected, height);
                    assert!(shown.len() <= height);
                    let rows = rows(&shown);
                    assert!(rows.contains(&selected) && rows.is_sorted());
                    if height >= 4 {
                        assert!([0, 1, 2].iter().all(|top| rows.contains(top)));
                    }
                    if height >= 6 {
                        let marked = chosen.into_iter().chain([30]);
                        assert!(marked.into_iter().all(|one| rows.contains(&(one as usize))));
                    }
                }
            }
        }
    }
}

//! Characters of several code points, such as flags, families and letters with marks. Terminals differ in how many cells
//! they give them, so that what stands beside one is drawn again when it comes or goes, whether or not it changed.

use std::collections::BTreeSet;

use ratatui::buffer::{Buffer, CellDiffOption, CellWidth};

/// A cluster on the screen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cluster {
    y: u16,
    x: u16,
    /// Cells that a terminal takes which draws each code point by itself.
    reach: u16,
    symbol: String,
}

/// The clusters that were drawn last.
#[derive(Debug, Default)]
pub struct Clusters(BTreeSet<Cluster>);

impl Clusters {
    /// Sees to it that nothing of a cluster stays which goes with this frame, or reaches too far which comes.
    pub fn refresh(&mut self, frame: &mut Buffer) {
        let now = clusters(frame);
        for Cluster { y, x, reach, .. } in self.0.symmetric_difference(&now) {
            for x in x + 1..x.saturating_add(*reach) {
                if let Some(cell) = frame.cell_mut((x, *y)) {
                    cell.set_diff_option(CellDiffOption::AlwaysUpdate);
                }
            }
        }
        self.0 = now;
    }
}

fn clusters(frame: &Buffer) -> BTreeSet<Cluster> {
    let cells = frame.content.iter().enumerate();
    let found = cells.filter(|(_, cell)| cell.symbol().chars().nth(1).is_some());
    found
        .map(|(at, cell)| {
            let (x, y) = frame.pos_of(at);
            let mut bytes = [0; 4];
            let widths = cell
                .symbol()
                .chars()
                .map(|c| c.encode_utf8(&mut bytes).cell_width());
            Cluster {
                y,
                x,
                reach: widths.sum(),
                symbol: cell.symbol().to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn what_stands_beside_a_cluster_is_drawn_again_when_it_goes() {
        let area = Rect::new(0, 0, 8, 1);
        for cluster in ["กำ", "🇩🇪", "👩‍👩‍👧"] {
            let mut with = Buffer::empty(area);
            with.set_string(0, 0, cluster, Style::new());
            let mut without = Buffer::empty(area);
            let forgotten = with.diff(&without).len();
            assert_eq!(forgotten, 1, "the rest of {cluster:?} stays");
            let mut drawn = Clusters::default();
            drawn.refresh(&mut with.clone());
            drawn.refresh(&mut without);
            let cleared = with.diff(&without).len();
            assert!(cleared >= 2, "{cluster:?}: {cleared}");
            // Once it has gone, nothing is left to do.
            let (mut next, mut last) = (Buffer::empty(area), Buffer::empty(area));
            drawn.refresh(&mut next);
            drawn.refresh(&mut last);
            assert_eq!(next.diff(&last).len(), 0);
        }
    }
}

//! The axes of the chart: round ticks, and what stands on the axis below.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::ticks::ticks;
use crate::chart::{Across, Axis};
use crate::tui::vocabulary::theme::Theme;

/// Cells left of the plot: the values' labels and the axis itself.
const LEFT: u16 = 7;
/// Rows below it: the axis itself and its labels.
pub const BELOW: u16 = 2;

/// Where the curves go in the pane, above so many rows for the values of runs.
pub fn plot(inside: Rect, rows: u16) -> Rect {
    Rect {
        x: inside.x + LEFT.min(inside.width),
        width: inside.width.saturating_sub(LEFT),
        height: inside.height.saturating_sub(BELOW + rows),
        ..inside
    }
}

/// The column of a place between the ends of a plot; none outside of it.
pub fn column((from, to): (f64, f64), at: f64, plot: Rect) -> Option<u16> {
    let share = (at - from) / (to - from);
    let cells = f64::from(plot.width.max(1) - 1);
    (0.0..=1.0)
        .contains(&share)
        .then(|| plot.x + (share * cells).round() as u16)
}

/// Draws the axis of the values, left of the plot.
pub fn values(axis: &Axis, plot: Rect, theme: &Theme, frame: &mut Frame) {
    let buffer = frame.buffer_mut();
    let column = plot.x.saturating_sub(1);
    for row in plot.rows() {
        buffer.set_string(column, row.y, "│", theme.quiet);
    }
    let lowest = i32::from(plot.height.saturating_sub(1));
    for tick in &axis.ticks {
        let up = axis.pixel(tick.value, (0, lowest));
        let row = plot.bottom().saturating_sub(1 + up as u16).max(plot.y);
        let cells = usize::from(LEFT - 1);
        let label = format!("{:>cells$}┤", tick.label);
        let start = plot.x.saturating_sub(LEFT);
        buffer.set_stringn(start, row, label, usize::from(LEFT), theme.quiet);
    }
}

/// Draws the axis below the plot, with signs on it.
pub fn across(
    across: Across,
    ends: (f64, f64),
    signs: &[(f64, char, Style)],
    plot: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    /// Cells for a tick and its label.
    const TICK: u16 = 8;
    let buffer = frame.buffer_mut();
    let (row, corner) = (plot.bottom(), plot.x.saturating_sub(1));
    let line = format!("└{}", "─".repeat(plot.width.into()));
    buffer.set_string(corner, row, line, theme.quiet);
    let most = (plot.width / TICK).max(2);
    // Where the label before ends.
    let mut taken = plot.x.saturating_sub(1);
    for (at, label) in ticks(across, ends, most.into()) {
        let Some(column) = column(ends, at, plot) else {
            continue;
        };
        buffer.set_string(column, row, "┬", theme.quiet);
        let cells = label.chars().count() as u16;
        let start = column.saturating_sub(cells / 2).max(plot.x);
        let start = start.min(plot.right().saturating_sub(cells));
        if start > taken {
            buffer.set_string(start, row + 1, &label, theme.quiet);
            taken = start + cells;
        }
    }
    for (at, sign, style) in signs {
        if let Some(column) = column(ends, *at, plot) {
            buffer.set_string(column, row, sign.to_string(), *style);
        }
    }
}

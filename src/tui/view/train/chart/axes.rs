//! The axes of the chart: round ticks, and what they stand for.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::chart::Axis;
use crate::tui::state::train::Span;
use crate::tui::vocabulary::theme::Theme;

/// Cells left of the plot: the losses' labels and the axis itself.
const LEFT: u16 = 7;
/// Rows below it: the axis itself and the steps' labels.
const BELOW: u16 = 2;

/// Where the curves go in the pane.
pub fn plot(inside: Rect) -> Rect {
    Rect {
        x: inside.x + LEFT.min(inside.width),
        width: inside.width.saturating_sub(LEFT),
        height: inside.height.saturating_sub(BELOW),
        ..inside
    }
}

/// Draws the axis of the losses, left of the plot.
pub fn losses(axis: &Axis, plot: Rect, theme: &Theme, frame: &mut Frame) {
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

/// Draws the axis of the steps, below the plot.
pub fn steps(span: Span, plot: Rect, theme: &Theme, frame: &mut Frame) {
    /// Cells for a tick and its label.
    const TICK: u16 = 12;
    /// Most ticks.
    const MOST: u16 = 6;
    let buffer = frame.buffer_mut();
    let (row, corner) = (plot.bottom(), plot.x.saturating_sub(1));
    let line = format!("└{}", "─".repeat(plot.width.into()));
    buffer.set_string(corner, row, line, theme.quiet);
    let most = (plot.width / TICK).clamp(2, MOST);
    let (from, to) = (
        span.from as f64,
        (span.to as f64).max(span.from as f64 + 1.0),
    );
    let axis = Axis::new(from, to, false, most.into());
    // There is nothing between two steps.
    let whole = axis.ticks.iter().filter(|tick| tick.value.fract() == 0.0);
    for tick in whole {
        let label = match tick.value {
            value if value < 10_000.0 => format!("{value:.0}"),
            _ => tick.label.clone(),
        };
        let column = axis.pixel(tick.value, (0, i32::from(plot.width.max(1)) - 1)) as u16;
        buffer.set_string(plot.x + column, row, "┬", theme.quiet);
        let cells = label.chars().count() as u16;
        let start = (plot.x + column).saturating_sub(cells / 2);
        let start = start.min(plot.right().saturating_sub(cells));
        buffer.set_string(start, row + 1, &label, theme.quiet);
    }
}

//! What is marked on the chart beside its lines: the ends of epochs, spikes above it, checkpoints and changed rates.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::axes::column;
use super::curves::Dot;
use crate::tui::state::train::{RunInView, Train};
use crate::tui::vocabulary::theme::Theme;

/// Signs on the axis below: a checkpoint, and a rate that was set by hand.
const CHECKPOINT: char = '◆';
const RATE: char = 'r';
/// Cells between the ends of epochs; where they are nearer, some have no line.
const EPOCH: f64 = 6.0;

/// What stands on the axis below.
pub fn on_axis(train: &Train, run: &RunInView, theme: &Theme) -> Vec<(f64, char, Style)> {
    let place = |step: u64| run.across(train.shown.across, step.max(1));
    let checkpoints = run.history().checkpoints();
    let checkpoints = checkpoints.map(|note| (place(note.step), CHECKPOINT, theme.quiet));
    let rates = run.history().rate_changes();
    let rates = rates.map(|change| (place(change.step), RATE, theme.notice));
    checkpoints.chain(rates).collect()
}

/// Draws a line at the end of each epoch, or of every few, where nothing else stands.
pub fn epochs(
    train: &Train,
    run: &RunInView,
    ends: (f64, f64),
    plot: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    let Some(started) = run.history().started() else {
        return;
    };
    let (length, last) = (
        started.steps_per_epoch.max(1),
        started.steps.max(run.last_step()),
    );
    let epochs = last / length;
    // What is still to come lies as far apart as what is behind.
    let across = train.shown.across;
    let newest = run.last_step().max(1);
    let width = run.across(across, newest) / newest as f64 * length as f64;
    let cells = width / (ends.1 - ends.0) * f64::from(plot.width);
    let strides = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
    let Some(stride) = strides
        .into_iter()
        .find(|stride| cells * *stride as f64 >= EPOCH)
    else {
        return;
    };
    let buffer = frame.buffer_mut();
    for epoch in (1..=epochs).step_by(stride) {
        let epoch = epoch - 1 + stride as u64;
        let step = epoch * length;
        let at = if step <= newest {
            run.across(across, step)
        } else {
            epoch as f64 * width
        };
        let Some(x) = column(ends, at, plot) else {
            continue;
        };
        for y in plot.top()..plot.bottom() {
            if let Some(cell) = buffer.cell_mut((x, y))
                && matches!(cell.symbol(), " " | "\u{2800}")
            {
                cell.set_char('┊').set_style(theme.border);
            }
        }
    }
}

/// Writes how high the values are that lie above the chart, along its upper edge: the highest of those near each other.
pub fn spikes(
    peaks: &[Dot],
    highest: f64,
    ends: (f64, f64),
    plot: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    let mut above: Vec<&Dot> = peaks.iter().filter(|peak| peak.1 > highest).collect();
    above.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for &&(at, value) in &above {
        let label = format!("↑{}", short(value));
        let cells = label.chars().count() as u16;
        let Some(column) = column(ends, at, plot) else {
            continue;
        };
        let start = column.min(plot.right().saturating_sub(cells)).max(plot.x);
        let end = start + cells;
        if taken.iter().all(|(from, to)| end < *from || start > *to) {
            let buffer = frame.buffer_mut();
            buffer.set_stringn(start, plot.y, &label, plot.width.into(), theme.notice);
            taken.push((start, end));
        }
    }
}

/// A value in at most five cells.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.001 => format!("{value:.0e}"),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        size if size < 10_000.0 => format!("{value:.0}"),
        size if size < 1e6 => format!("{:.0}k", value / 1e3),
        _ => format!("{value:.0e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        let shown = [7.7123, 310.2, 3.8e14, 0.0, 8.2e-4, 0.267, 11_240.0].map(short);
        assert_eq!(shown, ["7.71", "310", "4e14", "0", "8e-4", "0.267", "11k"]);
    }
}

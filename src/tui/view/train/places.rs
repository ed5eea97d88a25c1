//! Where the panes of the Train screen lie.
//!
//! ```text
//! ┌ Loss ──────────────────────┬ Run ───────┐
//! │                            │            │
//! ├ Samples ───────────────────┼ Odds ──────┤
//! │                            │            │
//! └────────────────────────────┴────────────┘
//! ```

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::state::train::{Train, TrainPane};

/// The panes that are shown, and where.
pub fn of(area: Rect, train: &Train) -> Vec<(TrainPane, Rect)> {
    if train.zoomed {
        return vec![(train.pane, area)];
    }
    let [above, below] =
        Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]).areas(area);
    let right = Constraint::Length((area.width * 2 / 5).clamp(32, 48));
    let across = Layout::horizontal([Constraint::Fill(1), right]);
    let [loss, run] = across.areas(above);
    let [samples, odds] = across.areas(below);
    vec![
        (TrainPane::Loss, loss),
        (TrainPane::Run, run),
        (TrainPane::Samples, samples),
        (TrainPane::Odds, odds),
    ]
}

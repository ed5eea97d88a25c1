//! Where the panes of the Train screen lie, and what lies at a cell of them.
//!
//! ```text
//! ┌ Loss ──────────────────────┬ Run ───────┐
//! │                            │            │
//! ├ Samples ───────────────────┼ Odds ──────┤
//! │                            │            │
//! └────────────────────────────┴────────────┘
//! ```

use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::{chart, form};
use crate::tui::state::State;
use crate::tui::train::{Train, TrainPane};

/// What a press on the Train screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A row of the form, 0 for the one that starts the run.
    Row(usize),
    /// A step on the chart.
    Step(u64),
    Pane(TrainPane),
}

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

/// What lies at a cell of the screen.
pub fn hit(state: &State, at: Position) -> Option<Hit> {
    let area = state.panes(state.size).body;
    let train = &state.train;
    if train.asks {
        return form::row_at(train, area, at).map(Hit::Row);
    }
    let (pane, place) = of(area, train)
        .into_iter()
        .find(|(_, place)| place.contains(at))?;
    let step = match pane {
        TrainPane::Loss => chart::step_at(train, place, at),
        _ => None,
    };
    Some(step.map_or(Hit::Pane(pane), Hit::Step))
}

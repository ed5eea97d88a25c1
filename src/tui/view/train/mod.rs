//! The Train screen: the form, or a run's losses, numbers, samples and odds.

mod chart;
mod costs;
mod form;
mod odds;
mod places;
mod projector;
mod run;
mod samples;
mod table;
mod validations;
mod words;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

pub use self::chart::beside;
pub use self::words::TrainTopic;
use super::draw;
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::{Job, TrainPane};
use crate::tui::vocabulary::theme::Theme;

/// Draws it into the place between the status line and the footer.
pub fn draw(state: &State, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let train = &state.train;
    if let Some(shown) = &train.table {
        if train.run().is_none() {
            return table::draw(train, shown, theme, area, seen, frame);
        }
        let rows = shown.rows().len().max(2) as u16 + 3;
        let above = Constraint::Length(rows.min(area.height / 2));
        let [above, below] = Layout::vertical([above, Constraint::Fill(1)]).areas(area);
        chart::draw(state, theme, below, seen, frame);
        return table::draw(train, shown, theme, above, seen, frame);
    }
    if train.asks || train.run().is_none() {
        return form::draw(state, theme, area, seen, frame);
    }
    if train.projected {
        return projector::draw(state, theme, area, seen, frame);
    }
    for (pane, place) in places::of(area, train) {
        seen.put(place, Hit::TrainPane(pane));
        match pane {
            TrainPane::Loss => chart::draw(state, theme, place, seen, frame),
            TrainPane::Run => run::draw(state, theme, place, frame),
            TrainPane::Samples => samples::draw(train, theme, place, frame),
            TrainPane::Odds => odds::draw(state, theme, place, seen, frame),
        }
    }
}

/// What the status line says of a run that goes on.
pub fn job(state: &State) -> Option<String> {
    let train = &state.train;
    let doing = match train.job {
        Job::Idle => return None,
        Job::Preparing => return Some("◌ preparing".to_owned()),
        Job::Training => "● training",
        Job::Paused => "‖ training",
        Job::Ending => return Some("◌ saving".to_owned()),
    };
    let live = train.live.as_ref()?;
    let steps = live.history().started()?.steps.max(1);
    let share = 100 * live.history().last_step() / steps;
    Some(format!("{doing} {share} %"))
}

/// The border of a pane of this screen.
fn border(
    title: String,
    note: Line<'_>,
    focused: bool,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) -> Rect {
    let title = Line::styled(title, theme.title);
    draw::border(title, note, focused, theme, area, frame)
}

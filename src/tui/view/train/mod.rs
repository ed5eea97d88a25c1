//! The Train screen: the form, or a run's losses, numbers, samples and odds.

mod chart;
mod form;
mod odds;
mod places;
mod run;
mod samples;

pub use places::{Hit, hit};

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType};

use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::tui::train::{Job, TrainPane};

/// Draws it into the place between the status line and the footer.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let train = &state.train;
    if train.asks {
        return form::draw(train, theme, area, frame);
    }
    for (pane, place) in places::of(area, train) {
        match pane {
            TrainPane::Loss => chart::draw(train, theme, place, frame),
            TrainPane::Run => run::draw(state, theme, place, frame),
            TrainPane::Samples => samples::draw(train, theme, place, frame),
            TrainPane::Odds => odds::draw(train, theme, place, frame),
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
    let steps = live.history.started()?.steps.max(1);
    let share = 100 * live.history.last_step() / steps;
    Some(format!("{doing} {share} %"))
}

/// A pane's border with its title and a note at the right, thick where the focus is. Returns the inside.
fn border(
    title: String,
    note: Line<'_>,
    focused: bool,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) -> Rect {
    let (style, kind) = if focused {
        (theme.border_focused, BorderType::Thick)
    } else {
        (theme.border, BorderType::Rounded)
    };
    let title = Span::styled(title, theme.title);
    let room = usize::from(area.width).saturating_sub(title.width() + 3);
    let mut block = Block::bordered()
        .border_type(kind)
        .border_style(style)
        .title(Line::from(title));
    if note.width() > 0 && note.width() <= room {
        block = block.title(note.right_aligned());
    }
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

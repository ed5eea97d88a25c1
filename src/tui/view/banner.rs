//! The line across the top: an error, a notice, or that the engine died.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::draw;
use crate::tui::state::State;
use crate::tui::vocabulary::theme::Theme;

/// Whether it tells of something that went wrong.
pub fn is_error(state: &State) -> bool {
    let first = state.screen.banners.first();
    state.engine.died.is_some() || first.is_some_and(|banner| banner.error)
}

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let style = if is_error(state) {
        theme.error
    } else {
        theme.notice
    };
    let lines = state
        .banner_lines(area.width)
        .into_iter()
        .map(|line| Line::styled(line, style))
        .collect();
    draw::lines(lines, area, frame);
}

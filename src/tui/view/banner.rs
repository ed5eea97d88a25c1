//! The line across the top: an error, a notice, or that the engine died.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::draw;
use crate::tui::state::State;
use crate::tui::vocabulary::theme::Theme;

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let error = state.engine.died.is_some()
        || state
            .screen
            .banners
            .first()
            .is_some_and(|banner| banner.error);
    let style = if error { theme.error } else { theme.notice };
    let lines = state
        .banner_lines(area.width)
        .into_iter()
        .map(|line| Line::styled(line, style))
        .collect();
    draw::lines(lines, area, frame);
}

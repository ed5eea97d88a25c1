//! The line across the top: an error, a notice, or that the engine died.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::draw;
use crate::tui::state::State;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::tone::Tone;

/// How it is meant, if anything is told.
pub fn tone(state: &State) -> Option<Tone> {
    let first = state.screen.banners.first().map(|banner| banner.tone);
    let died = state.engine.died.as_ref().map(|_| Tone::Error);
    died.or(first)
}

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let style = match tone(state) {
        Some(Tone::Error) => theme.error,
        Some(Tone::Done) => theme.pick,
        Some(Tone::Remark) | None => theme.notice,
    };
    let lines = state
        .banner_lines(area.width)
        .into_iter()
        .map(|line| Line::styled(line, style))
        .collect();
    draw::lines(lines, area, frame);
}

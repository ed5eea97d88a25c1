//! The line across the top: an error, a notice, or that the engine died.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::state::State;
use super::super::theme::Theme;
use super::draw;

/// The banner's lines at a width; none if there is nothing to say.
pub fn lines(state: &State, width: u16) -> Vec<String> {
    match sentence(state) {
        Some(sentence) => draw::wrapped(&sentence, width),
        None => Vec::new(),
    }
}

fn sentence(state: &State) -> Option<String> {
    let key = |name| state.keymap.hint(name, true).unwrap_or_default();
    if let Some(message) = &state.died {
        let message = message.trim_end_matches('.');
        return Some(format!(
            "✗ The engine stopped: {message}. {} starts it again.",
            key("restart-engine")
        ));
    }
    let banner = state.banners.first()?;
    let sign = if banner.error { "✗" } else { "!" };
    let more = match state.banners.len() - 1 {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    Some(format!(
        "{sign} {} ({} dismisses{more})",
        banner.message,
        key("escape")
    ))
}

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let error = state.died.is_some() || state.banners.first().is_some_and(|banner| banner.error);
    let style = if error { theme.error } else { theme.notice };
    let lines = lines(state, area.width)
        .into_iter()
        .map(|line| Line::styled(line, style))
        .collect();
    draw::lines(lines, area, frame);
}

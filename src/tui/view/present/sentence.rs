//! What a lesson says to a room.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::tui::state::State;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// The page of its own that is in view, if one is.
pub fn page(state: &State, theme: &Theme) -> Option<Vec<Line<'static>>> {
    let at = state.screen.sentence?;
    let page = state.sentence_pages().into_iter().nth(at)?;
    let style = style(state, theme);
    let lines = page.into_iter().map(|line| line.patch_style(style));
    Some(lines.collect())
}

/// Its lines below a rule: in big letters where there is room for those, else strong.
pub fn lines(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let said = state.paragraphs();
    if said.is_empty() {
        return Vec::new();
    }
    let style = style(state, theme);
    let mut lines = vec![Line::styled(
        "━".repeat(area.width.into()),
        theme.border_focused,
    )];
    if let Some(big) = state.sentence_below() {
        lines.extend(big.into_iter().map(|line| line.patch_style(style)));
        return lines;
    }
    let normal = said
        .iter()
        .flat_map(|paragraph| wrapped(paragraph, area.width));
    // When the lesson is over, what it says is all that matters.
    let most = match state.learn.step() {
        Some(_) => usize::from(area.height) / 2,
        None => usize::from(area.height).saturating_sub(2),
    };
    lines.extend(
        normal
            .take(most)
            .map(|line| Line::styled(safe::safe(&line).into_owned(), style)),
    );
    lines
}

/// What is done stands out.
fn style(state: &State, theme: &Theme) -> Style {
    if state.learn.is_done() {
        theme.pick
    } else {
        theme.strong
    }
}

//! For a room: one thing at a time in letters that are read from afar, and nothing that nobody needs to see: no seeds, ids
//! or names of files.

mod rows;
mod sentence;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw;
use crate::tui::state::State;
use crate::tui::state::presented::MARGIN;
use crate::tui::vocabulary::big_letters::{ROWS, lines as big_lines};
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::theme::Theme;

/// Figures of a lesson's sentence that are odds of what comes next.
const ODDS: [&str; 4] = ["p", "final", "token", "ratio"];

/// Draws the names of the views, what the pane in focus shows, and below it what the lesson says.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let inside = Rect {
        x: area.x + MARGIN,
        width: area.width.saturating_sub(2 * MARGIN),
        ..area
    };
    if let Some(page) = sentence::page(state, theme) {
        return draw::lines(page, inside, frame);
    }
    let lesson = sentence::lines(state, theme, inside);
    let [names, above, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(lesson.len() as u16),
    ])
    .areas(inside);
    // What a lesson hides gives way to the text.
    let pane = match state.play.focus {
        hidden if state.learn.hides(hidden) => Focus::Text,
        pane => pane,
    };
    let shown = match pane {
        Focus::Prompt | Focus::Text => text_and_odds(state, pane, theme, above),
        Focus::Next => rows::odds(state, theme, above),
        Focus::Tokens => rows::tokens(state, theme, above),
        Focus::Knobs => rows::knob(state, theme, above),
        Focus::Why => rows::way(state, theme, above),
    };
    draw::lines(vec![views(pane, theme)], names, frame);
    draw::lines(shown, above, frame);
    draw::lines(lesson, below, frame);
}

/// The views by their names, in the order in which the focus goes round.
fn views(shown: Focus, theme: &Theme) -> Line<'static> {
    let names = Focus::ALL.into_iter().flat_map(|pane| {
        let style = if pane == shown {
            theme.chosen
        } else {
            theme.quiet
        };
        let name = if pane == shown {
            format!("[{}]", pane.name())
        } else {
            format!(" {} ", pane.name())
        };
        [Span::styled(name, style), Span::raw(" ")]
    });
    Line::from(names.collect::<Vec<_>>())
}

/// The text, and below it the odds where the lesson speaks of them.
fn text_and_odds(state: &State, pane: Focus, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let room = usize::from(area.height) / ROWS;
    let speaks = state.learn.step().is_some_and(|step| {
        let mut blanks = step.text.blanks();
        blanks.any(|(blank, _)| {
            let of_next = blank.name != "token" || blank.of.is_some();
            ODDS.contains(&blank.name.as_str()) && of_next
        })
    });
    if !speaks || state.learn.hides(Focus::Next) || room < 2 {
        return text(state, pane, theme, area);
    }
    let for_text = Rect {
        height: ((room / 2) * ROWS) as u16,
        ..area
    };
    let mut lines = text(state, pane, theme, for_text);
    let for_odds = Rect {
        height: area.height.saturating_sub(lines.len() as u16),
        ..area
    };
    lines.extend(rows::odds(state, theme, for_odds));
    lines
}

/// The prompt as it is written, or the end of the text up to the token in view, which stands out.
fn text(state: &State, pane: Focus, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let passage = state.play.passage();
    let at = passage.in_view();
    let said = |from: usize, to: usize| {
        let tokens = passage.tokens().get(from..to).unwrap_or_default();
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|token| token.bytes.clone())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (before, mut here) = match pane {
        Focus::Prompt => (state.play.editor.text(), String::new()),
        _ => (
            said(0, at.min(passage.tokens().len())),
            said(at, at.saturating_add(1)),
        ),
    };
    if here.is_empty() {
        here.push('_');
    }
    let parts = [(before.as_str(), theme.base), (here.as_str(), theme.chosen)];
    let lines = big_lines(&parts, area.width);
    let room = usize::from(area.height) / ROWS;
    let skipped = lines.len().saturating_sub(room);
    lines.into_iter().skip(skipped).flatten().collect()
}

fn big_text(text: &str, style: Style, area: Rect) -> Vec<Line<'static>> {
    big_lines(&[(text, style)], area.width)
        .into_iter()
        .flatten()
        .collect()
}

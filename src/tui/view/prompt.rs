//! The prompt editor.

use ratatui::Frame;
use ratatui::layout::Position;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas};
use crate::tui::state::State;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::window::window;

/// Draws the prompt, and the terminal's own cursor in it.
pub fn draw(canvas: &Canvas, frame: &mut Frame) {
    let state = canvas.state;
    let inside = canvas.border(Line::styled(note(state), canvas.theme.quiet), frame);
    let focused = state.play.focus == Focus::Prompt;
    if state.play.editor.is_empty() && !focused {
        let key = state
            .keymap
            .hint(Bound::FocusPrompt, false)
            .unwrap_or_default();
        return canvas.empty(&format!("{key} to write a prompt"), inside, frame);
    }
    let editor = &state.play.editor;
    let flow = editor.flow();
    let selected = editor.is_selected();
    let style = match (selected, focused) {
        (true, true) => canvas.theme.cursor,
        // It was run, and makes room for what is typed next.
        (true, false) => canvas.theme.quiet,
        (false, _) => canvas.theme.base,
    };
    let cursor = if selected && !focused {
        0
    } else {
        editor.cursor()
    };
    let cursor_line = flow.line_of(cursor);
    let shown = window(cursor_line, flow.len(), inside.height.into());
    let top = shown.start;
    let lines = shown
        .map(|line| {
            let visible = flow.line(line).filter(|(glyph, _)| !glyph.is_newline());
            let text: String = visible.map(|(_, text)| text).collect();
            // The style is the text's, not the whole line's.
            Line::from(Span::styled(text, style))
        })
        .collect();
    draw::lines(lines, inside, frame);
    if (focused || state.play.ready)
        && state.screen.help.is_none()
        && state.screen.overlay.is_none()
    {
        let column = flow.column_of(cursor).min(inside.width.saturating_sub(1));
        let row = u16::try_from(cursor_line - top).unwrap_or(0);
        frame.set_cursor_position(Position::new(inside.x + column, inside.y + row));
    }
}

/// What is said beside the title: what typing does where that is not plain, else the number of tokens.
fn note(state: &State) -> String {
    if state.play.ready {
        return " type the next prompt ".to_owned();
    }
    if state.play.focus == Focus::Prompt && state.play.editor.is_selected() {
        return " a suggestion: type over it ".to_owned();
    }
    match state.play.draft.tokens().len() {
        _ if !state.play.inspecting.is_settled() => String::new(),
        0 => String::new(),
        1 => " 1 token ".to_owned(),
        count => format!(" {count} tokens "),
    }
}

//! The prompt editor.

use ratatui::Frame;
use ratatui::layout::Position;
use ratatui::text::Line;

use super::draw::{self, Canvas};
use crate::tui::state::Focus;

/// Draws the prompt, and the terminal's own cursor in it.
pub fn draw(canvas: &Canvas, frame: &mut Frame) {
    let state = canvas.state;
    let note = match state.draft.tokens().len() {
        _ if state.pending.inspect || state.pending.inspecting => String::new(),
        0 => String::new(),
        1 => " 1 token ".to_owned(),
        count => format!(" {count} tokens "),
    };
    let inside = canvas.border(Line::styled(note, canvas.theme.quiet), frame);
    let focused = state.focus == Focus::Prompt;
    if state.editor.is_empty() && !focused {
        let key = state.keymap.hint("focus-prompt", false).unwrap_or_default();
        return canvas.empty(&format!("{key} to write a prompt"), inside, frame);
    }
    let editor = &state.editor;
    let flow = editor.flow();
    let cursor = editor.cursor();
    let cursor_line = flow.line_of(cursor);
    let shown = draw::window(cursor_line, flow.len(), inside.height.into());
    let top = shown.start;
    let lines = shown
        .map(|line| {
            let visible = flow.line(line).filter(|(glyph, _)| !glyph.is_newline());
            Line::from(visible.map(|(_, text)| text).collect::<String>())
        })
        .collect();
    draw::lines(lines, inside, frame);
    if focused && state.help.is_none() && state.overlay.is_none() {
        let column = flow.column_of(cursor).min(inside.width.saturating_sub(1));
        let row = u16::try_from(cursor_line - top).unwrap_or(0);
        frame.set_cursor_position(Position::new(inside.x + column, inside.y + row));
    }
}

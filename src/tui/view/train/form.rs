//! The form that a run is started from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::{BASE, FIELDS, Form, Train};
use crate::tui::view::draw::{self, cell};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of the names.
const NAME: usize = 18;
/// Rows below the fields: the word on the selected one, or what is wrong.
const BELOW: u16 = 4;

/// Draws it: each field with its value and default, and why the selected one matters.
pub fn draw(train: &Train, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let form = &train.form;
    let title = " Train · a new run ".to_owned();
    let note = Line::styled("Play stays usable; both share the processor ", theme.quiet);
    let inside = super::border(title, note, true, theme, area, frame);
    let rows = rows(inside);
    let fields = form.fields();
    let selected = form.row.min(fields.len());
    let shown = window(selected, fields.len() + 1, rows.height.into());
    for (place, row) in rows.rows().zip(shown.clone()) {
        seen.put(place, Hit::Field(row));
    }
    let lines = shown
        .map(|row| match row.checked_sub(1) {
            None => start(selected == 0, rows.width.into(), theme),
            Some(at) => field(form, fields[at], row == selected, rows.width.into(), theme),
        })
        .collect();
    draw::lines(lines, rows, frame);
    let below = Rect {
        y: rows.bottom(),
        height: inside.bottom() - rows.bottom(),
        ..inside
    };
    draw::lines(said(form, below.width, theme), below, frame);
}

fn rows(inside: Rect) -> Rect {
    Rect {
        height: inside.height.saturating_sub(BELOW),
        ..inside
    }
}

fn start<'a>(selected: bool, width: usize, theme: &Theme) -> Line<'a> {
    let style = if selected {
        theme.cursor
    } else {
        theme.running
    };
    Line::from(cell(" ▶ start the run", width, style))
}

fn field<'a>(form: &Form, field: usize, selected: bool, width: usize, theme: &Theme) -> Line<'a> {
    let known = &FIELDS[field];
    let value = form.value(field);
    let (shown, changed) = match (value.is_empty(), form.is_changed(field)) {
        (true, _) if known.absent.is_empty() => ("–".to_owned(), false),
        (true, _) => (known.absent.to_owned(), false),
        (false, changed) => (value, changed),
    };
    let default = if changed {
        match form.default_of(field) {
            empty if empty.is_empty() => known.absent.to_owned(),
            default => default,
        }
    } else {
        String::new()
    };
    let wrong = form
        .problem
        .as_ref()
        .is_some_and(|problem| problem.field == Some(field));
    let style = match (selected, wrong, changed) {
        (true, ..) => theme.cursor,
        (_, true, _) => theme.error,
        (_, _, true) => theme.strong,
        _ => theme.base,
    };
    let quiet = if selected { theme.cursor } else { theme.quiet };
    let rest = width.saturating_sub(NAME + 2);
    let note = if default.is_empty() {
        String::new()
    } else {
        format!("default {} ", safe::safe(&default))
    };
    let note_cells = safe::width(&note).min(rest / 3);
    Line::from(vec![
        Span::styled("  ", style),
        cell(known.name, NAME, quiet),
        cell(&safe::safe(&shown), rest - note_cells, style),
        cell(&note, note_cells, quiet),
    ])
}

fn said<'a>(form: &Form, width: u16, theme: &Theme) -> Vec<Line<'a>> {
    let (text, style) = match (&form.problem, form.selected()) {
        (Some(problem), _) => (problem.message.clone(), theme.error),
        (None, Some(BASE)) if form.kept.is_some() => {
            (form.kept.clone().unwrap_or_default(), theme.notice)
        }
        (None, Some(field)) => (FIELDS[field].why.to_owned(), theme.quiet),
        (None, None) => (
            "Enter begins. The run goes on beside Play, is saved as it goes, and can be paused, steered and stopped."
                .to_owned(),
            theme.quiet,
        ),
    };
    let mut lines = vec![Line::styled("─".repeat(width.into()), theme.border)];
    lines.extend(
        wrapped(&text, width)
            .into_iter()
            .map(|line| Line::styled(line, style)),
    );
    lines
}

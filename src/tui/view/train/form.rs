//! The form that a run is started from.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::costs;
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::{BASE, FIELDS, Form, FormRow, Group};
use crate::tui::view::draw::{self, cell};
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of the names.
const NAME: usize = 18;
/// Rows below the fields: the word on the selected one, or what is wrong.
const SAID: u16 = 3;
/// Rows for what the run takes, with its rule: on a small terminal, and where there is room for more remarks.
const COSTS: (u16, u16) = (6, 9);

/// Draws it: what the run takes, each field with its value and default, and why the selected one matters.
pub fn draw(state: &State, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let form = &state.train.form;
    let title = " Train · a new run ".to_owned();
    let note = Line::styled("Play stays usable; both share the processor ", theme.quiet);
    let inside = super::border(title, note, true, theme, area, frame);
    let [top, rows, costs, said] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(if inside.height > 30 { COSTS.1 } else { COSTS.0 }),
        Constraint::Length(SAID + 1),
    ])
    .areas(inside);
    // The start is in sight whatever row is.
    seen.put(top, Hit::Field(0));
    draw::lines(vec![start(state, top.width.into(), theme)], top, frame);
    let all = form.rows();
    let selected = form.row.min(all.len() - 1);
    let shown = window(
        selected.saturating_sub(1),
        all.len() - 1,
        rows.height.into(),
    );
    let width = usize::from(rows.width);
    let mut lines = Vec::new();
    for (place, at) in rows.rows().zip(shown) {
        let at = at + 1;
        seen.put(place, Hit::Field(at));
        let is_selected = at == selected;
        lines.push(match all[at] {
            FormRow::Field(at) => field(form, at, is_selected, width, theme),
            FormRow::Group(of) => group(form, of, is_selected, width, theme),
            FormRow::Start => Line::default(),
        });
    }
    draw::lines(lines, rows, frame);
    costs::draw(form, theme, costs, frame);
    draw::lines(words(form, said.width, theme), said, frame);
}

fn start<'a>(state: &State, width: usize, theme: &Theme) -> Line<'a> {
    let style = if state.train.form.row == 0 {
        theme.cursor
    } else {
        theme.running
    };
    let key = state.keymap.hint(Bound::TrainStart, true);
    let key = key.map_or_else(String::new, |key| format!("{key}, from every row "));
    let cells = safe::width(&key).min(width);
    Line::from(vec![
        cell(" ▶ start the run", width - cells, style),
        cell(&key, cells, style),
    ])
}

fn group<'a>(form: &Form, of: Group, selected: bool, width: usize, theme: &Theme) -> Line<'a> {
    let (style, quiet) = if selected {
        (theme.cursor, theme.cursor)
    } else {
        (theme.base, theme.quiet)
    };
    let (sign, said) = if form.is_open(of) {
        ("▾ ", String::new())
    } else {
        ("▸ ", form.summary(of))
    };
    Line::from(vec![
        Span::styled(sign, style),
        cell(of.name(), NAME, style),
        cell(&safe::safe(&said), width.saturating_sub(NAME + 2), quiet),
    ])
}

fn field<'a>(form: &Form, field: usize, selected: bool, width: usize, theme: &Theme) -> Line<'a> {
    let known = &FIELDS[field];
    let changed = form.is_changed(field);
    let shown = match form.shown(field) {
        empty if empty.is_empty() => "–".to_owned(),
        shown => shown,
    };
    let wrong = form.wrong().filter(|problem| problem.field == Some(field));
    let note = match wrong {
        Some(problem) => format!("✗ {} ", safe::safe(&problem.message)),
        None if changed => match (form.default_of(field).as_str(), known.absent) {
            ("", "") => String::new(),
            ("", absent) => format!("default {absent} "),
            (default, _) => format!("default {} ", safe::safe(default)),
        },
        None if form.is_proposed(field) => "from the corpus ".to_owned(),
        None => String::new(),
    };
    let style = match (selected, wrong.is_some(), changed) {
        (true, ..) => theme.cursor,
        (_, true, _) => theme.error,
        (_, _, true) => theme.strong,
        _ => theme.base,
    };
    let quiet = if selected { theme.cursor } else { theme.quiet };
    let rest = width.saturating_sub(NAME + 2);
    // What is wrong has most of the row, and stands below in full.
    let most = if wrong.is_some() {
        rest * 2 / 3
    } else {
        rest / 3
    };
    let note_cells = safe::width(&note).min(most);
    // In a group that is open.
    let name = match known.group {
        Some(_) => format!("  {}", known.name),
        None => known.name.to_owned(),
    };
    Line::from(vec![
        Span::styled("  ", style),
        cell(&name, NAME, quiet),
        cell(&safe::safe(&shown), rest - note_cells, style),
        cell(&note, note_cells, quiet),
    ])
}

fn words<'a>(form: &Form, width: u16, theme: &Theme) -> Vec<Line<'a>> {
    let (text, style) = match (form.wrong(), form.selected_row()) {
        (Some(problem), _) => (problem.message.clone(), theme.error),
        (None, FormRow::Field(BASE)) if form.kept.is_some() => {
            (form.kept.clone().unwrap_or_default(), theme.notice)
        }
        (None, FormRow::Field(field)) => (FIELDS[field].why.to_owned(), theme.quiet),
        (None, FormRow::Group(group)) => (group.why().to_owned(), theme.quiet),
        (None, FormRow::Start) => (
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

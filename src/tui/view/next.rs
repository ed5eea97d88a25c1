//! The odds of the token in view: raw beside final, what was cut and by which stage.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::beside;
use super::draw::{self, Canvas, cell, right};
use super::numbers::{bar, percent, thousands};
use crate::decoding::{Moment, Row};
use crate::tui::safe;
use crate::tui::theme::Theme;

/// Stands beside the token that stands in the text.
pub const CHOSEN: &str = "◀";
/// Stands beside the token that the present knobs pick.
const PICK: &str = "◇";

/// Widths of the columns.
struct Columns {
    rank: usize,
    token: usize,
    bar: usize,
    percent: usize,
    marks: usize,
}

impl Columns {
    fn fit(width: usize) -> Self {
        let (rank, percent, marks) = (6, 8, 3);
        let token = (width / 4).clamp(8, 22);
        let bar = width.saturating_sub(rank + 1 + token + 2 * percent + 2 + marks) / 2;
        Self {
            rank,
            token,
            bar,
            percent,
            marks,
        }
    }
}

/// Draws it.
pub fn draw(canvas: &Canvas, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let Some(moment) = state.moment().filter(|moment| !moment.rows.is_empty()) else {
        let inside = canvas.border(Line::default(), frame);
        let (inside, second) = beside::parts(state, inside);
        if let Some(second) = second {
            beside::draw(state, theme, second, frame);
        }
        let sentence = if state.passage().in_view() == 0 && !state.passage().tokens().is_empty() {
            "Nothing comes before the first token, so nothing predicts it."
        } else {
            "The odds of the next token, before and after the sampler."
        };
        return canvas.empty(sentence, inside, frame);
    };
    let inside = canvas.border(after(canvas, moment), frame);
    let (inside, second) = beside::parts(state, inside);
    if let Some(second) = second {
        beside::draw(state, theme, second, frame);
    }
    let columns = Columns::fit(inside.width.into());
    let mut lines = vec![header(&columns, theme.quiet)];
    let highest = moment
        .rows
        .iter()
        .flat_map(|row| [row.raw_probability, row.final_probability])
        .fold(f32::MIN_POSITIVE, f32::max);
    for index in shown(
        moment,
        state.row,
        usize::from(inside.height).saturating_sub(1),
    ) {
        let row = &moment.rows[index];
        let selected = index == state.row && state.focus == canvas.pane;
        lines.push(line(row, moment, &columns, highest, selected, theme));
    }
    draw::lines(lines, inside, frame);
    footnote(moment, canvas.area, theme, frame);
}

/// The rows to show: those around the selected one, and in any case the chosen and the picked one.
pub fn shown(moment: &Moment, selected: usize, height: usize) -> Vec<usize> {
    let selected = selected.min(moment.rows.len().saturating_sub(1));
    let place = |id: u32| moment.rows.iter().position(|row| row.id == id);
    let mut marked: Vec<usize> = moment
        .chosen
        .and_then(place)
        .into_iter()
        .chain(place(moment.pick))
        .collect();
    marked.sort_unstable();
    marked.dedup();
    let window = draw::window(selected, moment.rows.len(), height);
    marked.retain(|index| !window.contains(index));
    let room = height.saturating_sub(marked.len());
    let window = draw::window(selected, moment.rows.len(), room);
    let mut rows: Vec<usize> = window.chain(marked).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.truncate(height);
    rows
}

fn header(columns: &Columns, style: Style) -> Line<'static> {
    let half = columns.bar + columns.percent;
    Line::from(vec![
        right("rank", columns.rank, style),
        Span::raw(" "),
        cell("token", columns.token, style),
        Span::raw(" "),
        cell("raw", half, style),
        Span::raw(" "),
        cell("final", half, style),
    ])
}

fn line(
    row: &Row,
    moment: &Moment,
    columns: &Columns,
    highest: f32,
    selected: bool,
    theme: &Theme,
) -> Line<'static> {
    let chosen = moment.chosen == Some(row.id);
    let pick = moment.pick == row.id;
    let base = match () {
        () if selected => theme.cursor,
        () if chosen => theme.chosen,
        () if pick => theme.pick,
        () if row.cut_by.is_some() => theme.cut,
        () => theme.base,
    };
    let coloured = |style: Style| if selected { theme.cursor } else { style };
    let mut spans = vec![
        right(&thousands(row.rank), columns.rank, base),
        Span::styled(" ", base),
        cell(&row.display, columns.token, base),
        Span::styled(" ", base),
        Span::styled(
            bar(row.raw_probability / highest, columns.bar),
            coloured(theme.raw_bar),
        ),
        right(&percent(row.raw_probability), columns.percent, base),
        Span::styled(" ", base),
    ];
    match row.cut_by {
        Some(stage) => {
            let text = format!("cut by {}", stage.name());
            spans.push(cell(
                &text,
                columns.bar + columns.percent,
                coloured(theme.cut),
            ));
        }
        None => {
            spans.push(Span::styled(
                bar(row.final_probability / highest, columns.bar),
                coloured(theme.final_bar),
            ));
            spans.push(right(
                &percent(row.final_probability),
                columns.percent,
                base,
            ));
        }
    }
    let marks = format!(
        " {}{}",
        if chosen { CHOSEN } else { "" },
        if pick { PICK } else { "" }
    );
    spans.push(cell(
        &marks,
        columns.marks,
        coloured(if chosen { theme.chosen } else { theme.pick }),
    ));
    Line::from(spans)
}

/// The end of the text that the odds follow.
fn after(canvas: &Canvas, moment: &Moment) -> Line<'static> {
    // Beside the words: the position, the quotes, the dots.
    let room = canvas.room().saturating_sub(16).min(60);
    let tokens = canvas.state.passage().tokens();
    let mut context = String::new();
    for token in tokens[..moment.position.min(tokens.len())].iter().rev() {
        let shown = safe::safe(&token.display).replace('␠', " ");
        if safe::width(&shown) + safe::width(&context) > room {
            context.insert(0, '…');
            break;
        }
        context.insert_str(0, &shown);
    }
    Line::styled(
        format!(" {} after “{}” ", moment.position, context.trim_start()),
        canvas.theme.quiet,
    )
}

/// What the marks mean and how many tokens there are, on the lower border.
fn footnote(moment: &Moment, area: Rect, theme: &Theme, frame: &mut Frame) {
    let text = format!(
        " {} of {} left · {CHOSEN} stands there · {PICK} these knobs pick ",
        thousands(moment.kept),
        thousands(moment.vocabulary)
    );
    let cells = safe::width(&text) as u16;
    if cells + 4 <= area.width && area.height > 4 {
        let place = Rect::new(area.right() - cells - 2, area.bottom() - 1, cells, 1);
        frame.render_widget(Line::styled(text, theme.quiet), place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_and_the_picked_row_are_always_shown() {
        let row = |id: u32| Row {
            id,
            display: id.to_string(),
            logit: 0.0,
            rank: id as usize + 1,
            raw_probability: 0.1,
            final_probability: 0.1,
            cut_by: None,
        };
        let mut moment = Moment {
            position: 1,
            rows: (0..50).map(row).collect(),
            vocabulary: 100,
            kept: 100,
            raw_entropy: 1.0,
            final_entropy: 1.0,
            trace: Vec::new(),
            chosen: Some(49),
            u: 0.1,
            pick: 30,
        };
        assert_eq!(shown(&moment, 0, 5), [0, 1, 2, 30, 49]);
        assert_eq!(shown(&moment, 30, 5), [28, 29, 30, 31, 49]);
        moment.chosen = None;
        moment.pick = 1;
        assert_eq!(shown(&moment, 0, 3), [0, 1, 2]);
        assert_eq!(shown(&moment, 0, 0), [0; 0]);
    }
}

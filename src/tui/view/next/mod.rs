//! The odds of the token in view: raw beside final, what was cut or changed, and by which stage.

mod changes;
pub mod rows;

use rows::{Shown, heights, shown};

use ratatui::Frame;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas, cell, right};
use super::second;
use crate::decoding::{Moment, Row, display_end};
use crate::sampling::Method;
use crate::text::numbers::{percent, thousands};
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Stands beside the token that stands in the text.
pub const CHOSEN: &str = "◀";
/// Stands beside the token that the present knobs pick.
pub const PICK: &str = "◇";
/// Most tokens of the text that the title may need.
const CONTEXT: usize = 64;

/// Widths of the columns; what stages changed has none where they changed nothing.
pub struct Columns {
    rank: usize,
    pub token: usize,
    /// Of the raw odds.
    pub bar: usize,
    /// Room before the final odds, for their bar or for what a stage cut.
    final_room: usize,
    final_bars: bool,
    percent: usize,
    changes: usize,
    marks: usize,
}

impl Columns {
    /// Least cells of the column of changes that say anything.
    const LEAST: usize = 7;
    /// Below so many cells the ranks and the tokens have less room.
    const NARROW: usize = 60;

    /// `changes` is told how many cells the changes may take, and says how many they would need.
    fn fit(width: usize, changes: impl FnOnce(usize) -> usize) -> Self {
        let (percent, marks) = (8, 4);
        let (rank, token) = if width < Self::NARROW {
            (5, (width / 5).clamp(8, 22))
        } else {
            (6, (width / 4).clamp(8, 22))
        };
        let room = width.saturating_sub(rank + 1 + token + 2 * percent + 2 + marks);
        // The bars keep half, where both have room to say something.
        let most = (room / 2).max(Self::LEAST).min(room.saturating_sub(1));
        let changes = match changes(most) {
            0 => 0,
            _ if most < Self::LEAST => 0,
            widest => widest.min(most) + 1,
        };
        let bar = (room - changes) / 2;
        Self {
            rank,
            token,
            bar,
            final_room: bar,
            final_bars: true,
            percent,
            changes,
            marks,
        }
    }

    /// Beside the table of another model, both together so many cells wide: the bars of the raw odds are as long as
    /// there, so that they can be compared; those of the final odds give way. A table of what rises and falls
    /// (`with_change`) has the room first.
    pub fn paired(width: usize, with_change: bool) -> Self {
        let token = (width / 8).clamp(8, 20);
        let mut columns = Self {
            rank: 5,
            token,
            bar: 0,
            final_room: 2,
            final_bars: false,
            percent: 8,
            changes: 0,
            marks: 4,
        };
        let room = width.saturating_sub(columns.width());
        columns.bar = if with_change {
            room.saturating_sub(second::WIDEST_CHANGE)
        } else {
            room.saturating_sub(second::width(token, 0)) / 2
        };
        columns
    }

    /// Cells of a line.
    pub fn width(&self) -> usize {
        self.rank
            + 1
            + self.token
            + 1
            + self.bar
            + self.percent
            + 1
            + self.final_room
            + self.percent
            + self.changes
            + self.marks
    }
}

/// Draws it.
pub fn draw(canvas: &Canvas, seen: &mut Seen, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let Some(moment) = state.play.moment().filter(|moment| !moment.rows.is_empty()) else {
        let inside = canvas.border(Line::default(), frame);
        let (inside, second) = second::parts(state, inside);
        if let Some(second) = second {
            let columns = second::columns(state, canvas.panes.inner(canvas.pane));
            let scale = (second::highest(state), &columns);
            second::draw(state, theme, scale, second, seen, frame);
        }
        let sentence =
            if state.play.passage().in_view() == 0 && !state.play.passage().tokens().is_empty() {
                "Nothing comes before the first token, so nothing predicts it."
            } else {
                "The odds of the next token, before and after the sampler."
            };
        return canvas.empty(sentence, inside, frame);
    };
    let inside = canvas.border(after(canvas, moment), frame);
    let (inside, second) = second::parts(state, inside);
    let own = moment
        .rows
        .iter()
        .flat_map(|row| [row.raw_probability, row.final_probability]);
    // One scale for all bars of the pane.
    let highest = own.fold(second::highest(state), f32::max);
    let (with_header, height) = heights(inside.height);
    let shown = shown(moment, state.play.search.is_empty(), state.play.row, height);
    let rows = shown.iter().filter_map(|line| match line {
        Shown::Row(index) => Some(*index),
        Shown::Gap => None,
    });
    let rows: Vec<usize> = rows.collect();
    let mut labels = Vec::new();
    let columns = match second {
        Some(_) => second::columns(state, canvas.panes.inner(canvas.pane)),
        None => Columns::fit(inside.width.into(), |most| {
            labels = changes::column(moment, &rows, most);
            let widest = labels.iter().map(|label| safe::width(label)).max();
            widest.unwrap_or(0)
        }),
    };
    if let Some(second) = second {
        second::draw(state, theme, (highest, &columns), second, seen, frame);
    }
    let mut labels = labels.into_iter();
    let mut lines = Vec::new();
    if with_header > 0 {
        lines.push(header(&columns, theme.quiet));
    }
    let places = inside.rows().skip(with_header.into());
    for (place, line_of) in places.zip(shown) {
        lines.push(match line_of {
            Shown::Gap => Line::from(right("…", columns.rank, theme.quiet)),
            Shown::Row(index) => {
                let selected = index == state.play.row && state.play.focus == canvas.pane;
                let label = labels.next().unwrap_or_default();
                let row = &moment.rows[index];
                seen.put(place, Hit::NextRow(index));
                line(row, moment, &columns, highest, selected, &label, theme)
            }
        });
    }
    draw::lines(lines, inside, frame);
    if canvas.panes.joined().is_none() {
        footnote(canvas, frame);
    }
}

fn header(columns: &Columns, style: Style) -> Line<'static> {
    let final_odds = columns.final_room + columns.percent;
    Line::from(vec![
        right("rank", columns.rank, style),
        Span::raw(" "),
        cell("token", columns.token, style),
        Span::raw(" "),
        cell("raw", columns.bar + columns.percent, style),
        Span::raw(" "),
        cell("final", final_odds, style),
        right("changed", columns.changes, style),
    ])
}

fn line(
    row: &Row,
    moment: &Moment,
    columns: &Columns,
    highest: f32,
    selected: bool,
    label: &str,
    theme: &Theme,
) -> Line<'static> {
    let chosen = moment.chosen == Some(row.id);
    let pick = moment.pick == Some(row.id);
    let base = match () {
        () if selected => theme.cursor,
        () if chosen => theme.chosen,
        () if pick => theme.pick,
        () if row.cut_by.is_some() => theme.cut,
        () => theme.base,
    };
    let coloured = |style: Style| if selected { theme.cursor } else { style };
    let mut spans = vec![
        right(&rank(row.rank, columns.rank), columns.rank, base),
        Span::styled(" ", base),
        cell(&row.display, columns.token, base),
        Span::styled(" ", base),
        // Bars are not turned over with the rest of a selected row: a whole block would vanish.
        Span::styled(
            bar(row.raw_probability / highest, columns.bar),
            theme.raw_bar,
        ),
        right(&percent(row.raw_probability), columns.percent, base),
        Span::styled(" ", base),
    ];
    match row.cut_by {
        Some(stage) => {
            let cells = columns.final_room + columns.percent;
            let by = if cells < 13 { "" } else { "by " };
            let text = format!("cut {by}{}", stage.name());
            spans.push(cell(&text, cells, coloured(theme.cut)));
        }
        None => {
            let shown = if columns.final_bars {
                row.final_probability / highest
            } else {
                0.0
            };
            spans.push(Span::styled(
                bar(shown, columns.final_room),
                theme.final_bar,
            ));
            spans.push(right(
                &percent(row.final_probability),
                columns.percent,
                base,
            ));
        }
    }
    let label = safe::fit(
        label,
        safe::width(label).min(columns.changes.saturating_sub(1)),
    );
    spans.push(right(&label, columns.changes, base));
    let changed = match changes::lowered(row) {
        Some(true) => "▼",
        Some(false) => "▲",
        None => "",
    };
    let marks = format!(
        " {changed}{}{}",
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

/// A rank with its thousands marked, if they fit.
fn rank(rank: usize, cells: usize) -> String {
    let marked = thousands(rank);
    if marked.len() <= cells {
        return marked;
    }
    rank.to_string()
}

/// The end of the text that the odds follow.
fn after(canvas: &Canvas, moment: &Moment) -> Line<'static> {
    // Beside the words: the position, the quotes, the dots.
    let room = canvas.room().saturating_sub(16).min(60);
    let tokens = canvas.state.play.passage().tokens();
    let end = display_end(tokens, moment.position, CONTEXT).replace('·', " ");
    let end = safe::safe(&end);
    let context = end_of(&end, room);
    Line::styled(
        format!(" {} after “{}” ", moment.position, context.trim_start()),
        canvas.theme.quiet,
    )
}

/// The end of a safe text in at most so many cells, with `…` before it where something is left out.
fn end_of(text: &str, cells: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    if safe::width(text) <= cells {
        return text.to_owned();
    }
    let mut used = 2;
    let clusters = text.graphemes(true).rev().take_while(|cluster| {
        used += safe::width(cluster);
        used <= cells
    });
    let kept: Vec<&str> = clusters.collect();
    let kept: String = kept.into_iter().rev().collect();
    // A word that is cut is left out, if there is another.
    let whole = kept.split_once(' ').map(|(_, rest)| rest);
    format!("… {}", whole.unwrap_or(&kept))
}

/// On the lower border: how many tokens there are and what the marks mean; for a selected row, what stages did to it.
pub fn footnote(canvas: &Canvas, frame: &mut Frame) {
    let state = canvas.state;
    let Some(moment) = state.play.moment().filter(|moment| !moment.rows.is_empty()) else {
        return;
    };
    let row = moment.rows.get(state.play.row);
    let selected = row.filter(|_| state.play.focus == Focus::Next);
    // Beside the corners: a space on both sides.
    let room = usize::from(canvas.area.width.saturating_sub(6));
    match selected.and_then(|row| changes::sentence(row, room)) {
        Some(told) => canvas.footnote(&format!(" {told} "), frame),
        None => canvas.footnote(&legend(state, moment, room), frame),
    }
}

/// What the signs of the table mean, as far as there is room.
fn legend(state: &State, moment: &Moment, room: usize) -> String {
    let pick = match (moment.pick, state.play.settings.sampler.method) {
        (Some(_), _) => format!("{PICK} these knobs pick"),
        (None, Method::Beam) => "beam search picks whole texts".to_owned(),
        (None, _) => format!("{PICK} unknown: no likeness measured"),
    };
    let chosen = match moment.chosen {
        Some(_) => format!("{CHOSEN} stands there · "),
        None => String::new(),
    };
    let mut legend = format!(
        " {} of {} left · {chosen}{pick} ",
        thousands(moment.kept),
        thousands(moment.vocabulary)
    );
    let is_any = |lowered| {
        let mut rows = moment.rows.iter();
        rows.any(|row| changes::lowered(row) == Some(lowered))
    };
    for (lowered, said) in [(true, "· ▼ lowered "), (false, "· ▲ raised ")] {
        if is_any(lowered) && safe::width(&legend) + safe::width(said) <= room {
            legend.push_str(said);
        }
    }
    legend
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_text_keeps_whole_words() {
        assert_eq!(end_of("a short one", 20), "a short one");
        assert_eq!(end_of("in a cottage on the edge", 14), "… on the edge");
        assert_eq!(end_of("incomprehensibilities", 8), "… lities");
        for cells in 2..20 {
            assert!(safe::width(&end_of("日本語 and more words", cells)) <= cells);
        }
    }
}

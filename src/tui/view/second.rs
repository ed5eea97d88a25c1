//! What the model beside expects at the place in view: a table at the right of the next-token table, on one scale with
//! that.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use super::draw::{self, cell, right};
use super::next::{CHOSEN, Columns};
use super::shifted;
use crate::decoding::{Moment, Row, TokenRecord, Totals};
use crate::model::ModelInfo;
use crate::text::numbers::percent;
use crate::tui::state::State;
use crate::tui::state::second::{SecondModel, Spot};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Columns of the percentages and of the sign beside them.
const PERCENT: usize = 8;
const SIGN: usize = 2;

/// Cells of the table with its border.
pub fn width(token: usize, bar: usize) -> usize {
    1 + token + 1 + bar + PERCENT + SIGN
}

/// Most cells of a table of what rises and falls, with its border.
pub const WIDEST_CHANGE: usize = 1 + shifted::WIDEST;

/// The columns of the first model's table in the inside of the pane of both.
pub fn columns(state: &State, inside: Rect) -> Columns {
    Columns::paired(inside.width.into(), shows_change(state))
}

fn shows_change(state: &State) -> bool {
    let second = state.engine.second.as_ref();
    second.is_some_and(|second| second.shows_change)
}

/// The places of the first model's table and of this one, in the inside of their pane.
pub fn parts(state: &State, inside: Rect) -> (Rect, Option<Rect>) {
    if state.engine.second.is_none() {
        return (inside, None);
    }
    let beside = columns(state, inside);
    let second = if shows_change(state) {
        inside.width.saturating_sub(beside.width() as u16)
    } else {
        (width(beside.token, beside.bar) as u16).min(inside.width / 2)
    };
    let [first, second] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(second)]).areas(inside);
    (first, Some(second))
}

/// What the table holds: rows of its moment, under a head and a note, over a foot.
struct Table<'a> {
    moment: &'a Moment,
    /// Where the two cut the text differently.
    note: Option<String>,
    /// Indices of rows.
    rows: Vec<usize>,
}

/// Its table for the place in view, if it has one, in an area of so many rows besides the foot.
fn table(state: &State, height: u16) -> Option<Table<'_>> {
    let (second, moment, spot) = expected(state)?;
    let note = (spot.behind > 0).then(|| inside_of(second, spot));
    let room = usize::from(height).saturating_sub(1 + usize::from(note.is_some()));
    Some(Table {
        moment,
        note,
        rows: rows(moment, room),
    })
}

/// What it expects at the place in view, as far as that is known.
fn expected(state: &State) -> Option<(&SecondModel, &Moment, Spot)> {
    let (second, first) = (state.engine.second.as_ref()?, state.engine.model.as_ref()?);
    let passage = state.play.passage();
    let spot = second.spot(passage.tokens(), passage.in_view(), first)?;
    let moment = second.moment()?;
    (moment.position == spot.position).then_some((second, moment, spot))
}

/// The highest probability among its rows, so that both tables can have one scale.
pub fn highest(state: &State) -> f32 {
    let rows = expected(state).map_or(&[][..], |(_, moment, _)| &moment.rows);
    rows.iter()
        .map(|row| row.raw_probability)
        .fold(f32::MIN_POSITIVE, f32::max)
}

/// Draws it. `highest` is the probability at which its bars are full; they are as long as those of `columns`.
pub fn draw(
    state: &State,
    theme: &Theme,
    (highest, columns): (f32, &Columns),
    area: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let (Some(second), Some(first)) = (&state.engine.second, &state.engine.model) else {
        return;
    };
    let block = Block::new()
        .borders(Borders::LEFT)
        .border_style(theme.border);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inside.width);
    let tokens = state.play.passage().tokens();
    let foot = figures(second, tokens, width);
    let above = inside.height.saturating_sub(u16::from(foot.is_some()));
    let mut lines = vec![Line::from(cell(&name(second), width, theme.title))];
    if second.shows_change {
        let room = (width, usize::from(above).saturating_sub(lines.len()));
        lines.extend(changed(state, second, first, room, theme));
        put(lines, foot, inside, theme, frame);
        return;
    }
    match table(state, above) {
        Some(table) => {
            let note = table.note.map(|note| cell(&note, width, theme.quiet));
            lines.extend(note.map(Line::from));
            let places = area.rows().take(above.into()).skip(lines.len());
            for (place, &index) in places.zip(&table.rows) {
                let row = &table.moment.rows[index];
                seen.put(place, Hit::Second(row.id, row.display.clone()));
            }
            lines.extend(table.rows.iter().map(|&index| {
                let row = &table.moment.rows[index];
                let selected = second.selected == Some(row.id) && state.play.focus == Focus::Next;
                line(row, table.moment, highest, selected, columns, theme)
            }));
        }
        None => {
            let spot = second.spot(tokens, state.play.passage().in_view(), first);
            for said in wrapped(&waiting(second, spot, tokens), inside.width) {
                lines.push(Line::styled(said, theme.quiet));
            }
        }
    }
    put(lines, foot, inside, theme, frame);
}

/// Puts the lines into their place, and the foot at its lower end.
fn put(
    mut lines: Vec<Line<'static>>,
    foot: Option<String>,
    inside: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    let above = inside.height.saturating_sub(u16::from(foot.is_some()));
    lines.truncate(above.into());
    let rows = Rect {
        height: above,
        ..inside
    };
    draw::lines(lines, rows, frame);
    if let Some(foot) = foot {
        let below = Rect {
            y: inside.y + above,
            height: inside.height - above,
            ..inside
        };
        draw::lines(vec![Line::styled(foot, theme.quiet)], below, frame);
    }
}

/// What rises and what falls from it to the model in view, or why that is not known.
fn changed(
    state: &State,
    second: &SecondModel,
    first: &ModelInfo,
    (width, height): (usize, usize),
    theme: &Theme,
) -> Vec<Line<'static>> {
    let passage = state.play.passage();
    let (tokens, in_view) = (passage.tokens(), passage.in_view());
    if let Some(change) = second.divergence.at(tokens, in_view) {
        return shifted::lines(change, (width, height), theme);
    }
    let why = match no_divergence(state) {
        Some(why) => format!("No rise and fall: {why}."),
        None if in_view == 0 => "Nothing predicts the first token.".to_owned(),
        None => waiting(second, second.spot(tokens, in_view, first), tokens),
    };
    let said = wrapped(&why, width as u16);
    said.into_iter()
        .map(|line| Line::styled(line, theme.quiet))
        .collect()
}

/// Why nothing can be said of how far the odds of the model beside lie from those in view.
pub fn no_divergence(state: &State) -> Option<&'static str> {
    match (&state.engine.second, &state.engine.model) {
        (None, _) | (_, None) => Some("no model beside"),
        (Some(second), Some(first)) if second.model.is_some() && !second.is_comparable(first) => {
            Some("the one beside has other tokens")
        }
        _ => None,
    }
}

/// What it is called.
pub fn name(second: &SecondModel) -> String {
    let name = second.model.as_ref().map(|model: &ModelInfo| &model.name);
    safe::safe(name.unwrap_or(&second.source)).into_owned()
}

/// What it does, in a word or two; nothing where it waits for the user.
pub fn doing(second: &SecondModel) -> Option<String> {
    if second.model.is_none() {
        return Some(draw::loading(second.loading.as_ref()));
    }
    second.is_busy().then(|| "reading".to_owned())
}

/// Why there is no table.
fn waiting(second: &SecondModel, spot: Option<Spot>, tokens: &[TokenRecord]) -> String {
    match doing(second) {
        Some(doing) => format!("{doing} …"),
        None if tokens.is_empty() => "It reads what you type.".to_owned(),
        None if spot.is_none() && second.has_read(tokens) => {
            "It has no odds here: nothing predicts its first token.".to_owned()
        }
        None => "reading …".to_owned(),
    }
}

/// Where the two cut the text differently: the odds are over a token that began before.
fn inside_of(second: &SecondModel, spot: Spot) -> String {
    let token = second.tokens().get(spot.position);
    let shown = token.map_or("its token", |token| &token.display);
    format!("{} B into {}", spot.behind, safe::safe(shown))
}

/// Bits a byte over the whole text, of the second model and of the first.
fn figures(second: &SecondModel, tokens: &[TokenRecord], width: usize) -> Option<String> {
    if !second.has_read(tokens) {
        return None;
    }
    let bits = |tokens: &[TokenRecord]| {
        let mut totals = Totals::default();
        tokens.iter().for_each(|token| totals.add(token));
        Some(totals.bits_per_byte()).filter(|bits| bits.is_finite())
    };
    let (second, first) = (bits(second.tokens())?, bits(tokens)?);
    let long = format!("{second:.3} bits a byte, ours {first:.3}");
    if safe::width(&long) <= width {
        return Some(long);
    }
    Some(format!("{second:.2} b/B, ours {first:.2}"))
}

/// The likeliest tokens, and in any case the one that stands there.
fn rows(moment: &Moment, room: usize) -> Vec<usize> {
    let chosen = moment
        .rows
        .iter()
        .position(|row| Some(row.id) == moment.chosen)
        .filter(|place| *place >= room && room > 0);
    let above = room.saturating_sub(usize::from(chosen.is_some()));
    (0..above.min(moment.rows.len())).chain(chosen).collect()
}

fn line(
    row: &Row,
    moment: &Moment,
    highest: f32,
    selected: bool,
    columns: &Columns,
    theme: &Theme,
) -> Line<'static> {
    let chosen = moment.chosen == Some(row.id);
    let base: Style = match (selected, chosen) {
        (true, _) => theme.cursor,
        (false, true) => theme.chosen,
        (false, false) => theme.base,
    };
    let sign = if chosen {
        format!(" {CHOSEN}")
    } else {
        String::new()
    };
    Line::from(vec![
        cell(&row.display, columns.token, base),
        Span::styled(" ", base),
        Span::styled(
            bar(row.raw_probability / highest, columns.bar),
            theme.raw_bar,
        ),
        right(&percent(row.raw_probability), PERCENT, base),
        cell(&sign, SIGN, base),
    ])
}

//! What the model beside expects at the place in view: a table at the right of the next-token table.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use super::draw::{self, cell, right};
use super::next::CHOSEN;
use super::numbers::{bar, percent};
use crate::decoding::{Moment, Row, TokenRecord, Totals};
use crate::model::{LoadProgress, ModelInfo};
use crate::tui::beside::{Beside, Spot};
use crate::tui::safe;
use crate::tui::state::State;
use crate::tui::theme::Theme;

/// Columns that the first model's table needs.
const FIRST: u16 = 36;
/// Columns of the percentages and of the sign beside them.
const PERCENT: usize = 8;
const SIGN: usize = 2;

/// The places of the first model's table and of this one, in the inside of their pane.
pub fn parts(state: &State, inside: Rect) -> (Rect, Option<Rect>) {
    if state.beside.is_none() {
        return (inside, None);
    }
    let left = (inside.width * 56 / 100).max(FIRST).min(inside.width);
    let [first, second] =
        Layout::horizontal([Constraint::Length(left), Constraint::Fill(1)]).areas(inside);
    (first, Some(second))
}

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let (Some(beside), Some(first)) = (&state.beside, &state.model) else {
        return;
    };
    let block = Block::new()
        .borders(Borders::LEFT)
        .border_style(theme.border);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inside.width);
    let mut lines = vec![Line::from(cell(&name(beside), width, theme.title))];
    let tokens = state.passage().tokens();
    let spot = beside.spot(tokens, state.passage().in_view(), first);
    let foot = figures(beside, tokens, width);
    let place = |spot: Spot, moment: &&Moment| spot.position == moment.position;
    let seen = spot.and_then(|spot| beside.moment().filter(|moment| place(spot, moment)));
    match (spot, seen) {
        (Some(spot), Some(moment)) => {
            if spot.behind > 0 {
                let note = inside_of(beside, spot);
                lines.push(Line::from(cell(&note, width, theme.quiet)));
            }
            let room = usize::from(inside.height)
                .saturating_sub(lines.len() + usize::from(foot.is_some()));
            lines.extend(rows(moment, room).map(|row| line(row, moment, width, theme)));
        }
        _ => {
            for said in draw::wrapped(&waiting(beside, spot, tokens), inside.width) {
                lines.push(Line::styled(said, theme.quiet));
            }
        }
    }
    let above = inside.height.saturating_sub(u16::from(foot.is_some()));
    lines.truncate(above.into());
    draw::lines(
        lines,
        Rect {
            height: above,
            ..inside
        },
        frame,
    );
    if let Some(foot) = foot {
        let below = Rect {
            y: inside.y + above,
            height: inside.height - above,
            ..inside
        };
        draw::lines(vec![Line::styled(foot, theme.quiet)], below, frame);
    }
}

/// What it is called.
pub fn name(beside: &Beside) -> String {
    let name = beside.model.as_ref().map(|model: &ModelInfo| &model.name);
    safe::safe(name.unwrap_or(&beside.source)).into_owned()
}

/// What it does, in a word or two; nothing where it waits for the user.
pub fn doing(beside: &Beside) -> Option<String> {
    if beside.model.is_none() {
        let part = match &beside.loading {
            Some(LoadProgress::Download { bytes, total, .. }) if *total > 0 => {
                Some(*bytes as f64 / *total as f64)
            }
            Some(LoadProgress::Waiting { .. }) => return Some("waiting".to_owned()),
            Some(LoadProgress::Weights { done, total }) if *total > 0 => {
                Some(*done as f64 / *total as f64)
            }
            _ => None,
        };
        return Some(match part {
            Some(part) => format!("loading {:.0} %", part * 100.0),
            None => "loading".to_owned(),
        });
    }
    beside.is_busy().then(|| "reading".to_owned())
}

/// Why there is no table.
fn waiting(beside: &Beside, spot: Option<Spot>, tokens: &[TokenRecord]) -> String {
    match doing(beside) {
        Some(doing) => format!("{doing} …"),
        None if tokens.is_empty() => "It reads what you type.".to_owned(),
        None if spot.is_none() && beside.has_read(tokens) => {
            "It has no odds here: nothing predicts its first token.".to_owned()
        }
        None => "reading …".to_owned(),
    }
}

/// Where the two cut the text differently: the odds are over a token that began before.
fn inside_of(beside: &Beside, spot: Spot) -> String {
    let token = beside.tokens().get(spot.position);
    let shown = token.map_or("its token", |token| &token.display);
    format!("{} B into {}", spot.behind, safe::safe(shown))
}

/// Bits a byte over the whole text, of the second model and of the first.
fn figures(beside: &Beside, tokens: &[TokenRecord], width: usize) -> Option<String> {
    if !beside.has_read(tokens) {
        return None;
    }
    let bits = |tokens: &[TokenRecord]| {
        let mut totals = Totals::default();
        tokens.iter().for_each(|token| totals.add(token));
        Some(totals.bits_per_byte()).filter(|bits| bits.is_finite())
    };
    let (second, first) = (bits(beside.tokens())?, bits(tokens)?);
    let long = format!("{second:.3} bits a byte, ours {first:.3}");
    if safe::width(&long) <= width {
        return Some(long);
    }
    Some(format!("{second:.2} b/B, ours {first:.2}"))
}

/// The likeliest tokens, and in any case the one that stands there.
fn rows(moment: &Moment, room: usize) -> impl Iterator<Item = &Row> {
    let chosen = moment
        .rows
        .iter()
        .position(|row| Some(row.id) == moment.chosen)
        .filter(|place| *place >= room);
    let above = room.saturating_sub(usize::from(chosen.is_some()));
    let below = chosen.filter(|_| room > 0).map(|place| &moment.rows[place]);
    moment.rows.iter().take(above).chain(below)
}

fn line(row: &Row, moment: &Moment, width: usize, theme: &Theme) -> Line<'static> {
    let chosen = moment.chosen == Some(row.id);
    let base: Style = if chosen { theme.chosen } else { theme.base };
    let token = (width / 2)
        .clamp(6, 20)
        .min(width.saturating_sub(PERCENT + SIGN));
    let bars = width.saturating_sub(token + 1 + PERCENT + SIGN);
    let highest = moment
        .rows
        .first()
        .map_or(1.0, |row| row.raw_probability.max(f32::MIN_POSITIVE));
    let sign = if chosen {
        format!(" {CHOSEN}")
    } else {
        String::new()
    };
    Line::from(vec![
        cell(&row.display, token, base),
        Span::styled(" ", base),
        Span::styled(bar(row.raw_probability / highest, bars), theme.raw_bar),
        right(&percent(row.raw_probability), PERCENT, base),
        cell(&sign, SIGN, base),
    ])
}

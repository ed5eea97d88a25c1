//! The table of all tokens: what each was, and how the model saw it coming.

use ratatui::Frame;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas, cell, right};
use crate::decoding::{Origin, TokenRecord, display_in_text};
use crate::engine::Subject;
use crate::text::numbers::{bits, percent, thousands};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::window::{scroll_mark, window};

/// Cells of the sign of where a token comes from.
const ORIGIN: usize = 3;

/// Widths of the columns; 0 leaves one out.
struct Columns {
    position: usize,
    text: usize,
    id: usize,
    probability: usize,
    rank: usize,
    surprisal: usize,
    entropy: usize,
}

impl Columns {
    /// What fits: the identity and the entropy give way first.
    fn fit(width: usize) -> Self {
        let mut columns = Self {
            position: 5,
            text: 0,
            id: 7,
            probability: 8,
            rank: 7,
            surprisal: 7,
            entropy: 6,
        };
        if width < 50 {
            columns.position = 4;
            columns.id = 6;
            columns.rank = 6;
            columns.surprisal = 6;
        }
        if width < 44 {
            columns.entropy = 0;
        }
        if width < 38 {
            columns.id = 0;
        }
        let rest = columns.position
            + ORIGIN
            + columns.id
            + columns.probability
            + columns.rank
            + columns.surprisal
            + columns.entropy;
        columns.text = width.saturating_sub(rest);
        columns
    }
}

/// Draws it, with the token in view in sight.
pub fn draw(canvas: &Canvas, seen: &mut Seen, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let passage = state.play.passage();
    let of = match state.play.subject {
        Subject::Draft => " of the prompt ",
        Subject::Text => " of the text ",
    };
    let count = passage.tokens().len();
    let in_view = passage.in_view();
    let height = usize::from(canvas.panes.inner(canvas.pane).height).saturating_sub(1);
    let window = window(in_view, count + 1, height);
    let more = match count {
        0 => String::new(),
        count => scroll_mark(&window, count + 1),
    };
    let inside = canvas.border(Line::styled(format!("{of}{more}"), theme.quiet), frame);
    if count == 0 {
        return canvas.empty(
            "Every token of the prompt and of the text, with its odds.",
            inside,
            frame,
        );
    }
    let columns = Columns::fit(inside.width.into());
    let mut lines = vec![header(&columns, theme.quiet)];
    // The header is the first of them.
    let rows = inside.rows().skip(1);
    for (place, position) in rows.zip(window) {
        seen.put(place, Hit::Token(position));
        let style = if position == in_view {
            theme.cursor
        } else {
            theme.base
        };
        lines.push(match passage.tokens().get(position) {
            Some(token) => {
                let shown = display_in_text(passage.tokens(), position);
                row(token, &shown, &columns, style)
            }
            None => {
                let next = [
                    right(&position.to_string(), columns.position, style),
                    Span::styled("   ", style),
                    cell("(next)", columns.text, style),
                ];
                Line::from(next.to_vec())
            }
        });
    }
    draw::lines(lines, inside, frame);
}

fn header(columns: &Columns, style: Style) -> Line<'static> {
    Line::from(vec![
        right("pos", columns.position, style),
        Span::styled("   ", style),
        cell("token", columns.text, style),
        right("id", columns.id, style),
        right("raw p", columns.probability, style),
        right("rank", columns.rank, style),
        right("bits", columns.surprisal, style),
        right("H", columns.entropy, style),
    ])
}

fn row(token: &TokenRecord, shown: &str, columns: &Columns, style: Style) -> Line<'static> {
    let origin = match token.origin {
        Origin::Prompt => " p ",
        Origin::Generated => "   ",
        Origin::Chosen => " + ",
    };
    let none = || "–".to_owned();
    let odds = token.odds.as_ref();
    Line::from(vec![
        right(&token.position.to_string(), columns.position, style),
        Span::styled(origin, style),
        cell(shown, columns.text, style),
        right(&token.id.to_string(), columns.id, style),
        right(
            &odds.map_or_else(none, |odds| percent(odds.probability)),
            columns.probability,
            style,
        ),
        right(
            &odds.map_or_else(none, |odds| thousands(odds.rank)),
            columns.rank,
            style,
        ),
        right(
            &odds.map_or_else(none, |odds| bits(odds.surprisal)),
            columns.surprisal,
            style,
        ),
        right(
            &odds.map_or_else(none, |odds| bits(odds.entropy)),
            columns.entropy,
            style,
        ),
    ])
}

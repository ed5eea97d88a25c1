//! What rises and what falls from the model beside to the one in view: a table in the place of the other's odds.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::{cell, right};
use super::next::CHOSEN;
use crate::decoding::{Change, ShiftedToken};
use crate::text::numbers::percent;
use crate::tui::vocabulary::theme::Theme;

/// Columns of a probability, of the difference of two, and of the sign.
const PERCENT: usize = 8;
const DIFFERENCE: usize = 9;
const SHARE: usize = 8;
const SIGN: usize = 2;
/// Least and most cells of a token.
const TOKEN: usize = 8;
const LONG_TOKEN: usize = 20;
/// Cells of a line that has room for all.
pub const WIDEST: usize = LONG_TOKEN + 2 * PERCENT + DIFFERENCE + SHARE + SIGN;

/// Widths of the columns in a line of so many cells. The difference, and then what a token adds to the divergence, need
/// room of their own.
struct Columns {
    token: usize,
    difference: bool,
    share: bool,
}

impl Columns {
    fn fit(width: usize) -> Self {
        let room = width.saturating_sub(2 * PERCENT + SIGN);
        let difference = room >= TOKEN + DIFFERENCE;
        let room = room - if difference { DIFFERENCE } else { 0 };
        let share = difference && room >= TOKEN + 4 + SHARE;
        let room = room - if share { SHARE } else { 0 };
        Self {
            token: room.min(LONG_TOKEN),
            difference,
            share,
        }
    }
}

/// Its lines, at most so many: how far both lie apart, what rose, what fell, and in any case the token that stands there.
pub fn lines(
    change: &Change,
    (width, height): (usize, usize),
    theme: &Theme,
) -> Vec<Line<'static>> {
    let columns = Columns::fit(width);
    let kl = [change.kl, change.kl_reverse].map(|bits| format!("{bits:.4}"));
    let long = format!("KL {} bits, the other way {}", kl[0], kl[1]);
    let said = if long.len() <= width {
        long
    } else {
        format!("KL {} bits", kl[0])
    };
    let mut lines = vec![
        Line::from(cell(&said, width, theme.base)),
        head(&columns, theme.quiet),
    ];
    let stands = change.standing.as_ref();
    let rows = height.saturating_sub(lines.len());
    let mut shown = shown(change, rows);
    let is_missing = |token: &&ShiftedToken| !shown.iter().any(|(_, one)| one.id == token.id);
    if let Some(token) = stands.filter(is_missing).filter(|_| rows > 2) {
        // Of those that fell, the least changed one gives way.
        shown.truncate(rows - 1);
        shown.push((' ', token));
    }
    for (sign, token) in shown {
        let is_standing = stands.is_some_and(|one| one.id == token.id);
        lines.push(line(sign, token, is_standing, &columns, theme));
    }
    lines
}

/// What rose in the upper half, what fell in the lower one; the one takes what the other leaves.
fn shown(change: &Change, rows: usize) -> Vec<(char, &ShiftedToken)> {
    let half = rows.div_ceil(2);
    let fell = change
        .fell
        .len()
        .min(rows - change.rose.len().min(half).min(rows));
    let rose = change.rose.len().min(rows - fell);
    let up = change.rose[..rose].iter().map(|token| ('▲', token));
    let down = change.fell[..fell].iter().map(|token| ('▼', token));
    up.chain(down).collect()
}

fn head(columns: &Columns, style: Style) -> Line<'static> {
    let mut spans = vec![
        cell("token", columns.token, style),
        right("beside", PERCENT, style),
        right("here", PERCENT, style),
    ];
    if columns.difference {
        spans.push(right("±", DIFFERENCE, style));
    }
    if columns.share {
        spans.push(right("KL bits", SHARE, style));
    }
    Line::from(spans)
}

fn line(
    sign: char,
    token: &ShiftedToken,
    is_standing: bool,
    columns: &Columns,
    theme: &Theme,
) -> Line<'static> {
    let style = if is_standing {
        theme.chosen
    } else {
        theme.base
    };
    let coloured = match sign {
        '▲' => theme.final_bar,
        '▼' => theme.raw_bar,
        _ => style,
    };
    let mut spans = vec![
        cell(&token.display, columns.token, style),
        right(&percent(token.base), PERCENT, style),
        right(&percent(token.tuned), PERCENT, style),
    ];
    if columns.difference {
        let moved = 100.0 * (token.tuned - token.base);
        spans.push(right(&format!("{moved:+.2}"), DIFFERENCE, style));
    }
    if columns.share {
        // p log2(p / q): all of them together are the divergence.
        let share = -token.base * token.log_ratio;
        spans.push(right(&format!("{share:+.3}"), SHARE, style));
    }
    spans.push(Span::styled(sign.to_string(), coloured));
    spans.push(cell(if is_standing { CHOSEN } else { "" }, 1, theme.chosen));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::vocabulary::colour::ColourLevel;
    use crate::tui::vocabulary::theme::ThemeName;

    fn token(id: u32, base: f32, tuned: f32) -> ShiftedToken {
        ShiftedToken {
            id,
            display: format!("t{id}"),
            base,
            tuned,
            base_rank: 1,
            tuned_rank: 1,
            log_ratio: (tuned / base).log2(),
        }
    }

    fn change() -> Change {
        Change {
            position: 3,
            kl: 0.25,
            kl_reverse: 0.5,
            standing: Some(token(9, 0.01, 0.01)),
            rose: (0..5).map(|id| token(id, 0.1, 0.15)).collect(),
            fell: (5..7).map(|id| token(id, 0.2, 0.1)).collect(),
        }
    }

    #[test]
    fn both_halves_and_what_stands_there_have_room() {
        let theme = Theme::new(ThemeName::Dark, ColourLevel::TwoFiftySix);
        let said = |width, height| -> Vec<String> {
            let lines = lines(&change(), (width, height), &theme);
            lines.iter().map(ToString::to_string).collect()
        };
        for height in 0..14 {
            assert!(said(60, height).len() <= height.max(2));
        }
        let all = said(60, 12);
        assert!(
            all[0].starts_with("KL 0.2500 bits, the other way 0.5000"),
            "{all:?}"
        );
        let marks = |lines: &[String], sign: char| {
            let with = lines.iter().filter(|line| line.contains(sign));
            with.count()
        };
        assert_eq!(
            (marks(&all, '▲'), marks(&all, '▼'), marks(&all, '◀')),
            (5, 2, 1)
        );
        let few = said(60, 7);
        assert_eq!((few.len(), marks(&few, '◀')), (7, 1), "{few:?}");
        for width in 1..80 {
            let lines = said(width, 9);
            let most = lines.iter().map(|line| line.chars().count()).max();
            assert!(
                width < 2 * PERCENT + SIGN || most <= Some(width),
                "{lines:?}"
            );
        }
    }
}

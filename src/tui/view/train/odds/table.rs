//! Each token of the step in view with its odds until then, and with those in the runs that are compared.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PERCENT, Shown, TOKEN, greatest, row};
use crate::text::numbers::percent;
use crate::training::Odds;
use crate::tui::state::train::Train;
use crate::tui::view::draw;
use crate::tui::vocabulary::blocks::height;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Fewest cells of a curve.
const COURSE: usize = 4;

/// The rows, below the names of the runs where there are several.
pub fn lines(
    train: &Train,
    shown: &[Shown<'_>],
    newest: &Odds,
    inside: Rect,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let width = usize::from(inside.width);
    let runs = (width.saturating_sub(TOKEN) / PERCENT).clamp(1, shown.len());
    let cells = width.saturating_sub(TOKEN + PERCENT * runs + 1);
    let cells = if runs > 1 && cells < COURSE { 0 } else { cells };
    let step = train.step_in_view();
    let own = shown[0].run.history().odds();
    let upto: Vec<&Odds> = own.filter(|odds| odds.step <= step).collect();
    // All curves share one scale, so that they can be held against each other.
    let top = greatest(upto.iter().copied());
    let mut lines = Vec::new();
    if runs > 1 {
        let mut spans = vec![Span::raw(" ".repeat(TOKEN + cells))];
        spans.extend(shown[..runs].iter().map(|shown| {
            let name = safe::fit(&safe::safe(&shown.run.name), PERCENT - 3);
            let name = format!("{} {}", shown.sign, name.trim_end());
            draw::right(&name, PERCENT, shown.style)
        }));
        lines.push(Line::from(spans));
    }
    let rows = usize::from(inside.height) - lines.len().min(inside.height.into());
    lines.extend(newest.rows.iter().take(rows).map(|of_token| {
        let mut spans = vec![
            Span::styled(safe::fit(&safe::safe(&of_token.display), TOKEN), theme.base),
            Span::styled(course(&upto, of_token.id, cells, top), theme.raw_bar),
        ];
        spans.push(draw::right(&percent(of_token.raw), PERCENT, theme.strong));
        spans.extend(shown[1..runs].iter().map(|shown| {
            let odds = shown.now.and_then(|now| row(now, &of_token.display));
            let said = odds.map_or_else(|| "–".to_owned(), |row| percent(row.raw));
            draw::right(&said, PERCENT, shown.style)
        }));
        Line::from(spans)
    }));
    lines
}

/// A token's odds as a line of blocks, one column a time; where there are more times than cells, evenly chosen ones.
fn course(upto: &[&Odds], id: u32, cells: usize, top: f32) -> String {
    let shown = cells.min(upto.len());
    let line: String = (0..shown)
        .map(|column| {
            let at = match shown {
                1 => upto.len() - 1,
                _ => column * (upto.len() - 1) / (shown - 1),
            };
            let row = upto[at].rows.iter().find(|row| row.id == id);
            match row {
                Some(row) if row.raw.is_finite() && top > 0.0 => height(f64::from(row.raw / top)),
                _ => '·',
            }
        })
        .collect();
    format!("{line}{}", " ".repeat(cells - shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::OddsRow;

    #[test]
    fn a_course_ends_at_the_newest_and_marks_what_is_not_known() {
        let odds = |rows: &[(u32, f32)]| Odds {
            rows: rows
                .iter()
                .map(|&(id, raw)| OddsRow {
                    id,
                    raw,
                    ..OddsRow::default()
                })
                .collect(),
            ..Odds::default()
        };
        let times = [
            odds(&[(1, 0.0)]),
            odds(&[(2, 0.1)]),
            odds(&[(1, 0.5), (2, 1.0)]),
        ];
        let upto: Vec<&Odds> = times.iter().collect();
        assert_eq!(course(&upto, 1, 5, 1.0), "▁·▅  ");
        assert_eq!(course(&upto, 2, 2, 1.0), "·█");
        assert_eq!(course(&upto, 2, 1, 1.0), "█");
        assert_eq!(course(&upto, 2, 0, 1.0), "");
    }
}

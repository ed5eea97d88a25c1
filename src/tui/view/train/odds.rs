//! The odds after the probe prompt, over time.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::text::numbers::percent;
use crate::training::Odds;
use crate::tui::state::train::{Train, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::blocks::height;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of a token and of its odds.
const TOKEN: usize = 12;
const PERCENT: usize = 8;

/// Draws them: each token of the step in view with its odds until then, the rightmost column being the step in view.
pub fn draw(train: &Train, theme: &Theme, area: Rect, frame: &mut Frame) {
    let Some(run) = train.run() else { return };
    let step = train.step_in_view();
    let upto: Vec<&Odds> = run
        .history()
        .odds()
        .filter(|odds| odds.step <= step)
        .collect();
    let newest = upto.last();
    let title = match newest {
        Some(odds) => format!(
            " Odds after {:?} ",
            safe::fit(&safe::safe(&odds.prompt), 20).trim_end()
        ),
        None => " Odds ".to_owned(),
    };
    let note = newest.map_or_else(Line::default, |odds| {
        Line::styled(format!("{:.2} bits ", odds.entropy), theme.quiet)
    });
    let focused = train.pane == TrainPane::Odds;
    let inside = super::border(title, note, focused, theme, area, frame);
    let Some(newest) = newest else {
        let lines = wrapped(
            "No odds yet: `probe` in the form names a prompt to follow.",
            inside.width,
        );
        let lines = lines
            .into_iter()
            .map(|line| Line::styled(line, theme.quiet));
        return draw::lines(lines.collect(), inside, frame);
    };
    let cells = usize::from(inside.width).saturating_sub(TOKEN + PERCENT + 1);
    let memorised = run
        .history()
        .nearest_samples(step)
        .and_then(|samples| samples.memorised.as_ref());
    let rows = usize::from(inside.height) - usize::from(memorised.is_some() && inside.height > 1);
    // All curves share one scale, so that they can be held against each other.
    let top = upto
        .iter()
        .flat_map(|odds| &odds.rows)
        .filter(|row| row.raw.is_finite())
        .map(|row| row.raw)
        .fold(0.0, f32::max);
    let mut lines: Vec<Line> = newest
        .rows
        .iter()
        .take(rows)
        .map(|row| {
            let course = course(&upto, row.id, cells, top);
            Line::from(vec![
                Span::styled(safe::fit(&safe::safe(&row.display), TOKEN), theme.base),
                Span::styled(course, theme.raw_bar),
                draw::right(&percent(row.raw), PERCENT, theme.strong),
            ])
        })
        .collect();
    if let Some(found) = memorised {
        let text = format!(
            "{:.1} % of {} {}-grams stand in the corpus",
            100.0 * found.share,
            found.ngrams,
            found.length
        );
        lines.push(Line::styled(text, theme.quiet));
    }
    draw::lines(lines, inside, frame);
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

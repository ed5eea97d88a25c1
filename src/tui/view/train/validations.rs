//! The validations of the runs that are compared, beside each other.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::chart::{beside, letter};
use crate::training::Validation;
use crate::tui::state::train::{RunInView, Train};
use crate::tui::view::draw::{self, cell};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;

/// Cells of a step, and of a run's validations.
const STEP: usize = 7;
const LOSS: usize = 10;
/// Cells that the numbers beside the table keep.
const NUMBERS: u16 = 36;

/// The run in view, and those that it is compared with, each with its sign.
fn runs<'a>(
    train: &'a Train,
    run: &'a RunInView,
    theme: &Theme,
) -> Vec<(char, Style, &'a RunInView)> {
    let others = train.compared();
    let others = others.map(|(place, other)| (letter(place), beside(theme, place), other));
    std::iter::once(('─', theme.final_bar, run))
        .chain(others)
        .collect()
}

/// A line a run: its last validation at the step in view, and its best; nothing where no run is compared.
pub fn compared(train: &Train, run: &RunInView, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    /// Cells that the values take.
    const VALUES: usize = 21;
    let runs = runs(train, run, theme);
    if runs.len() < 2 {
        return Vec::new();
    }
    let name = width.saturating_sub(VALUES + 2).min(16);
    let lines = runs.into_iter().map(|(sign, style, run)| {
        let history = run.history();
        let now = at(run, train.step_of(run));
        let now = now.map_or_else(|| "–".to_owned(), |now| format!("{:.3}", now.loss));
        let mut spans = vec![
            Span::styled(format!("{sign} "), style),
            cell(&safe::safe(&run.name), name, theme.base),
            draw::right(&now, 7, theme.base),
        ];
        let best = history.best_validation();
        spans.extend(best.map(|best| {
            let said = format!(" ★{:.3} {}", best.loss, best.step);
            Span::styled(said, theme.chosen)
        }));
        Line::from(spans)
    });
    lines.collect()
}

/// The last validation of a run at or before a step.
fn at(run: &RunInView, step: u64) -> Option<&Validation> {
    run.history()
        .validations()
        .rev()
        .find(|validation| validation.step <= step)
}

/// The validations of the run in view, step by step, with those that the others had until then, and where it lies at the
/// right of a place; none where there are none, or no room.
pub fn table(
    train: &Train,
    run: &RunInView,
    inside: Rect,
    theme: &Theme,
) -> Option<(Vec<Line<'static>>, Rect)> {
    let runs = runs(train, run, theme);
    let room = usize::from(inside.width.saturating_sub(NUMBERS + 1));
    let count = (room.saturating_sub(STEP) / LOSS).min(runs.len());
    let steps: Vec<u64> = run.history().validations().map(|one| one.step).collect();
    if count == 0 || steps.is_empty() || inside.height < 3 {
        return None;
    }
    let mut head = vec![draw::right("step", STEP, theme.quiet)];
    head.extend(runs[..count].iter().map(|(sign, style, run)| {
        let name = safe::fit(&safe::safe(&run.name), LOSS - 4);
        draw::right(&format!("{sign} {}", name.trim_end()), LOSS, *style)
    }));
    let mut lines = vec![Line::from(head)];
    let step = train.step_in_view();
    let in_view = steps.partition_point(|at| *at <= step).saturating_sub(1);
    let shown = window(in_view, steps.len(), usize::from(inside.height) - 1);
    for place in shown {
        let base = if place == in_view {
            theme.cursor
        } else {
            theme.base
        };
        let mut spans = vec![draw::right(&steps[place].to_string(), STEP, base)];
        spans.extend(runs[..count].iter().map(|(_, _, run)| {
            let found = at(run, steps[place]);
            let best = run.history().best_validation();
            let is_best =
                found.is_some_and(|found| best.is_some_and(|best| best.step == found.step));
            let star = if is_best { "★" } else { "" };
            let said = found.map_or_else(|| "–".to_owned(), |one| format!("{star}{:.4}", one.loss));
            let style = if is_best && place != in_view {
                theme.chosen
            } else {
                base
            };
            draw::right(&said, LOSS, style)
        }));
        lines.push(Line::from(spans));
    }
    let width = (STEP + LOSS * count) as u16;
    let place = Rect {
        x: inside.right() - width,
        width,
        ..inside
    };
    Some((lines, place))
}

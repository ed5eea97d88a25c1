//! The table of runs.

use std::time::SystemTime;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::chart::{beside, letter};
use crate::text::numbers::duration;
use crate::training::Verdict;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::Train;
use crate::tui::state::train::table::{Column, RunRow, RunState, RunTable};
use crate::tui::view::draw::{self, cell};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of the sign of a run in the chart.
const SIGN: usize = 2;

/// The columns that there is room for, with their cells: what says least is left out first.
fn columns(width: usize) -> Vec<(Column, usize)> {
    let all = [
        (Column::Name, 13),
        (Column::State, 25),
        (Column::Step, 12),
        (Column::Validation, 8),
        (Column::Best, 14),
        (Column::Rate, 9),
        (Column::Corpus, 18),
        (Column::When, 12),
    ];
    let mut shown = all.to_vec();
    for dropped in [
        Column::Corpus,
        Column::Rate,
        Column::Validation,
        Column::When,
    ] {
        if shown.iter().map(|(_, cells)| cells).sum::<usize>() + SIGN > width {
            shown.retain(|(column, _)| *column != dropped);
        }
    }
    // What is left over goes to names and corpora.
    let used = shown.iter().map(|(_, cells)| cells).sum::<usize>() + SIGN;
    let wide = |column: Column| matches!(column, Column::Name | Column::Corpus);
    let count = shown.iter().filter(|(column, _)| wide(*column)).count();
    for (column, cells) in &mut shown {
        if wide(*column) {
            *cells += width.saturating_sub(used) / count.max(1);
        }
    }
    shown
}

/// Draws it.
pub fn draw(
    train: &Train,
    table: &RunTable,
    theme: &Theme,
    area: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let title = format!(
        " Runs in {} ",
        safe::safe(&train.directory().display().to_string())
    );
    let way = if table.backwards { "↑" } else { "↓" };
    let note = Line::styled(format!("by {} {way} ", table.sort.name()), theme.quiet);
    let inside = super::border(title, note, true, theme, area, frame);
    let width = usize::from(inside.width);
    if table.rows().is_empty() {
        let said = if table.known {
            "No run yet: n opens the form of a new one, F5 starts a demonstration."
        } else {
            "Reading the runs …"
        };
        let lines = wrapped(said, inside.width).into_iter();
        let lines = lines.map(|line| Line::styled(line, theme.quiet)).collect();
        return draw::lines(lines, inside, frame);
    }
    let columns = columns(width);
    let heads = columns.iter().map(|(column, cells)| {
        let style = if *column == table.sort {
            theme.strong
        } else {
            theme.quiet
        };
        cell(column.name(), *cells, style)
    });
    let mut lines = vec![Line::from_iter(
        std::iter::once(Span::raw(" ".repeat(SIGN))).chain(heads),
    )];
    let rows = inside.height.saturating_sub(1);
    let shown = window(table.row(), table.rows().len(), rows.into());
    for (line, at) in (1..).zip(shown) {
        let row = &table.rows()[at];
        let place = Rect::new(inside.x, inside.y + line, inside.width, 1);
        seen.put(place, Hit::Run(at));
        lines.push(of_run(train, row, at == table.row(), &columns, theme));
    }
    draw::lines(lines, inside, frame);
}

fn of_run(
    train: &Train,
    row: &RunRow,
    selected: bool,
    columns: &[(Column, usize)],
    theme: &Theme,
) -> Line<'static> {
    let base = if selected { theme.cursor } else { theme.base };
    let (sign, style) = sign(train, row, theme);
    let mut spans = vec![Span::styled(format!("{sign} "), style)];
    spans.extend(columns.iter().map(|(column, cells)| {
        let style = match (column, selected) {
            (_, true) => base,
            (Column::State, false) => of_verdict(row, theme),
            (Column::Best, false) => theme.chosen,
            _ => base,
        };
        cell(&said(*column, row), *cells, style)
    }));
    Line::from(spans)
}

/// How the run is drawn in the chart, if it is.
fn sign(train: &Train, row: &RunRow, theme: &Theme) -> (char, Style) {
    let is_it = |name: &str, directory: &std::path::Path| directory.join(name) == row.path;
    let in_view = train.run().filter(|run| is_it(&run.name, &run.directory));
    let mut others = train.beside.iter();
    match others.position(|run| is_it(&run.name, &run.directory)) {
        _ if in_view.is_some() => ('─', theme.final_bar),
        Some(at) => (letter(at), beside(theme, at)),
        None => (' ', theme.base),
    }
}

fn of_verdict(row: &RunRow, theme: &Theme) -> Style {
    match row.verdict {
        Some(Verdict::Memorising { .. }) => theme.paused,
        Some(Verdict::Diverging { .. }) => theme.error,
        _ if row.state == RunState::Training => theme.running,
        _ => theme.base,
    }
}

fn said(column: Column, row: &RunRow) -> String {
    let said = match column {
        Column::Name => safe::safe(&row.name).into_owned(),
        Column::State => {
            let state = row.state.name();
            match row.verdict {
                Some(Verdict::TooEarly { .. }) => format!("◌ {state}"),
                Some(verdict) => format!("{} {}, {state}", verdict.sign(), verdict.name()),
                None => state.to_owned(),
            }
        }
        Column::Step if row.planned > 0 => format!("{}/{}", row.step, row.planned),
        Column::Step => row.step.to_string(),
        Column::Validation => row
            .validation
            .map_or_else(dash, |loss| format!("{loss:.3}")),
        Column::Best => row
            .best
            .map_or_else(dash, |(loss, step)| format!("★{loss:.3} {step}")),
        Column::Rate => row.rate.map_or_else(dash, |rate| format!("{rate:.1e}")),
        Column::Corpus => safe::safe(&row.corpus).into_owned(),
        Column::When => {
            let since = row
                .when
                .and_then(|when| SystemTime::now().duration_since(when).ok());
            since.map_or_else(dash, |since| ago(since.as_secs_f64()))
        }
    };
    // A gap before the next column.
    said + " "
}

fn dash() -> String {
    "–".to_owned()
}

/// How long ago, in one unit.
fn ago(seconds: f64) -> String {
    match seconds {
        s if s < 2.0 => "now".to_owned(),
        s if s < 60.0 => duration(s),
        s if s < 3600.0 => format!("{:.0} min", s / 60.0),
        s if s < 86_400.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_and_the_best_stays() {
        for width in 60..220 {
            let shown = columns(width);
            let cells: usize = shown.iter().map(|(_, cells)| cells).sum();
            assert!(cells + SIGN <= width.max(66), "{width}: {shown:?}");
            for column in [Column::Name, Column::State, Column::Step, Column::Best] {
                assert!(shown.iter().any(|(shown, _)| *shown == column), "{width}");
            }
        }
    }

    #[test]
    fn times_are_said_in_one_unit() {
        assert_eq!(
            [1.0, 30.0, 200.0, 9000.0, 2e5].map(ago),
            ["now", "30 s", "3 min", "2 h", "2 days"]
        );
    }
}

//! The odds after the probe prompt: a table of the step in view, or zoomed, over the whole run.

mod heat;
mod table;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::chart::{beside, letter};
use crate::training::{Odds, OddsRow};
use crate::tui::state::State;
use crate::tui::state::seen::Seen;
use crate::tui::state::train::{RunInView, Train, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of a token and of its odds.
const TOKEN: usize = 12;
const PERCENT: usize = 8;

/// A run whose odds are shown, with its sign and style in the chart.
struct Shown<'a> {
    run: &'a RunInView,
    sign: char,
    style: Style,
    /// Its odds at the step in view; none where another probe was followed.
    now: Option<&'a Odds>,
}

/// The run in view, and those that it is compared with. Only what follows the same probe can be compared.
fn shown<'a>(train: &'a Train, run: &'a RunInView, theme: &Theme) -> Vec<Shown<'a>> {
    let now = run.history().nearest_odds(train.step_in_view());
    let own = Shown {
        run,
        sign: '─',
        style: theme.final_bar,
        now,
    };
    let others = train.compared().map(|(place, other)| Shown {
        run: other,
        sign: letter(place),
        style: beside(theme, place),
        now: other
            .history()
            .nearest_odds(train.step_of(other))
            .filter(|odds| now.is_some_and(|now| now.prompt == odds.prompt)),
    });
    std::iter::once(own).chain(others).collect()
}

/// A token's row, by how it is shown: another run may have another tokenizer.
fn row<'a>(odds: &'a Odds, display: &str) -> Option<&'a OddsRow> {
    let mut rows = odds.rows.iter();
    rows.find(|row| row.display == display && row.raw.is_finite())
}

/// Draws them.
pub fn draw(state: &State, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let train = &state.train;
    let Some(run) = train.run() else { return };
    let all = shown(train, run, theme);
    let newest = all[0].now;
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
        let said = match run.history().odds().next() {
            Some(_) => "No odds at or before this step.",
            None => "No odds yet: `probe` in the form names a prompt to follow.",
        };
        let lines = wrapped(said, inside.width).into_iter();
        let lines = lines.map(|line| Line::styled(line, theme.quiet));
        return draw::lines(lines.collect(), inside, frame);
    };
    if train.zoomed {
        heat::draw(train, &all, newest, theme, inside, seen, frame);
    } else {
        draw::lines(
            table::lines(train, &all, newest, inside, theme),
            inside,
            frame,
        );
    }
}

/// The greatest of all odds up to a step: what curves and strips share, so that they can be held against each other.
fn greatest<'a>(odds: impl Iterator<Item = &'a Odds>) -> f32 {
    odds.flat_map(|odds| &odds.rows)
        .filter(|row| row.raw.is_finite())
        .map(|row| row.raw)
        .fold(0.0, f32::max)
}

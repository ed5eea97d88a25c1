//! For a room: what the model writes, and one curve with its newest value, in letters that are read from afar.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

use super::chart;
use crate::training::{History, SampleText};
use crate::tui::state::State;
use crate::tui::state::seen::Seen;
use crate::tui::state::train::RunInView;
use crate::tui::state::train::strip::at;
use crate::tui::view::draw;
use crate::tui::vocabulary::big_letters::{CELLS, ROWS, lines};
use crate::tui::vocabulary::theme::Theme;

/// Letters of the words beside the curve.
const WORDS: u16 = 7;

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let train = &state.train;
    let Some(run) = train.run() else { return };
    let curve = (area.height * 2 / 5).max(2 * ROWS as u16 + 2);
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(curve)]).areas(area);
    let words = WORDS * CELLS as u16;
    let [plot, words] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(words)]).areas(below);
    text(state, run, theme, above, frame);
    chart::draw(state, theme, plot, seen, frame);
    let loss = value(run.history(), train.step_in_view());
    let step = format!("{}", train.step_in_view());
    let parts = [
        ("step ", theme.quiet),
        ("\n", theme.quiet),
        (step.as_str(), theme.strong),
        ("\n", theme.quiet),
        ("loss", theme.quiet),
        ("\n", theme.quiet),
        (loss.as_str(), theme.chosen),
    ];
    // Where there is no room for the words the numbers stay.
    let parts = if words.height >= 4 * ROWS as u16 {
        &parts[..]
    } else {
        &[parts[2], parts[3], parts[6]]
    };
    big(parts, words, frame);
}

/// The loss of a step, as far as it is kept, in as few letters as say something.
fn value(history: &History, step: u64) -> String {
    let known = history.points(crate::training::Curve::Loss, step..=step);
    match known.last().map(|point| point.mean) {
        Some(loss) if loss.is_finite() && loss < 1000.0 => format!("{loss:.2}"),
        Some(loss) if loss.is_finite() => format!("{loss:.0e}"),
        _ => "–".to_owned(),
    }
}

/// What the model wrote at the step in view: the prompt and what follows.
fn text(state: &State, run: &RunInView, theme: &Theme, area: Rect, frame: &mut Frame) {
    let train = &state.train;
    let samples = at(train, run).or_else(|| run.history().samples().next());
    let (title, sample) = match samples {
        Some(samples) => (
            format!(" step {} · epoch {:.2} ", samples.step, samples.epoch),
            samples.texts.get(train.prompt).or(samples.texts.first()),
        ),
        None => (" Samples ".to_owned(), None),
    };
    let inside = super::border(title, Line::default(), true, theme, area, frame);
    let Some(sample) = sample else {
        let parts = [("no samples yet", theme.quiet)];
        return big(&parts, inside, frame);
    };
    let mut parts = vec![(sample.prompt.as_str(), theme.quiet)];
    let special = named(sample, theme);
    parts.extend(special.iter().map(|(text, style)| (text.as_str(), *style)));
    big(&parts, inside, frame);
}

/// The text of a sample, its special tokens by name.
fn named(sample: &SampleText, theme: &Theme) -> Vec<(String, Style)> {
    let parts = super::samples::parts(sample).into_iter();
    parts
        .map(|(part, text)| {
            let style = if part == super::samples::Part::Special {
                theme.quiet
            } else {
                theme.strong
            };
            (super::samples::shown(part, text).into_owned(), style)
        })
        .collect()
}

/// Big letters, as many lines as there is room for.
fn big(parts: &[(&str, Style)], area: Rect, frame: &mut Frame) {
    let rows = lines(parts, area.width).into_iter();
    let rows = rows.take(usize::from(area.height) / ROWS).flatten();
    draw::lines(rows.collect(), area, frame);
}

//! What the lines are, and what part of the run is in view at which scale.

use ratatui::text::{Line, Span};

use super::strokes::{beside, letter};
use crate::tui::state::train::Train;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// The legend in at most so many cells: names are shortened before anything is left out, and the lines' names stay
/// longest.
pub fn line(train: &Train, room: usize, theme: &Theme) -> Line<'static> {
    /// Cells of another run's name, whether words are written out, and whether the view is named; the best first.
    const WAYS: [(usize, bool, bool); 7] = [
        (16, true, true),
        (8, true, true),
        (8, true, false),
        (4, true, false),
        (8, false, false),
        (4, false, false),
        (0, false, false),
    ];
    let fitting = WAYS
        .iter()
        .map(|&(name, words, view)| of(train, name, words, view, theme))
        .find(|line| line.width() <= room);
    fitting.unwrap_or_else(|| of(train, 0, false, false, theme))
}

fn of(train: &Train, name: usize, words: bool, view: bool, theme: &Theme) -> Line<'static> {
    let word = |long: &str, short: &str| format!(" {} ", if words { long } else { short });
    let mut spans = vec![
        Span::styled("─", theme.quiet),
        Span::raw(word("loss", "loss")),
        Span::styled("─", theme.final_bar),
        Span::raw(word("smoothed", "smooth")),
        Span::styled("•", theme.chosen),
        Span::raw(word("validation", "val")),
    ];
    if train
        .run()
        .is_some_and(|run| run.history.best_validation().is_some())
    {
        spans.push(Span::styled("★", theme.chosen));
        spans.push(Span::raw(if view { " best " } else { " " }));
    }
    for (at, other) in train.beside.iter().enumerate() {
        spans.push(Span::styled(letter(at).to_string(), beside(theme, at)));
        let shown = safe::fit(&safe::safe(&other.name), name);
        spans.push(Span::raw(
            format!(" {} ", shown.trim_end()).replace("  ", " "),
        ));
    }
    if view {
        let scale = if train.log { "log" } else { "linear" };
        let view = format!("{scale} · {} ", train.window.name());
        spans.push(Span::styled(view, theme.quiet));
    }
    Line::from(spans)
}

//! What the lines are.

use ratatui::text::{Line, Span};

use super::strokes::{Drawn, beside, letter};
use crate::chart::What;
use crate::tui::state::train::Train;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// The legend in at most so many cells: names are shortened before anything is left out, and the lines' names stay
/// longest. It never vanishes: what there is no room for at all is cut.
pub fn line(train: &Train, drawn: &Drawn, room: usize, theme: &Theme) -> Line<'static> {
    /// Cells of another run's name, whether words are written out, and whether the star is named; the best first.
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
        .map(|&(name, words, star)| of(train, drawn, name, (words, star), theme))
        .find(|line| line.width() <= room);
    fitting.unwrap_or_else(|| cut(of(train, drawn, 0, (false, false), theme), room))
}

fn of(
    train: &Train,
    drawn: &Drawn,
    name: usize,
    (words, star): (bool, bool),
    theme: &Theme,
) -> Line<'static> {
    let word = |long: &str, short: &str| format!(" {} ", if words { long } else { short });
    let mut spans = Vec::new();
    let own = &drawn.own;
    let what = match train.shown.what {
        What::Loss | What::Validation => ("loss", "loss"),
        What::Perplexity => ("perplexity", "ppl"),
        What::Accuracy => ("accuracy", "acc"),
        What::LearningRate => ("learning rate", "rate"),
        What::GradientNorm => ("gradient norm", "norm"),
        What::Speed => ("tokens a second", "tok/s"),
        What::Memory => ("bytes", "bytes"),
    };
    let smooth = !own.smoothed.is_empty();
    if train.shown.what != What::Validation {
        let style = if smooth { theme.quiet } else { theme.final_bar };
        spans.push(Span::styled("─", style));
        spans.push(Span::raw(word(what.0, what.1)));
    }
    if smooth {
        spans.push(Span::styled("─", theme.final_bar));
        spans.push(Span::raw(word("smoothed", "smooth")));
    }
    if !own.validations.is_empty() || train.shown.what == What::Validation {
        spans.push(Span::styled("•", theme.chosen));
        spans.push(Span::raw(word("validation", "val")));
    }
    if own.best.is_some() {
        spans.push(Span::styled("★", theme.chosen));
        spans.push(Span::raw(if star { " best " } else { " " }));
    }
    for (at, other) in train.compared() {
        spans.push(Span::styled(letter(at).to_string(), beside(theme, at)));
        let shown = safe::fit(&safe::safe(&other.name), name);
        spans.push(Span::raw(
            format!(" {} ", shown.trim_end()).replace("  ", " "),
        ));
    }
    Line::from(spans)
}

/// As many of its parts as there is room for.
fn cut(line: Line<'static>, room: usize) -> Line<'static> {
    let mut cells = 0;
    let fitting = line.spans.into_iter().take_while(|span| {
        cells += span.width();
        cells <= room
    });
    Line::from(fitting.collect::<Vec<_>>())
}

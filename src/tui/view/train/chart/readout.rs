//! What all runs have at the step in view, below the chart: each with its sign.

use ratatui::text::{Line, Span};

use super::marks::short;
use super::strokes::{Drawn, beside, letter};
use crate::tui::state::train::{RunInView, Train};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Most cells of a run's name.
const NAME: usize = 16;

/// The runs with their values, in lines of a width; nothing where there is one run alone.
pub fn lines(
    train: &Train,
    run: &RunInView,
    drawn: &Drawn,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    if drawn.others.is_empty() {
        return Vec::new();
    }
    let place = match run.cursor {
        Some(step) => run.across(train.shown.across, step),
        // The newest of each.
        None => f64::INFINITY,
    };
    let own = std::iter::once(('─', theme.final_bar, &run.name, &drawn.own));
    let others = train.compared().zip(&drawn.others);
    let others =
        others.map(|((at, run), (_, curves))| (letter(at), beside(theme, at), &run.name, curves));
    let entries = own.chain(others).map(|(sign, style, name, curves)| {
        let (line, validation) = curves.at(place);
        let mut said = safe::fit(&safe::safe(name), NAME).trim_end().to_owned();
        said += &format!(" {}", line.map_or("–".to_owned(), short));
        if let Some(validation) = validation {
            said += &format!(" •{}", short(validation));
        }
        (Span::styled(format!("{sign} "), style), said)
    });
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (sign, said) in entries {
        let cells = safe::width(&said) + 4;
        match lines.last_mut() {
            Some(line) if line.width() + cells <= width => {
                line.push_span(Span::raw("  "));
                line.push_span(sign);
                line.push_span(Span::raw(said));
            }
            _ => lines.push(Line::from(vec![sign, Span::raw(said)])),
        }
    }
    lines
}

/// Which step is in view, and how one comes back to where it goes on.
pub fn step(train: &Train, run: &RunInView, to_the_end: Option<String>) -> String {
    let step = run.step_in_view();
    let planned = run.history().started().map_or(0, |started| started.steps);
    let of = planned.max(run.last_step());
    let goes_on = train.is_live() || run.elsewhere;
    let back = to_the_end.filter(|_| run.cursor.is_some_and(|step| step < run.last_step()));
    let back = back.map_or_else(String::new, |key| {
        let end = if goes_on { "live" } else { "last step" };
        format!(" · {key}: {end}")
    });
    format!(" step {step} of {of}{back} ")
}

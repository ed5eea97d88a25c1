//! The figures below a lane's text: how likely and how varied it is, where it left the first, and the knob in hand.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::decoding::{
    Interval, LaneFigures, LaneMeans, NoCommonDraws, StopReason, parted, parted_in_text,
};
use crate::text::numbers::thousands;
use crate::tui::state::State;
use crate::tui::state::knob_values::{self, Settings};
use crate::tui::state::lanes::prompt_of;
use crate::tui::vocabulary::bars::track;
use crate::tui::vocabulary::knob_rows::KnobRow;
use crate::tui::vocabulary::safe::{self, fit};
use crate::tui::vocabulary::theme::Theme;

/// Lines of exactly so many cells: figures, where it left the first lane, and the knob in hand.
pub fn lines(state: &State, theme: &Theme, at: usize, width: u16) -> Vec<Line<'static>> {
    let cells = usize::from(width);
    let lane = &state.lanes.lanes[at];
    let (mut words, style) = standing(state, theme, at);
    let means = lane.means().filter(|_| lane.runs() > 0);
    let figures = match means {
        Some(means) => {
            words = format!("{} seeds · {words}", lane.runs() + 1);
            over_runs(&means)
        }
        None => of_one(lane.figures()),
    };
    let figures = figures.iter();
    let mut lines: Vec<Line> = figures
        .map(|line| Line::styled(fit(line, cells), theme.base))
        .collect();
    lines.push(Line::styled(fit(&words, cells), style));
    lines.push(knob(state, theme, at, width));
    lines
}

/// The figures of one text.
fn of_one(figures: &LaneFigures) -> Vec<String> {
    // Under the first lane's model: another model's own surprisal would not compare.
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let reference = or_none(figures.reference.map(|bits| format!("{bits:.2}")));
    let left = or_none(figures.left.map(|left| tokens(left.into())));
    vec![
        format!("S {reference}  H {:.2}  {left} left", figures.text.entropy),
        format!(
            "rep {:.0} %  d1 {:.2}  d2 {:.2}",
            figures.text.repetition * 100.0,
            figures.text.distinct_1,
            figures.text.distinct_2
        ),
    ]
}

/// The means over several runs, each with its 95 % interval.
fn over_runs(means: &LaneMeans) -> Vec<String> {
    let written = |interval: Option<Interval>, write: &dyn Fn(f64) -> String| {
        let Some(interval) = interval else {
            return "–".to_owned();
        };
        let half = interval.half.map(|half| format!(" ±{}", write(half)));
        format!("{}{}", write(interval.mean), half.unwrap_or_default())
    };
    let two = |value: f64| format!("{value:.2}");
    let percent = |value: f64| format!("{:.0}", value * 100.0);
    vec![
        format!(
            "S {}  H {}",
            written(means.reference, &two),
            written(means.entropy, &two)
        ),
        format!(
            "rep {} %  {} left",
            written(means.repetition, &percent),
            written(means.left, &tokens)
        ),
        format!(
            "d1 {}  d2 {}",
            written(means.distinct_1, &two),
            written(means.distinct_2, &two)
        ),
    ]
}

/// A number of tokens, which need not be whole.
fn tokens(count: f64) -> String {
    if count < 10.0 {
        format!("{count:.1}")
    } else {
        thousands(count.round() as usize)
    }
}

/// Where it left the first lane, or why the two have no draws in common; how it ended.
fn standing(state: &State, theme: &Theme, at: usize) -> (String, Style) {
    let finish = state.play.finishes.get(at).and_then(Option::as_ref);
    if let Some(StopReason::Failed(why)) = finish.map(|finish| &finish.reason) {
        return (format!("failed: {}", safe::safe(why)), theme.error);
    }
    if at == 0 {
        let seed = state.lanes.lanes[at].settings.seed;
        return (format!("seed {seed}"), theme.quiet);
    }
    let apart = state.apart(at);
    if let Some(apart) = apart.filter(|it| *it != NoCommonDraws::OtherTokens) {
        return (apart.to_string(), theme.quiet);
    }
    let said = |at: usize| {
        let tokens = state.play.texts[at].tokens();
        &tokens[prompt_of(tokens)..]
    };
    let (first, own) = (said(0), said(at));
    let (place, tokens) = match apart {
        Some(_) => (parted_in_text(first, own), "other tokens, "),
        None => (parted(first, own), ""),
    };
    match place.and_then(|place| own.get(place)) {
        Some(token) => (format!("{tokens}left A at {}", token.position), theme.pick),
        None => (format!("{tokens}as A so far"), theme.quiet),
    }
}

/// The knob in hand, as the lane has it.
pub fn knob(state: &State, theme: &Theme, at: usize, width: u16) -> Line<'static> {
    let Some(row) = state.lanes.knob(at) else {
        return Line::default();
    };
    let lane = &state.lanes.lanes[at];
    let mut generation = state.play.settings.generation.clone();
    generation.seed = lane.settings.seed;
    let settings = Settings {
        sampler: lane.settings.sampler.clone(),
        generation,
        samples: 1,
    };
    let value = knob_values::written(row, &settings);
    let said = format!("{} {value} ", row.name());
    let selected = at == state.lane();
    let cells = usize::from(width);
    let room = cells.saturating_sub(safe::width(&said));
    let slider = match row {
        KnobRow::Knob(knob) if room >= 5 => {
            let range = knob.slider_max - knob.slider_min;
            let share = (knob.get(&settings.sampler) - knob.slider_min) / range;
            track(share.clamp(0.0, 1.0), room)
        }
        _ => String::new(),
    };
    let style = if selected { theme.strong } else { theme.quiet };
    Line::from(vec![
        Span::styled(fit(&said, cells.min(safe::width(&said))), style),
        Span::styled(slider, style),
    ])
}

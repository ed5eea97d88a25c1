//! The figures below a lane's text: how likely and how varied it is, where it left the first, and the knob in hand.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::decoding::{NoCommonDraws, StopReason, parted, parted_in_text};
use crate::text::numbers::thousands;
use crate::tui::state::State;
use crate::tui::state::knob_values::{self, Settings};
use crate::tui::state::lanes::prompt_of;
use crate::tui::vocabulary::bars::track;
use crate::tui::vocabulary::knob_rows::KnobRow;
use crate::tui::vocabulary::safe::{self, fit};
use crate::tui::vocabulary::theme::Theme;

/// Lines of exactly so many cells.
pub fn lines(state: &State, theme: &Theme, at: usize, width: u16) -> Vec<Line<'static>> {
    let cells = usize::from(width);
    let figures = state.lanes.lanes[at].figures();
    let left = figures.left.map_or_else(
        || "–".to_owned(),
        |left| {
            if left < 10.0 {
                format!("{left:.1}")
            } else {
                thousands(left.round() as usize)
            }
        },
    );
    // Under the first lane's model: another model's own surprisal would not compare.
    let reference = figures
        .reference
        .map_or_else(|| "–".to_owned(), |bits| format!("{bits:.2}"));
    let first = format!("S {reference}  H {:.2}  {left} left", figures.text.entropy);
    let second = format!(
        "rep {:.0} %  d1 {:.2}  d2 {:.2}",
        figures.text.repetition * 100.0,
        figures.text.distinct_1,
        figures.text.distinct_2
    );
    let (words, style) = standing(state, theme, at);
    vec![
        Line::styled(fit(&first, cells), theme.base),
        Line::styled(fit(&second, cells), theme.base),
        Line::styled(fit(&words, cells), style),
        knob(state, theme, at, width),
    ]
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

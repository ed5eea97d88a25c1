//! Several samples of one prompt beside each other, each with its figures.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas};
use super::text;
use crate::decoding::{Origin, TextStats};
use crate::tui::state::State;
use crate::tui::state::lanes::letter;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::columns::columns;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::window::window;

/// Rows of figures above each text.
const FIGURES: u16 = 2;

/// The samples in sight, and where each lies.
fn places(state: &State, inside: Rect) -> (Range<usize>, Vec<Rect>) {
    let samples = state.play.texts.len();
    let (fitting, cells) = columns(inside.width, samples);
    let window = window(state.play.sample, samples, fitting);
    let places = (0..window.len() as u16)
        .map(|at| Rect {
            x: inside.x + at * cells,
            width: cells.saturating_sub(1),
            ..inside
        })
        .collect();
    (window, places)
}

/// Draws them, the selected one in sight.
pub fn draw(canvas: &Canvas, inside: Rect, seen: &mut Seen, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let (window, places) = places(state, inside);
    for (sample, place) in window.zip(places) {
        seen.put(place, Hit::Sample(sample));
        let passage = &state.play.texts[sample];
        let generated = passage
            .tokens()
            .iter()
            .filter(|token| token.origin != Origin::Prompt);
        let stats = TextStats::of(generated);
        let selected = sample == state.play.sample;
        let ended = state.play.finishes.get(sample).is_some_and(Option::is_some);
        let head = format!(
            "{}{} · {} tokens{}",
            if selected { "▶ " } else { "  " },
            called(state, sample),
            stats.tokens,
            if ended { " ■" } else { "" }
        );
        let cells = usize::from(place.width);
        let lines = vec![
            Line::styled(
                safe::fit(&head, cells),
                if selected { theme.strong } else { theme.quiet },
            ),
            Line::from(vec![Span::styled(
                safe::fit(&figures(&stats), cells),
                theme.quiet,
            )]),
        ];
        draw::lines(
            lines,
            Rect {
                height: FIGURES.min(place.height),
                ..place
            },
            frame,
        );
        let below = Rect {
            y: place.y + FIGURES,
            height: place.height.saturating_sub(FIGURES),
            ..place
        };
        text::passage(canvas, (sample, passage), below, seen, frame);
    }
}

/// Which of the texts it is, and the seed that it is drawn with: a lane has its own.
fn called(state: &State, sample: usize) -> String {
    let lane = state.lanes.lanes.get(sample);
    if let Some(lane) = lane.filter(|_| state.lanes.live) {
        return format!("{} seed {}", letter(sample), lane.settings.seed);
    }
    let seed = state.play.settings.generation.seed;
    let seed = seed.wrapping_add(sample as u64);
    format!("{}/{} seed {seed}", sample + 1, state.play.texts.len())
}

/// distinct-1, distinct-2, share of repeated runs of four, mean surprisal and entropy in bits.
pub fn figures(stats: &TextStats) -> String {
    format!(
        "d1 {:.2} d2 {:.2} rep {:.0}% S {:.1} H {:.1}",
        stats.distinct_1,
        stats.distinct_2,
        stats.repetition * 100.0,
        stats.surprisal,
        stats.entropy
    )
}

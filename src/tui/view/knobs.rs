//! The sampler: every stage of the chain in its order, its knobs, and what the selected one is good for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas, cell, right};
use super::numbers::{thousands, track};
use crate::sampling::{Knob, SamplerSettings, StageKind};
use crate::tui::knob_rows::KnobRow;
use crate::tui::safe;
use crate::tui::state::State;

/// Draws it, with the selected knob in sight.
pub fn draw(canvas: &Canvas, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let preset = state.preset().map_or("custom", |at| &state.presets[at].0);
    let note = format!(
        " {} ",
        safe::fit(preset, safe::width(&safe::safe(preset)).min(20))
    );
    let inside = canvas.border(Line::styled(note, theme.quiet), frame);
    let rows = state.knob_rows();
    let list = Rect {
        height: list_height(state, inside),
        ..inside
    };
    let below = inside.height - list.height;

    let mut lines = Vec::new();
    for index in draw::window(state.knob, rows.len(), list.height.into()) {
        let selected = index == state.knob && state.focus == canvas.pane;
        let first = index == 0 || rows[index - 1].stage() != rows[index].stage();
        lines.push(line(
            canvas,
            rows[index],
            first,
            selected,
            inside.width.into(),
        ));
    }
    draw::lines(lines, list, frame);
    if below > 0 {
        let mut lines: Vec<Line> = why(state, inside.width)
            .into_iter()
            .map(|line| Line::styled(line, theme.quiet))
            .collect();
        lines.push(Line::styled(stops(state), theme.quiet));
        draw::lines(
            lines,
            Rect {
                y: list.bottom(),
                height: below,
                ..inside
            },
            frame,
        );
    }
}

/// What the selected knob is good for.
fn why(state: &State, width: u16) -> Vec<String> {
    let rows = state.knob_rows();
    let row = rows.get(state.knob);
    row.map_or_else(Vec::new, |row| draw::wrapped(row.why(), width))
}

/// Rows of the list, above what the selected knob is good for.
pub fn list_height(state: &State, inside: Rect) -> u16 {
    if inside.height < 12 {
        return inside.height;
    }
    let below = why(state, inside.width).len() + 1;
    inside.height.saturating_sub(below as u16)
}

/// Cells of a value and of a name.
fn widths(width: usize) -> (usize, usize) {
    let value = 12.min(width / 3);
    (value, 20.min(width.saturating_sub(2 + value + 1)))
}

/// The first cell of a track, and how many it has.
pub fn track_place(width: usize) -> (usize, usize) {
    let (value, name) = widths(width);
    let before = 2 + name + value + 1;
    (before, width.saturating_sub(before))
}

fn line(canvas: &Canvas, row: KnobRow, first: bool, selected: bool, width: usize) -> Line<'static> {
    let (state, theme) = (canvas.state, canvas.theme);
    let sampler = &state.sampler;
    let active = row.stage().is_none_or(|stage| sampler.is_active(stage));
    let style = match (selected, active) {
        (true, _) => theme.cursor,
        (false, true) => theme.base,
        (false, false) => theme.quiet,
    };
    let sign = match row.stage() {
        Some(stage) if first => sign(sampler, stage),
        _ => "  ",
    };
    let (value_width, name_width) = widths(width);
    let (_, track_width) = track_place(width);
    let (value, place) = value(row, state);
    let gauge = place.map_or_else(
        || " ".repeat(track_width),
        |place| track(place, track_width),
    );
    let gauge_style = if selected || !active {
        style
    } else {
        theme.final_bar
    };
    Line::from(vec![
        Span::styled(sign, style),
        cell(&row.name(), name_width, style),
        right(
            &value,
            value_width,
            emphasis(style, active && !selected, canvas),
        ),
        Span::styled(" ", style),
        Span::styled(gauge, gauge_style),
    ])
}

fn emphasis(style: Style, active: bool, canvas: &Canvas) -> Style {
    if active {
        style.patch(canvas.theme.strong)
    } else {
        style
    }
}

/// Whether a stage acts (●), would but is switched off (○), or has nothing to do (·).
fn sign(sampler: &SamplerSettings, stage: StageKind) -> &'static str {
    if sampler.disabled.contains(&stage) {
        "○ "
    } else if sampler.is_active(stage) {
        "● "
    } else {
        "· "
    }
}

/// A row's value, and its place between the ends of its track.
fn value(row: KnobRow, state: &State) -> (String, Option<f64>) {
    let sampler = &state.sampler;
    match row {
        KnobRow::Method => (sampler.method.name().to_owned(), None),
        KnobRow::Knob(knob) => {
            let value = knob.get(sampler);
            let place = (value - knob.slider_min) / (knob.slider_max - knob.slider_min);
            (number(knob, value), Some(place))
        }
        KnobRow::Stage(StageKind::LogitBias) => {
            (count(sampler.logit_bias.len(), "bias", "biases"), None)
        }
        KnobRow::Stage(StageKind::Banned) => (count(sampler.banned.len(), "text", "texts"), None),
        KnobRow::Stage(_) => (String::new(), None),
        KnobRow::Seed => (state.generation.seed.to_string(), None),
        KnobRow::MaxTokens => (thousands(state.generation.max_tokens), None),
        KnobRow::Samples => (state.samples.to_string(), None),
        KnobRow::Stop => (count(state.generation.stop.len(), "text", "texts"), None),
    }
}

/// A knob's value with as many digits as its steps have.
pub fn number(knob: &Knob, value: f64) -> String {
    if knob.whole {
        return format!("{value:.0}");
    }
    let digits = if knob.step < 0.01 { 4 } else { 2 };
    format!("{value:.digits$}")
}

fn count(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => "none".to_owned(),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

fn stops(state: &State) -> String {
    let generation = &state.generation;
    let mut stops: Vec<String> = generation
        .stop
        .iter()
        .map(|text| format!("“{}”", safe::safe(text)))
        .collect();
    if generation.stop_at_end_token {
        stops.push("end token".to_owned());
    }
    if generation.detect_loops {
        stops.push("loops".to_owned());
    }
    format!(
        "stops at {}",
        if stops.is_empty() {
            "nothing".to_owned()
        } else {
            stops.join(", ")
        }
    )
}

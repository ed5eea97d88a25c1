//! The sampler: every stage of the chain in its order, its knobs, and what the selected one is good for.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas, cell, right};
use super::next;
use crate::sampling::{Knob, SamplerSettings, StageKind};
use crate::text::numbers::thousands;
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bars::track;
use crate::tui::vocabulary::knob_rows::KnobRow;
use crate::tui::vocabulary::layout::Joined;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::window::{scroll_mark, window};
use crate::tui::vocabulary::wrapped::wrapped;

/// What stands in the pane, from above.
struct Parts {
    /// The settings that are always in sight.
    head: Rect,
    /// The rows to turn.
    list: Rect,
    /// What the selected one is good for.
    foot: Rect,
}

/// Lines of the pane from which on it has what stands above and below the list.
const WITH_HEAD: u16 = 6;
const WITH_FOOT: u16 = 12;
/// Cells of a text among the settings that are always in sight.
const MOST_OF_A_TEXT: usize = 16;
const WITH_STOPS: u16 = 16;

/// Draws it, with the selected knob in sight.
pub fn draw(canvas: &Canvas, seen: &mut Seen, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let rows = state.play.knob_rows();
    let parts = parts(state, canvas.panes.inner(canvas.pane));
    let window = window(
        state.play.knobs.selected,
        rows.len(),
        parts.list.height.into(),
    );
    canvas.border(note(canvas, &scroll_mark(&window, rows.len())), frame);
    if canvas.panes.joined().is_some() {
        next::footnote(canvas, frame);
    }

    let width = usize::from(parts.list.width);
    let quiet = |lines: Vec<String>| -> Vec<Line> {
        let line = |line| Line::styled(line, theme.quiet);
        lines.into_iter().map(line).collect()
    };
    draw::lines(
        quiet(head(state, parts.list.width, parts.head.height)),
        parts.head,
        frame,
    );
    for (place, index) in parts.list.rows().zip(window.clone()) {
        seen.put(place, Hit::Knob(index));
    }
    let (start, cells) = track_place(width);
    seen.track = Some(Rect {
        x: parts.list.x + start as u16,
        width: cells as u16,
        ..parts.list
    });
    let list = window.map(|index| {
        let selected = index == state.play.knobs.selected && state.play.focus == canvas.pane;
        let first = index == 0 || rows[index - 1].stage() != rows[index].stage();
        line(canvas, rows[index], first, selected, width)
    });
    draw::lines(list.collect(), parts.list, frame);
    let mut below = why(state, parts.foot.width);
    below.push(stops(state));
    below.truncate(parts.foot.height.into());
    draw::lines(quiet(below), parts.foot, frame);
}

/// On the upper border: how to draw where that is not said above the list, the preset, and that there is more.
fn note<'a>(canvas: &Canvas<'a>, more: &str) -> Line<'a> {
    let state = canvas.state;
    let preset = state
        .play
        .preset()
        .map_or("custom", |at| &state.play.knobs.presets[at].0);
    let preset = safe::fit(preset, safe::width(&safe::safe(preset)).min(20));
    let run = match canvas.panes.joined() {
        Some(Joined::List) => format!("{} · ", run(state)),
        _ => String::new(),
    };
    Line::styled(format!(" {run}{preset} {more}"), canvas.theme.quiet)
}

/// The places of the pane's parts in its inside.
fn parts(state: &State, inside: Rect) -> Parts {
    let joined = state.panes(state.screen.size).joined();
    let head = match joined {
        Some(Joined::Knob) => 0,
        Some(Joined::List) => u16::from(inside.height > 2),
        None if inside.height < WITH_HEAD => 0,
        None => 1 + chain(state, inside.width).len().clamp(1, 2) as u16,
    };
    let foot = match inside.height {
        height if height < WITH_FOOT => 0,
        height => why(state, inside.width).len() as u16 + u16::from(height >= WITH_STOPS),
    };
    let [head, list, foot] = Layout::vertical([
        Constraint::Length(head),
        Constraint::Fill(1),
        Constraint::Length(foot),
    ])
    .areas(inside);
    Parts { head, list, foot }
}

/// What is always in sight: how to draw, and every setting that does something. Where a single line has to do, the
/// border says the first.
fn head(state: &State, width: u16, height: u16) -> Vec<String> {
    let mut lines = Vec::new();
    if height > 1 {
        let run = run(state);
        let most = format!(
            "{run} · max-tokens {}",
            thousands(state.play.settings.generation.max_tokens)
        );
        let fits = safe::width(&most) <= usize::from(width);
        lines.push(if fits { most } else { run });
    }
    let room = usize::from(height) - lines.len();
    let mut chain = chain(state, width);
    if chain.len() > room
        && let Some(last) = room.checked_sub(1).and_then(|last| chain.get_mut(last))
    {
        *last = safe::fit(&format!("{last} …"), width.into());
    }
    lines.extend(chain.into_iter().take(room));
    lines
}

fn run(state: &State) -> String {
    format!(
        "{} · seed {} · samples {}",
        state.play.settings.sampler.method.name(),
        state.play.settings.generation.seed,
        state.play.settings.samples
    )
}

/// The settings of the stages that act, in their order, wrapped.
fn chain(state: &State, width: u16) -> Vec<String> {
    let sampler = &state.play.settings.sampler;
    let acts = |row: &KnobRow| row.stage().is_some_and(|stage| sampler.is_active(stage));
    let rows = state.play.knob_rows();
    let settings = rows.iter().filter(|row| acts(row)).filter_map(|row| {
        let at_rest = match row {
            KnobRow::Knob(knob) => knob.get(sampler) == knob.neutral,
            KnobRow::Text(knob) => knob.get(sampler).is_empty(),
            _ => false,
        };
        let value = || {
            let value = value(*row, state).0;
            let cells = safe::width(&value).min(MOST_OF_A_TEXT);
            safe::fit(&value, cells)
        };
        (!at_rest).then(|| format!("{} {}", row.name(), value()))
    });
    let mut lines: Vec<String> = Vec::new();
    for setting in settings {
        match lines.last_mut() {
            // Room for the arrow to what follows.
            Some(line) if safe::width(line) + safe::width(&setting) + 5 <= usize::from(width) => {
                *line += &format!(" → {setting}");
            }
            Some(line) => {
                *line += " →";
                lines.push(setting);
            }
            None => lines.push(setting),
        }
    }
    if lines.is_empty() {
        lines.push("no stage acts: final is raw".to_owned());
    }
    lines
}

/// What the selected knob is good for.
fn why(state: &State, width: u16) -> Vec<String> {
    let rows = state.play.knob_rows();
    let row = rows.get(state.play.knobs.selected);
    row.map_or_else(Vec::new, |row| wrapped(row.why(), width))
}

/// Cells of a value and of a name.
fn widths(width: usize) -> (usize, usize) {
    let value = 12.min(width / 3);
    (value, 20.min(width.saturating_sub(2 + value + 1)))
}

/// The first cell of a track, and how many it has.
fn track_place(width: usize) -> (usize, usize) {
    let (value, name) = widths(width);
    let before = 2 + name + value + 1;
    (before, width.saturating_sub(before))
}

fn line(canvas: &Canvas, row: KnobRow, first: bool, selected: bool, width: usize) -> Line<'static> {
    let (state, theme) = (canvas.state, canvas.theme);
    let sampler = &state.play.settings.sampler;
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
    // A text has the place of the track as well.
    if matches!(row, KnobRow::Text(_)) && !value.is_empty() && value != "none" {
        let room = width.saturating_sub(2 + name_width);
        return Line::from(vec![
            Span::styled(sign, style),
            cell(&row.name(), name_width, style),
            cell(
                &format!(" {value}"),
                room,
                emphasis(style, active && !selected, canvas),
            ),
        ]);
    }
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
    let sampler = &state.play.settings.sampler;
    match row {
        KnobRow::Method => (sampler.method.name().to_owned(), None),
        KnobRow::Knob(knob) => {
            let value = knob.get(sampler);
            let place = (value - knob.slider_min) / (knob.slider_max - knob.slider_min);
            (number(knob, value), Some(place))
        }
        KnobRow::Text(knob) => match knob.get(sampler) {
            "" => ("none".to_owned(), None),
            text => (safe::safe(text).into_owned(), None),
        },
        KnobRow::Stage(StageKind::LogitBias) => {
            (count(sampler.logit_bias.len(), "bias", "biases"), None)
        }
        KnobRow::Stage(StageKind::Banned) => (count(sampler.banned.len(), "text", "texts"), None),
        KnobRow::Stage(_) => (String::new(), None),
        KnobRow::Seed => (state.play.settings.generation.seed.to_string(), None),
        KnobRow::MaxTokens => (thousands(state.play.settings.generation.max_tokens), None),
        KnobRow::Samples => (state.play.settings.samples.to_string(), None),
        KnobRow::Stop => (
            count(state.play.settings.generation.stop.len(), "text", "texts"),
            None,
        ),
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
    let generation = &state.play.settings.generation;
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

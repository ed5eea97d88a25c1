//! The Compare screen: lanes beside each other, each with its text, its figures, and the odds of the token in view.

mod figures;
mod odds;
mod plane;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{draw, text};
use crate::engine::RunState;
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, Other, letter};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::lanes::places;
use crate::tui::vocabulary::layout::Panes;
use crate::tui::vocabulary::safe::{self, fit};
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::scroll_mark;
use crate::tui::vocabulary::wrapped::wrapped;

/// Least lines of a text.
const TEXT: u16 = 3;

/// Draws it into the place between the status line and the footer.
pub fn draw(state: &State, theme: &Theme, panes: &Panes, seen: &mut Seen, frame: &mut Frame) {
    let [above, below] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(panes.body);
    if state.lanes.plane {
        draw::lines(vec![prompt(state, theme, "", above)], above, frame);
        return plane::draw(state, theme, below, frame);
    }
    let count = state.lanes.lanes.len();
    let selected = state.lane();
    let (shown, places) = places(below, count, selected);
    let more = scroll_mark(&shown, count);
    draw::lines(vec![prompt(state, theme, &more, above)], above, frame);
    for (lane, place) in shown.zip(places) {
        seen.put(place, Hit::Sample(lane));
        draw_lane(state, theme, panes, (lane, place), seen, frame);
    }
}

/// What the lanes are drawn from, and how many are out of view.
fn prompt(state: &State, theme: &Theme, more: &str, area: Rect) -> Line<'static> {
    let said = match (&state.play.last_prompt, state.lanes.live) {
        (Some(prompt), true) => prompt.clone(),
        _ => state.play.editor.text(),
    };
    let said = safe::safe(&said.replace('\n', " ")).into_owned();
    let mut more = if more.is_empty() {
        String::new()
    } else {
        format!("  lanes {more}")
    };
    if !state.lanes.repeating.engines.is_empty() {
        let made = state.lanes.lanes.iter().map(Lane::runs).min().unwrap_or(0);
        more += &format!(
            "  seed {} of {}",
            made + 2,
            state.lanes.repeating.wanted + 1
        );
    }
    let room = usize::from(area.width).saturating_sub(10 + safe::width(&more));
    Line::from(vec![
        Span::styled(" prompt ", theme.quiet),
        Span::styled(fit(&said, room.min(safe::width(&said))), theme.base),
        Span::styled(more, theme.key),
    ])
}

fn draw_lane(
    state: &State,
    theme: &Theme,
    panes: &Panes,
    (at, area): (usize, Rect),
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let lane = &state.lanes.lanes[at];
    let selected = at == state.lane();
    let ended = state.play.finishes.get(at).is_some_and(Option::is_some);
    let passage = state.play.texts.get(at).filter(|_| state.lanes.live);
    let note = if ended { " ■ " } else { "" };
    let room = usize::from(area.width).saturating_sub(6 + note.len());
    let other = state.lanes.other_of(at);
    let model = other.map_or_else(String::new, |other| format!("{} · ", other.name()));
    let name = format!("{} {model}{}", letter(at), lane.name());
    let name = safe::safe(&name).into_owned();
    let title = format!(" {} ", fit(&name, room.min(safe::width(&name))).trim_end());
    let title = Line::styled(title, theme.title);
    let note = Line::styled(note, theme.quiet);
    let inside = draw::border(title, note, selected, theme, area, frame);
    if let Some(said) = other.and_then(unready) {
        let style = if other.is_some_and(|other| other.failed.is_some()) {
            theme.error
        } else {
            theme.quiet
        };
        let said = wrapped(&safe::safe(&said), inside.width);
        let lines = said.into_iter().map(|line| Line::styled(line, style));
        return draw::lines(lines.collect(), inside, frame);
    }
    let Some(passage) = passage else {
        return planned(state, theme, at, inside, frame);
    };
    let figures = figures::lines(state, theme, at, inside.width);
    let rest = inside
        .height
        .saturating_sub(figures.len() as u16 + TEXT + 1);
    let odds = (rest * 3 / 5).max(rest.min(6));
    let [above, middle, line, below] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(figures.len() as u16),
        Constraint::Length(1),
        Constraint::Length(odds),
    ])
    .areas(inside);
    let canvas = draw::Canvas {
        state,
        theme,
        panes,
        pane: Focus::Text,
        area,
    };
    text::passage(&canvas, (at, passage), above, seen, frame);
    draw::lines(figures, middle, frame);
    let position = passage.in_view();
    let divider = format!("── token {position} ");
    let cells = usize::from(line.width);
    let divider = format!(
        "{divider}{}",
        "─".repeat(cells.saturating_sub(safe::width(&divider)))
    );
    draw::lines(
        vec![Line::styled(fit(&divider, cells), theme.border)],
        line,
        frame,
    );
    draw::lines(odds::lines(state, theme, at, below.as_size()), below, frame);
}

/// What keeps another model from saying anything: it failed, or it is being loaded.
fn unready(other: &Other) -> Option<String> {
    match (&other.failed, &other.model) {
        (Some(why), _) => Some(format!("failed: {why}")),
        // It is loaded when its lanes are drawn.
        (None, None) if other.run == RunState::Empty => None,
        (None, None) => Some(draw::loading(other.loading.as_ref())),
        (None, Some(_)) => None,
    }
}

/// A lane that was not drawn yet: its knob in hand, and how to begin.
fn planned(state: &State, theme: &Theme, at: usize, inside: Rect, frame: &mut Frame) {
    let mut lines = vec![
        figures::knob(state, theme, at, inside.width),
        Line::default(),
    ];
    if at == state.lane() {
        let key = |bound| state.keymap.hint(bound, false).unwrap_or_default();
        for (bound, says) in [
            (Bound::LanesRun, "draws all lanes with one set of numbers"),
            (Bound::LanesAdd, "adds Play's settings as a lane"),
            (Bound::LanesPreset, "adds a preset as a lane"),
            (Bound::LanesModel, "adds a lane of another model"),
            (Bound::LanesSweep, "sweeps the knob over its range"),
        ] {
            let said = format!("{} {says}", key(bound));
            let wrapped = wrapped(&said, inside.width).into_iter();
            lines.extend(wrapped.map(|line| Line::styled(line, theme.quiet)));
        }
    }
    let said = &state.lanes.lanes[at].said;
    if !said.is_empty() {
        lines.push(Line::default());
        let before = wrapped(&format!("said before:{}", safe::safe(said)), inside.width);
        lines.extend(
            before
                .into_iter()
                .map(|line| Line::styled(line, theme.base)),
        );
    }
    draw::lines(lines, inside, frame);
}

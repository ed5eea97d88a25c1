//! Draws the state. Pure: the same state and theme give the same frame.

mod banner;
mod branches;
mod continuations;
mod draw;
mod footer;
mod funnel;
mod game;
mod help;
mod knobs;
mod lanes;
mod learn;
mod legend;
mod next;
mod picker;
mod popup;
mod present;
mod prompt;
mod samples;
mod second;
mod shifted;
mod status;
mod strip;
mod text;
mod tokens;
mod train;
mod why;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Color;
use ratatui::text::Line;

use super::state::State;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::layout::{self, Panes, SMALLEST};
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::tone::Tone;

/// Draws everything. Returns what lies where; nothing where the terminal is too small.
pub fn view(state: &State, theme: &Theme, frame: &mut Frame) -> Seen {
    let size = frame.area().as_size();
    let mut seen = Seen::default();
    if layout::fits(size) {
        draw_all(state, theme, &mut seen, frame);
    } else {
        popup::too_small(size, SMALLEST, theme, frame);
    }
    paint(frame.buffer_mut(), theme);
    seen
}

/// Puts the theme's colours where nothing else has put any.
fn paint(buffer: &mut Buffer, theme: &Theme) {
    for cell in &mut buffer.content {
        if let (Color::Reset, Some(ground)) = (cell.bg, theme.ground.bg) {
            cell.bg = ground;
        }
        if let (Color::Reset, Some(ink)) = (cell.fg, theme.ground.fg) {
            cell.fg = ink;
        }
    }
}

fn draw_all(state: &State, theme: &Theme, seen: &mut Seen, frame: &mut Frame) {
    let size = frame.area().as_size();
    let panes = state.panes(size);
    if state.screen.presenting && state.screen.page == Page::Play {
        // What went wrong is for everybody, and that what was asked for is done; remarks are for whoever sits at the
        // keyboard.
        let told = match banner::tone(state) {
            Some(Tone::Error | Tone::Done) => state.banner_lines(size.width).len() as u16,
            Some(Tone::Remark) | None => 0,
        };
        let [above, shown, footer] = Layout::vertical([
            Constraint::Length(told),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        banner::draw(state, theme, above, frame);
        present::draw(state, theme, shown, frame);
        footer::draw(state, theme, footer, frame);
        return draw_over(state, theme, &panes, frame.area(), seen, frame);
    }
    status::draw(state, theme, panes.status, frame);
    banner::draw(state, theme, panes.banner, frame);
    let panes_of_play = Focus::ALL
        .iter()
        .filter(|_| state.screen.page == Page::Play);
    for &pane in panes_of_play {
        let Some(area) = panes.place(pane) else {
            continue;
        };
        let canvas = draw::Canvas {
            state,
            theme,
            panes: &panes,
            pane,
            area,
        };
        if state.learn.hides(pane) {
            let inside = canvas.border(Line::default(), frame);
            let sentence = state.lesson_words().map_or("", |words| &words.hidden);
            canvas.empty(sentence, inside, frame);
            continue;
        }
        match pane {
            Focus::Prompt => prompt::draw(&canvas, frame),
            Focus::Text => text::draw(&canvas, seen, frame),
            Focus::Next => next::draw(&canvas, seen, frame),
            Focus::Tokens => tokens::draw(&canvas, seen, frame),
            Focus::Knobs => knobs::draw(&canvas, seen, frame),
            Focus::Why => seen.why = Some(why::draw(&canvas, frame)),
        }
        for (place, tab) in canvas.tabs() {
            seen.put(place, Hit::Tab(tab));
        }
    }
    if state.screen.page == Page::Train {
        train::draw(state, theme, panes.body, seen, frame);
    }
    learn::draw(state, theme, panes.lesson, seen, frame);
    if state.screen.page == Page::Compare {
        lanes::draw(state, theme, &panes, seen, frame);
    }
    footer::draw(state, theme, panes.footer, frame);
    // What lies over the panes leaves the lesson in sight.
    let over = Rect {
        height: size.height - panes.lesson.height,
        ..frame.area()
    };
    draw_over(state, theme, &panes, over, seen, frame);
}

/// What lies over what a screen shows, within `over`.
fn draw_over(
    state: &State,
    theme: &Theme,
    panes: &Panes,
    over: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    if let (Some(progress), Some(text)) = (&state.engine.loading, panes.place(Focus::Text)) {
        popup::loading(state, progress, theme, text, frame);
    }
    if state.play.continuations.is_open && state.screen.overlay.is_some() {
        continuations::draw(state, theme, over, seen, frame);
    }
    match &state.screen.overlay {
        Some(Overlay::Picker(picker)) => picker::draw(picker, theme, seen, frame),
        Some(Overlay::Ask(ask)) => {
            let area = picker::draw_ask(ask, theme, frame);
            seen.put(area, Hit::Over);
        }
        Some(Overlay::Game(game)) => {
            let area = game::draw(state, game, theme, over, frame);
            seen.put(area, Hit::Over);
        }
        Some(Overlay::Branches(view)) => branches::draw(state, view, theme, over, seen, frame),
        Some(Overlay::Funnel(scroll)) => {
            let area = funnel::draw(state, *scroll, theme, over, frame);
            seen.put(area, Hit::Over);
        }
        Some(Overlay::Legend(legend)) => {
            if let Some(scroll) = legend.over_funnel {
                funnel::draw(state, scroll, theme, over, frame);
            }
            legend::draw(legend, theme, over, seen, frame);
        }
        Some(Overlay::Continuations) | None => {}
    }
    if let Some(scroll) = state.screen.help {
        help::draw(state, theme, scroll, over, seen, frame);
    }
}

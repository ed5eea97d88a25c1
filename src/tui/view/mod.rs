//! Draws the state. Pure: the same state and theme give the same frame.

pub mod banner;
mod beside;
mod branches;
mod draw;
mod footer;
mod funnel;
pub mod help;
mod hits;
mod knobs;
pub mod legend;
mod next;
mod numbers;
mod picker;
mod popup;
mod prompt;
mod samples;
mod status;
mod strip;
mod text;
mod tokens;
mod train;
pub mod why;

pub use draw::window;
pub use hits::{
    NextHit, knob_at, next_hit_at, overlay_area, overlay_row, tab_at, token_row_at, track_at,
};
pub use numbers::{bytes, duration};
pub use samples::width as sample_width;
pub use text::{passage_at, token_at};
pub use train::{Hit as TrainHit, hit as train_hit};

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::layout::{self, SMALLEST};
use super::overlay::Overlay;
use super::state::{Focus, Page, State};
use super::theme::Theme;

/// Draws everything.
pub fn view(state: &State, theme: &Theme, frame: &mut Frame) {
    let size = frame.area().as_size();
    if layout::fits(size) {
        draw_all(state, theme, frame);
    } else {
        popup::too_small(size, SMALLEST, theme, frame);
    }
    paint(frame.buffer_mut(), theme);
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

fn draw_all(state: &State, theme: &Theme, frame: &mut Frame) {
    let size = frame.area().as_size();
    let panes = state.panes(size);
    status::draw(state, theme, panes.status, frame);
    banner::draw(state, theme, panes.banner, frame);
    let panes_of_play = Focus::ALL.iter().filter(|_| state.page == Page::Play);
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
        match pane {
            Focus::Prompt => prompt::draw(&canvas, frame),
            Focus::Text => text::draw(&canvas, frame),
            Focus::Next => next::draw(&canvas, frame),
            Focus::Tokens => tokens::draw(&canvas, frame),
            Focus::Knobs => knobs::draw(&canvas, frame),
            Focus::Why => why::draw(&canvas, frame),
        }
    }
    if state.page == Page::Train {
        train::draw(state, theme, panes.body, frame);
    }
    footer::draw(state, theme, panes.footer, frame);
    if let (Some(progress), Some(text)) = (&state.loading, panes.place(Focus::Text)) {
        popup::loading(state, progress, theme, text, frame);
    }
    match &state.overlay {
        Some(Overlay::Picker(picker)) => picker::draw(picker, theme, frame),
        Some(Overlay::Ask(ask)) => picker::draw_ask(ask, theme, frame),
        Some(Overlay::Branches(view)) => branches::draw(state, view, theme, frame),
        Some(Overlay::Funnel(scroll)) => funnel::draw(state, *scroll, theme, frame),
        Some(Overlay::Legend(legend)) => {
            if let Some(scroll) = legend.over_funnel {
                funnel::draw(state, scroll, theme, frame);
            }
            legend::draw(legend, theme, frame);
        }
        None => {}
    }
    if let Some(scroll) = state.help {
        help::draw(state, theme, scroll, frame);
    }
}

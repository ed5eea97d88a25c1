//! Quality against diversity: how surprising each lane is to the first one's model, over how varied it is. Lanes are joined in
//! their order, so that a sweep is a curve; each point reaches as far as its 95 % intervals.
//!
//! ```text
//! ╭ Quality against diversity ──────────────────────────────╮
//! │ 5.0 ┤              ⢀⡠⠔C─┼─     │ A temperature 0.2      │
//! │ 4.0 ┤      ─┼─B⠔⠊⠁             │   d2 0.71  S 2.10 ±0.2 │
//! │ 3.0 ┤ A⡠⠔⠊⠁                    │ B …                    │
//! │     └──┬────────┬────────┬──── │                        │
//! ╰ distinct-2 → · bits a token ↑ ─────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::canvas::{Canvas, Line as Segment};

use crate::chart::Axis;
use crate::decoding::{Interval, LaneMeans};
use crate::tui::state::State;
use crate::tui::state::lanes::letter;
use crate::tui::view::draw;
use crate::tui::view::train::beside;
use crate::tui::vocabulary::safe::{self, fit};
use crate::tui::vocabulary::theme::Theme;

/// Cells left of the plot, and rows below it.
const LEFT: u16 = 7;
const BELOW: u16 = 2;
/// Cells of the list of lanes, where there is room beside the plot.
const LIST: u16 = 34;
const WITH_LIST: u16 = 76;

/// A lane on the plane.
struct Dot {
    lane: usize,
    diversity: Interval,
    surprisal: Interval,
}

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let title = Line::styled(" Quality against diversity ", theme.title);
    let inside = draw::border(title, Line::default(), true, theme, area, frame);
    let list = if inside.width >= WITH_LIST { LIST } else { 0 };
    let [plane, list] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(list)]).areas(inside);
    draw::lines(listed(state, theme, list.width), list, frame);
    let dots = dots(state);
    if dots.is_empty() {
        let said = "No lane has said anything yet: draw them first.";
        return draw::lines(vec![Line::styled(said, theme.quiet)], plane, frame);
    }
    let [plot, words] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(plane);
    let words_said = "→ distinct-2 (varied) · ↑ S, bits a token under A's model (less is likelier)";
    draw::lines(
        vec![Line::styled(
            fit(words_said, words.width.into()),
            theme.quiet,
        )],
        words,
        frame,
    );
    let plot = Rect {
        x: plot.x + LEFT.min(plot.width),
        width: plot.width.saturating_sub(LEFT + 1),
        height: plot.height.saturating_sub(BELOW),
        ..plot
    };
    if plot.width < 10 || plot.height < 4 {
        return;
    }
    let across = axis(
        dots.iter().map(|dot| dot.diversity),
        (plot.width / 10).into(),
    );
    let up = axis(
        dots.iter().map(|dot| dot.surprisal),
        (plot.height / 3).into(),
    );
    axes(&across, &up, plot, theme, frame);
    points(&dots, (&across, &up), plot, theme, frame);
}

/// What is known of each lane.
fn dots(state: &State) -> Vec<Dot> {
    let lanes = state.lanes.lanes.iter().enumerate();
    let dot = |(lane, means): (usize, LaneMeans)| {
        Some(Dot {
            lane,
            diversity: means.distinct_2?,
            surprisal: means.reference?,
        })
    };
    lanes
        .filter_map(|(at, lane)| Some((at, lane.means()?)))
        .filter_map(dot)
        .collect()
}

/// An axis over all of them, with what reaches from them and a little room.
fn axis(values: impl Iterator<Item = Interval>, ticks: usize) -> Axis {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        let half = value.half.unwrap_or(0.0);
        (low, high) = (low.min(value.mean - half), high.max(value.mean + half));
    }
    let room = ((high - low) * 0.1).max(0.02);
    Axis::new(low - room, high + room, false, ticks.max(2))
}

fn axes(across: &Axis, up: &Axis, plot: Rect, theme: &Theme, frame: &mut Frame) {
    let buffer = frame.buffer_mut();
    let (corner, row) = (plot.x - 1, plot.bottom());
    for line in plot.rows() {
        buffer.set_string(corner, line.y, "│", theme.quiet);
    }
    let line = format!("└{}", "─".repeat(plot.width.into()));
    buffer.set_string(corner, row, line, theme.quiet);
    for tick in &up.ticks {
        let above = up.pixel(tick.value, (0, i32::from(plot.height) - 1));
        let cells = usize::from(LEFT - 1);
        let label = format!("{:>cells$}┤", tick.label);
        buffer.set_string(plot.x - LEFT, row - 1 - above as u16, label, theme.quiet);
    }
    let mut taken = plot.x;
    for tick in &across.ticks {
        let column = plot.x + across.pixel(tick.value, (0, i32::from(plot.width) - 1)) as u16;
        buffer.set_string(column, row, "┬", theme.quiet);
        let cells = tick.label.chars().count() as u16;
        let start = column.saturating_sub(cells / 2);
        let start = start.min(plot.right().saturating_sub(cells));
        if start >= taken {
            buffer.set_string(start, row + 1, &tick.label, theme.quiet);
            taken = start + cells + 1;
        }
    }
}

fn points(
    dots: &[Dot],
    (across, up): (&Axis, &Axis),
    plot: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    let x = |value: f64| across.share(value);
    let y = |value: f64| up.share(value);
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, 1.0])
        .y_bounds([0.0, 1.0])
        .paint(|context| {
            let quiet = theme.quiet.fg.unwrap_or(Color::Reset);
            for pair in dots.windows(2) {
                let [from, to] =
                    [&pair[0], &pair[1]].map(|dot| (x(dot.diversity.mean), y(dot.surprisal.mean)));
                context.draw(&Segment::new(from.0, from.1, to.0, to.1, quiet));
            }
            for dot in dots {
                let colour = style(theme, dot.lane).fg.unwrap_or(Color::Reset);
                let ends = |it: Interval| {
                    let half = it.half.unwrap_or(0.0);
                    (it.mean - half, it.mean + half)
                };
                let (left, right) = ends(dot.diversity);
                let (low, high) = ends(dot.surprisal);
                let (at, above) = (x(dot.diversity.mean), y(dot.surprisal.mean));
                context.draw(&Segment::new(x(left), above, x(right), above, colour));
                context.draw(&Segment::new(at, y(low), at, y(high), colour));
            }
        });
    frame.render_widget(canvas, plot);
    for dot in dots {
        let column = across.pixel(dot.diversity.mean, (0, i32::from(plot.width) - 1));
        let above = up.pixel(dot.surprisal.mean, (0, i32::from(plot.height) - 1));
        frame.buffer_mut().set_string(
            plot.x + column as u16,
            plot.bottom() - 1 - above as u16,
            letter(dot.lane).to_string(),
            style(theme, dot.lane),
        );
    }
}

fn style(theme: &Theme, lane: usize) -> Style {
    match lane {
        0 => theme.strong,
        other => beside(theme, other - 1),
    }
}

/// Each lane with its figures.
fn listed(state: &State, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let cells = usize::from(width);
    let written = |value: Option<Interval>| match value {
        None => "–".to_owned(),
        Some(value) => {
            let half = value.half.map(|half| format!(" ±{half:.2}"));
            format!("{:.2}{}", value.mean, half.unwrap_or_default())
        }
    };
    let lanes = state.lanes.lanes.iter().enumerate();
    lanes
        .flat_map(|(at, lane)| {
            let means = lane.means().unwrap_or_default();
            let model = state.lanes.other_of(at);
            let model = model.map_or_else(String::new, |other| format!("{} · ", other.name()));
            let name = format!("{model}{}", lane.name());
            let name = fit(&safe::safe(&name), cells.saturating_sub(3));
            let figures = format!(
                "   d2 {}  S {}",
                written(means.distinct_2),
                written(means.reference)
            );
            [
                Line::from(vec![
                    Span::styled(format!(" {} ", letter(at)), style(theme, at)),
                    Span::styled(name, theme.base),
                ]),
                Line::styled(fit(&figures, cells), theme.quiet),
            ]
        })
        .collect()
}

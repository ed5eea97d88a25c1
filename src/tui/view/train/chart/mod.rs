//! The losses, or another curve, over the steps, with the step in view marked.
//!
//! ```text
//! ┌ Loss · poems-3 ──── ─ loss ─ smoothed • validation ┐
//! │   8 ┤⡇↑31       ┊           ┊                      │
//! │   6 ┤⠘⡄ strokes ┊ epochs    ┊  what is planned     │
//! │   4 ┤ ⠱⣄        ┊           ┊                      │
//! │     └─────◆──┬──r──◆──┬─────────┬─────────┬─────── │
//! │             100       200       300       400      │
//! │ ─ poems-3 3.91 •4.20   a poems-2 4.01 •4.33        │
//! └ step 240 of 400 · End: live ───────────────────────┘
//! ```

mod axes;
mod curves;
mod legend;
mod marks;
mod readout;
mod smoothed;
mod strokes;
mod ticks;

pub use axes::{BELOW, across as axis_below};
use strokes::{Drawn, Sign, Stroke};
pub use strokes::{beside, letter};

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::canvas::{Canvas, Context, Line as Segment};

use crate::chart::Axis;
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::{RunInView, Train, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Fewest rows of the curves.
const LOWEST: u16 = 4;

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let train = &state.train;
    let Some(run) = train.run() else { return };
    let ends = train.ends();
    let drawn = Drawn::of(train, run, ends);
    let focused = train.pane == TrainPane::Loss && train.table.is_none();
    let inside = border(train, run, &drawn, focused, theme, area, frame);
    if run.last_step() == 0 {
        let lines = wrapped(&nothing_yet(run), inside.width)
            .into_iter()
            .map(|line| Line::styled(line, theme.quiet))
            .collect();
        return draw::lines(lines, inside, frame);
    }
    below(state, run, theme, area, frame);
    let mut values = readout::lines(train, run, &drawn, inside.width.into(), theme);
    let most = inside.height.saturating_sub(axes::BELOW + LOWEST);
    values.truncate(usize::from(most.min(inside.height / 3)));
    let rows = values.len() as u16;
    let plot = axes::plot(inside, rows);
    let values_at = Rect {
        y: inside.bottom() - rows,
        height: rows,
        ..inside
    };
    draw::lines(values, values_at, frame);
    // Its columns reach over the whole height of the pane.
    let columns = Rect {
        x: plot.x,
        width: plot.width,
        ..area
    };
    seen.put(columns, Hit::Plot);
    let strokes = drawn.strokes(theme);
    let Some((low, high)) = strokes::bounds(&strokes, train.shown.log) else {
        return draw::lines(vec![nothing_in_view(train, theme)], inside, frame);
    };
    let up = Axis::new(
        low,
        high,
        train.shown.log,
        usize::from(plot.height / 3).max(4),
    );
    axes::values(&up, plot, theme, frame);
    let signs = marks::on_axis(train, run, theme);
    axes::across(train.shown.across, ends, &signs, plot, theme, frame);
    // Thin lines are not seen from afar.
    let marker = if train.projected {
        Marker::Quadrant
    } else {
        Marker::Braille
    };
    let canvas = Canvas::default()
        .marker(marker)
        .x_bounds([ends.0, ends.1])
        .y_bounds([0.0, 1.0])
        .paint(|context| {
            if run.cursor.is_some() {
                let at = run.across(train.shown.across, run.step_in_view());
                let colour = theme.pick.fg.unwrap_or(Color::Reset);
                context.draw(&Segment::new(at, 0.0, at, 1.0, colour));
                context.layer();
            }
            for stroke in &strokes {
                paint(stroke, &up, context);
            }
        });
    frame.render_widget(canvas, plot);
    marks::epochs(train, run, ends, plot, theme, frame);
    if !train.shown.log {
        marks::spikes(&drawn.own.peaks, high, ends, plot, theme, frame);
    }
}

/// The border with the run's name, shortened where the legend needs the room.
fn border(
    train: &Train,
    run: &RunInView,
    drawn: &Drawn,
    focused: bool,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) -> Rect {
    let most = usize::from(area.width / 3).max(8);
    let name = safe::safe(&run.name);
    let name = if safe::width(&name) > most {
        safe::fit(&name, most)
    } else {
        name.into_owned()
    };
    let title = format!(" {} · {name} ", train.shown.what.title());
    let room = usize::from(area.width).saturating_sub(safe::width(&title) + 3);
    let note = legend::line(train, drawn, room, theme);
    super::border(title, note, focused, theme, area, frame)
}

/// Writes the step in view, and how the chart differs from what it is at first, on the lower border.
fn below(state: &State, run: &RunInView, theme: &Theme, area: Rect, frame: &mut Frame) {
    let train = &state.train;
    let end = state.keymap.hint(Bound::Last, false);
    let step = readout::step(train, run, end);
    let room = usize::from(area.width).saturating_sub(4);
    let style = match run.cursor {
        Some(_) => theme.pick,
        None => theme.quiet,
    };
    let row = area.bottom().saturating_sub(1);
    let buffer = frame.buffer_mut();
    buffer.set_stringn(area.x + 2, row, &step, room, style);
    let words = train.shown.words(run.window.name());
    let cells = safe::width(&words) + 2;
    if !words.is_empty() && cells + safe::width(&step) < room {
        let start = area.right().saturating_sub(2 + cells as u16);
        buffer.set_string(start, row, format!(" {words} "), theme.quiet);
    }
}

/// Draws a stroke; what is higher than the axis runs along its upper edge.
fn paint(stroke: &Stroke, up: &Axis, context: &mut Context<'_>) {
    /// Signs along a stroke that has some.
    const SIGNS: usize = 4;
    let colour = stroke.style.fg.unwrap_or(Color::Reset);
    let at = |&(at, value): &(f64, f64)| (at, up.share(value));
    for pair in stroke.points.windows(2) {
        let ((x1, y1), (x2, y2)) = (at(&pair[0]), at(&pair[1]));
        context.draw(&Segment::new(x1, y1, x2, y2, colour));
    }
    context.layer();
    let every = match stroke.sign {
        Sign::None => return,
        Sign::Each(_) => 1,
        Sign::Some(_) => (stroke.points.len() / SIGNS).max(1),
    };
    let (Sign::Each(sign) | Sign::Some(sign)) = stroke.sign else {
        return;
    };
    for point in stroke.points.iter().rev().step_by(every) {
        let (x, y) = at(point);
        context.print(x, y, Line::styled(sign.to_string(), stroke.style));
    }
}

fn nothing_in_view(train: &Train, theme: &Theme) -> Line<'static> {
    use crate::chart::What;
    match train.shown.what {
        What::Loss => Line::styled("no finite loss in view", theme.error),
        What::Validation => Line::styled("nothing was validated in view", theme.quiet),
        What::Memory => Line::styled("the memory was not measured in view", theme.quiet),
        what => Line::styled(
            format!("no finite {} in view", what.name().replace('-', " ")),
            theme.error,
        ),
    }
}

fn nothing_yet(run: &RunInView) -> String {
    if let Some(failure) = &run.failure {
        return failure.clone();
    }
    match run.history().reading() {
        Some(reading) => format!(
            "Reading the corpus for {}: {} documents, {} tokens, {} skipped, {} %",
            reading.purpose,
            reading.documents,
            reading.tokens,
            reading.skipped,
            100 * reading.bytes / reading.total_bytes.max(1)
        ),
        None => "No step was made yet.".to_owned(),
    }
}

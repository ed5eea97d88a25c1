//! The losses over the steps, with the step in view marked.
//!
//! ```text
//! ┌ Loss · poems-3 ──── ─ loss ─ smoothed • validation ┐
//! │   8 ┤⡇                                             │
//! │   6 ┤⠘⡄   strokes                                  │
//! │   4 ┤ ⠱⣄                                           │
//! │     └────────┬─────────┬─────────┬─────────┬────── │
//! │             100       200       300       400      │
//! └────────────────────────────────────────────────────┘
//! ```

mod axes;
mod legend;
mod strokes;

use strokes::{Sign, Stroke};

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::canvas::{Canvas, Context, Line as Segment};

use crate::chart::Axis;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::{RunInView, Train, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Draws it.
pub fn draw(train: &Train, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let Some(run) = train.run() else { return };
    let steps = train.span();
    let title = format!(" Loss · {} ", safe::safe(&run.name));
    let focused = train.pane == TrainPane::Loss;
    let room = usize::from(area.width).saturating_sub(safe::width(&title) + 3);
    let note = legend::line(train, room, theme);
    let inside = super::border(title, note, focused, theme, area, frame);
    if run.history.last_step() == 0 {
        let lines = wrapped(&nothing_yet(run), inside.width)
            .into_iter()
            .map(|line| Line::styled(line, theme.quiet))
            .collect();
        return draw::lines(lines, inside, frame);
    }
    let plot = axes::plot(inside);
    // Its columns reach over the whole height of the pane.
    let columns = Rect {
        x: plot.x,
        width: plot.width,
        ..area
    };
    seen.put(columns, Hit::Plot);
    let strokes = strokes::of(train, run, steps, theme);
    let Some((low, high)) = strokes::bounds(&strokes, train.log) else {
        let lines = vec![Line::styled("no finite loss in view", theme.error)];
        return draw::lines(lines, inside, frame);
    };
    let losses = Axis::new(low, high, train.log, usize::from(plot.height / 3).max(2));
    axes::losses(&losses, plot, theme, frame);
    axes::steps(steps, plot, theme, frame);
    let (from, to) = (
        steps.from as f64,
        (steps.to as f64).max(steps.from as f64 + 1.0),
    );
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([from, to])
        .y_bounds([0.0, 1.0])
        .paint(|context| {
            if train.cursor.is_some() {
                let step = train.step_in_view() as f64;
                let colour = theme.pick.fg.unwrap_or(Color::Reset);
                context.draw(&Segment::new(step, 0.0, step, 1.0, colour));
                context.layer();
            }
            for stroke in &strokes {
                paint(stroke, &losses, context);
            }
        });
    frame.render_widget(canvas, plot);
}

/// Draws a stroke; what is higher than the axis runs along its upper edge.
fn paint(stroke: &Stroke, losses: &Axis, context: &mut Context<'_>) {
    /// Signs along a stroke that has some.
    const SIGNS: usize = 4;
    let colour = stroke.style.fg.unwrap_or(Color::Reset);
    let at = |&(step, loss): &(f64, f64)| (step, losses.share(loss));
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

fn nothing_yet(run: &RunInView) -> String {
    if let Some(failure) = &run.failure {
        return failure.clone();
    }
    match run.history.reading() {
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

//! The losses over the steps, with the step in view marked.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use crate::training::Curve;
use crate::training::history::ceiling;
use crate::tui::safe;
use crate::tui::theme::Theme;
use crate::tui::train::{RunInView, Span as Steps, Train, TrainPane};
use crate::tui::view::draw;

/// Cells of the labels of the vertical axis, and of the axis itself.
const LABELS: u16 = 7;

/// A line of points in one style.
struct Stroke {
    points: Vec<(f64, f64)>,
    style: Style,
    marks: bool,
}

/// Draws it.
pub fn draw(train: &Train, theme: &Theme, area: Rect, frame: &mut Frame) {
    let Some(run) = train.run() else { return };
    let steps = train.span();
    let title = format!(" Loss · {} ", safe::safe(&run.name));
    let focused = train.pane == TrainPane::Loss;
    let legend = legend(train, theme);
    let room = usize::from(area.width).saturating_sub(safe::width(&title) + 3);
    let note = if legend.width() <= room {
        legend
    } else {
        Line::styled(view(train), theme.quiet)
    };
    let inside = super::border(title, note, focused, theme, area, frame);
    if run.history.last_step() == 0 {
        let lines = draw::wrapped(&nothing_yet(run), inside.width)
            .into_iter()
            .map(|line| Line::styled(line, theme.quiet))
            .collect();
        return draw::lines(lines, inside, frame);
    }
    let mut strokes = strokes(train, run, steps, theme);
    let Some((low, high)) = bounds(&strokes, train.log) else {
        let lines = vec![Line::styled("no finite loss in view", theme.error)];
        return draw::lines(lines, inside, frame);
    };
    // What is higher runs along the upper edge.
    for point in strokes.iter_mut().flat_map(|stroke| &mut stroke.points) {
        point.1 = point.1.min(high);
    }
    let cursor = train.step_in_view() as f64;
    let cursor = [(cursor, low), (cursor, high)];
    let mut datasets: Vec<Dataset> = strokes
        .iter()
        .map(|stroke| {
            let (marker, kind) = if stroke.marks {
                (Marker::Dot, GraphType::Scatter)
            } else {
                (Marker::Braille, GraphType::Line)
            };
            Dataset::default()
                .marker(marker)
                .graph_type(kind)
                .style(stroke.style)
                .data(&stroke.points)
        })
        .collect();
    if train.cursor.is_some() {
        let line = Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(theme.pick)
            .data(&cursor);
        datasets.insert(0, line);
    }
    let value = |scaled: f64| if train.log { scaled.exp() } else { scaled };
    let label = |scaled: f64| format!("{:>6}", number(value(scaled)));
    let rows = usize::from(inside.height / 5).clamp(1, 5);
    let labels: Vec<String> = (0..=rows)
        .map(|row| label(low + (high - low) * row as f64 / rows as f64))
        .collect();
    let (from, to) = (steps.from as f64, steps.to as f64);
    let chart = Chart::new(datasets)
        .legend_position(None)
        .x_axis(
            Axis::default()
                .style(theme.quiet)
                .bounds([from, to.max(from + 1.0)])
                .labels([
                    steps.from.to_string(),
                    (steps.from + (steps.to - steps.from) / 2).to_string(),
                    steps.to.to_string(),
                ]),
        )
        .y_axis(
            Axis::default()
                .style(theme.quiet)
                .bounds([low, high])
                .labels(labels),
        );
    frame.render_widget(chart, inside);
}

/// The step of a column of the chart.
pub fn step_at(train: &Train, area: Rect, at: Position) -> Option<u64> {
    let left = area.x + 1 + LABELS;
    let width = area.right().saturating_sub(1).checked_sub(left)?;
    let column = at.x.checked_sub(left)?;
    let steps = train.span();
    let share = f64::from(column) / f64::from(width.max(2) - 1);
    (column < width).then(|| steps.from + (share * (steps.to - steps.from) as f64).round() as u64)
}

/// What the lines are, and what part of the run is in view at which scale.
fn legend(train: &Train, theme: &Theme) -> Line<'static> {
    let mut spans = vec![
        Span::styled("─", theme.quiet),
        Span::raw(" loss "),
        Span::styled("─", theme.final_bar),
        Span::raw(" smoothed "),
        Span::styled("•", theme.chosen),
        Span::raw(" validation "),
    ];
    for (at, other) in train.beside.iter().enumerate() {
        let name = safe::fit(&safe::safe(&other.name), 8);
        spans.push(Span::styled("─", beside(theme, at)));
        spans.push(Span::raw(format!(" {} ", name.trim_end())));
    }
    spans.push(Span::styled(view(train), theme.quiet));
    Line::from(spans)
}

fn view(train: &Train) -> String {
    let scale = if train.log { "log" } else { "linear" };
    format!("{scale} · {} ", train.window.name())
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

fn beside(theme: &Theme, at: usize) -> Style {
    [theme.raw_bar, theme.notice, theme.error, theme.key][at % 4]
}

fn strokes(train: &Train, run: &RunInView, steps: Steps, theme: &Theme) -> Vec<Stroke> {
    let curve = |run: &RunInView, curve: Curve, style: Style, out: &mut Vec<Stroke>| {
        let mut points = Vec::new();
        for point in run.history.points(curve, steps.from..=steps.to) {
            if point.gap || !scaled(point.mean, train.log).is_finite() {
                out.push(Stroke {
                    points: std::mem::take(&mut points),
                    style,
                    marks: false,
                });
            } else {
                let step = (point.first + point.last) as f64 / 2.0;
                points.push((step, scaled(point.mean, train.log)));
            }
        }
        out.push(Stroke {
            points,
            style,
            marks: false,
        });
    };
    let mut strokes = Vec::new();
    curve(run, Curve::Loss, theme.quiet, &mut strokes);
    for (at, other) in train.beside.iter().enumerate() {
        curve(other, Curve::Smoothed, beside(theme, at), &mut strokes);
    }
    curve(run, Curve::Smoothed, theme.final_bar, &mut strokes);
    let validations = run
        .history
        .validations()
        // That of the model before training stands at the first step.
        .map(|validation| (validation.step.max(1), validation.loss))
        .filter(|(step, _)| (steps.from..=steps.to).contains(step))
        .map(|(step, loss)| (step as f64, scaled(loss, train.log)))
        .filter(|(_, loss)| loss.is_finite());
    strokes.push(Stroke {
        points: validations.collect(),
        style: theme.chosen,
        marks: true,
    });
    strokes
}

fn scaled(loss: f64, log: bool) -> f64 {
    if log { loss.ln() } else { loss }
}

/// The lowest and the highest of all points, with some room. On a linear scale single spikes are above the highest.
fn bounds(strokes: &[Stroke], log: bool) -> Option<(f64, f64)> {
    let values = || strokes.iter().flat_map(|stroke| &stroke.points);
    let low = values().map(|point| point.1).reduce(f64::min)?;
    let high = values().map(|point| point.1).reduce(f64::max)?;
    let of = |stroke: &Stroke| stroke.points.iter().map(|point| point.1).collect();
    let curves: Vec<Vec<f64>> = strokes.iter().map(of).collect();
    let high = ceiling(&curves).filter(|_| !log).unwrap_or(high);
    let room = ((high - low) * 0.05).max(1e-6 * high.abs()).max(1e-9);
    Some((low - room, high + room))
}

/// A loss in at most six cells.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 10_000.0 => format!("{value:.0e}"),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.0e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_does_not_flatten_the_linear_chart() {
        let points = (1..=100).map(|step| {
            let loss = if step == 50 {
                3.8e14
            } else {
                4.0 + 3.0 / step as f64
            };
            (step as f64, loss)
        });
        let stroke = Stroke {
            points: points.collect(),
            style: Style::new(),
            marks: false,
        };
        let strokes = [stroke];
        let (low, high) = bounds(&strokes, false).expect("bounds");
        assert!(low < 4.1 && (7.0..7.5).contains(&high), "{low} {high}");
        assert!(bounds(&strokes, true).expect("bounds").1 > 1e14);
    }

    #[test]
    fn labels_fit_their_cells() {
        for value in [0.0, 1e-7, 0.021, 4.3333, 99.99, 812.4, 12_345.0, 1e12, -3.2] {
            assert!(number(value).len() <= 6, "{}", number(value));
        }
    }
}

//! Lines and marks over time, with axes and a legend.

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    Circle, DrawingArea, DrawingBackend, PathElement, Polygon, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::series::{Series, Shape, Value};
use crate::chart::drawn::canvas::{Drawing, FONT, text_width};
use crate::chart::drawn::palette::{GRID, INK, QUIET};
use crate::chart::{Across, Axis, ChartError, RunChart, What};
use crate::training::history::ceiling;

/// Pixels.
const WIDTH: i32 = 1200;
const HEIGHT: i32 = 640;
const MARGIN: i32 = 20;
const LEFT: i32 = 90;
const BOTTOM: i32 = 70;
const TITLE: i32 = 36;
/// The size of all text but the title.
const SMALL: i32 = 17;
const LEGEND_ROW: i32 = 24;
const SWATCH: i32 = 26;
/// More marks than this would run into each other: their line stays.
const MOST_MARKS: usize = 80;

/// A chart over time.
pub struct Picture {
    title: String,
    series: Vec<Series>,
    across: Axis,
    up: Axis,
    across_name: String,
    up_name: String,
    /// What stands in the legend: its place below the title, its look and its name.
    legend: Vec<Entry>,
    /// The pixel row at which the plot begins.
    top: i32,
}

struct Entry {
    x: i32,
    row: i32,
    key: Key,
    name: String,
}

#[derive(Clone, Copy)]
enum Key {
    Series(RGBColor, Shape),
    Gap,
}

/// Something that can be drawn with, or why not.
type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

impl Picture {
    /// Of some series.
    ///
    /// # Errors
    /// When none of them has a value that the axes have a place for.
    pub fn new(title: String, series: Vec<Series>, chart: RunChart) -> Result<Self, ChartError> {
        let values = || {
            series
                .iter()
                .flat_map(|series| series.pieces.iter().flatten())
        };
        let span = |of: fn(&Value) -> f64| {
            let start = (f64::INFINITY, f64::NEG_INFINITY);
            values().map(of).fold(start, |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        if values().next().is_none() {
            return Err(ChartError::Empty(if chart.log {
                "no value is above 0, as a logarithmic axis needs it; leave --log away"
            } else {
                "no value is a finite number"
            }));
        }
        let (x, mut y) = (span(|value| value.x), span(|value| value.y));
        let curves: Vec<Vec<f64>> = series
            .iter()
            .map(|series| {
                series
                    .pieces
                    .iter()
                    .flatten()
                    .map(|value| value.y)
                    .collect()
            })
            .collect();
        let ceiling = ceiling(&curves).filter(|ceiling| !chart.log && *ceiling < y.1);
        y.1 = ceiling.unwrap_or(y.1);
        let (unit, across_name) = unit(chart.across, x.1);
        let mut series = series;
        for series in &mut series {
            let inside = series.pieces.iter_mut().flatten().map(|value| &mut value.x);
            inside.chain(&mut series.gaps).for_each(|x| *x /= unit);
        }
        // Room above and below, so that no line lies on the frame.
        let (low, high) = if chart.log {
            let room = (y.1 / y.0).powf(0.04);
            (y.0 / room, y.1 * room)
        } else {
            let room = (y.1 - y.0) * 0.04;
            // Nothing here is negative.
            ((y.0 - room).max(0.0), y.1 + room)
        };
        let (legend, rows) = lay_out(&series);
        Ok(Self {
            title,
            across: Axis::new((x.0 / unit).min(0.0), x.1 / unit, false, 11),
            up: Axis::new(low, high, chart.log, 9),
            across_name,
            up_name: match ceiling {
                Some(_) => format!("{} (spikes are cut off)", up_name(chart.what)),
                None => up_name(chart.what).to_owned(),
            },
            series,
            legend,
            top: MARGIN + TITLE + LEGEND_ROW * rows + 10,
        })
    }

    fn x(&self, value: f64) -> i32 {
        self.across.pixel(value, (LEFT, WIDTH - MARGIN))
    }

    fn y(&self, value: f64) -> i32 {
        self.up.pixel(value, (self.bottom(), self.top))
    }

    fn bottom(&self) -> i32 {
        self.size().1 as i32 - BOTTOM
    }

    fn draw_axes<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let (top, bottom) = (self.top, self.bottom());
        let (left, right) = (LEFT, WIDTH - MARGIN);
        let line = |from, to, colour: RGBColor| area.draw(&PathElement::new([from, to], colour));
        for tick in &self.up.ticks {
            let y = self.y(tick.value);
            line((left, y), (right, y), GRID)?;
            let style = text(SMALL, INK).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw_text(&tick.label, &style, (left - 10, y))?;
        }
        for tick in &self.across.ticks {
            let x = self.x(tick.value);
            line((x, bottom), (x, bottom + 5), QUIET)?;
            let style = text(SMALL, INK).pos(Pos::new(HPos::Center, VPos::Top));
            area.draw_text(&tick.label, &style, (x, bottom + 9))?;
        }
        line((left, top), (left, bottom), QUIET)?;
        line((left, bottom), (right, bottom), QUIET)?;
        let style = text(SMALL, QUIET).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw_text(&self.across_name, &style, ((left + right) / 2, bottom + 36))?;
        let font = (FONT, SMALL)
            .into_font()
            .transform(FontTransform::Rotate270);
        let style = TextStyle::from(font).color(&QUIET);
        let style = style.pos(Pos::new(HPos::Center, VPos::Top));
        area.draw_text(&self.up_name, &style, (MARGIN - 8, (top + bottom) / 2))
    }

    fn draw_series<B: DrawingBackend>(
        &self,
        series: &Series,
        area: &DrawingArea<B, Shift>,
    ) -> Drawn<B> {
        let style = line_style(series.colour, series.shape);
        let marked = matches!(series.shape, Shape::Marks | Shape::Hollow);
        let count: usize = series.pieces.iter().map(Vec::len).sum();
        for piece in &series.pieces {
            if piece.iter().any(|value| value.min < value.max) {
                let upper = piece
                    .iter()
                    .map(|value| (self.x(value.x), self.y(value.max)));
                let lower = piece
                    .iter()
                    .map(|value| (self.x(value.x), self.y(value.min)));
                let band: Vec<_> = upper.chain(lower.rev()).collect();
                area.draw(&Polygon::new(band, series.colour.mix(0.18)))?;
            }
            let line: Vec<_> = piece
                .iter()
                .map(|value| (self.x(value.x), self.y(value.y)))
                .collect();
            if let ([alone], false) = (line.as_slice(), marked) {
                area.draw(&Circle::new(*alone, 3, series.colour.filled()))?;
            }
            area.draw(&PathElement::new(line.clone(), style))?;
            if marked && (count <= MOST_MARKS || line.len() == 1) {
                for at in line {
                    mark(area, at, series.colour, series.shape)?;
                }
            }
        }
        for gap in &series.gaps {
            let x = self.x(*gap);
            area.draw(&gap_mark(x, self.bottom() - 12))?;
        }
        Ok(())
    }

    fn draw_legend<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        for entry in &self.legend {
            let y = MARGIN + TITLE + LEGEND_ROW * entry.row + LEGEND_ROW / 2;
            match entry.key {
                Key::Series(colour, shape) => {
                    let line = [(entry.x, y), (entry.x + SWATCH, y)];
                    area.draw(&PathElement::new(line, line_style(colour, shape)))?;
                    if matches!(shape, Shape::Marks | Shape::Hollow) {
                        mark(area, (entry.x + SWATCH / 2, y), colour, shape)?;
                    }
                }
                Key::Gap => area.draw(&gap_mark(entry.x + SWATCH / 2, y - 6))?,
            }
            let style = text(SMALL, INK).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw_text(&entry.name, &style, (entry.x + SWATCH + 8, y))?;
        }
        Ok(())
    }
}

impl Drawing for Picture {
    fn size(&self) -> (u32, u32) {
        // More rows in the legend leave the plot as high as it is.
        let rows = (self.top - MARGIN - TITLE - 10) / LEGEND_ROW;
        (WIDTH as u32, (HEIGHT + LEGEND_ROW * (rows - 1)) as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let style = text(22, INK).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw(&Text::new(
            self.title.as_str(),
            (WIDTH / 2, MARGIN - 4),
            style,
        ))?;
        self.draw_axes(area)?;
        for series in &self.series {
            self.draw_series(series, area)?;
        }
        self.draw_legend(area)
    }
}

/// The legend's entries in rows that fit, and how many rows there are.
fn lay_out(series: &[Series]) -> (Vec<Entry>, i32) {
    let named = series.iter().filter_map(|series| {
        let key = Key::Series(series.colour, series.shape);
        Some((key, series.name.clone()?))
    });
    let unnamed = series.iter().find(|series| series.name.is_none());
    let validation = unnamed.map(|series| {
        let key = Key::Series(QUIET, series.shape);
        (key, "validation, in the run's colour".to_owned())
    });
    let gaps = series.iter().any(|series| !series.gaps.is_empty());
    let gap = gaps.then(|| (Key::Gap, "infinite or no number".to_owned()));
    let (mut x, mut row) = (LEFT, 0);
    let entries = named.chain(validation).chain(gap).map(|(key, name)| {
        let width = text_width(&name, SMALL) + SWATCH + 36;
        if x > LEFT && x + width > WIDTH - MARGIN {
            (x, row) = (LEFT, row + 1);
        }
        let entry = Entry { x, row, key, name };
        x += width;
        entry
    });
    let entries: Vec<Entry> = entries.collect();
    let rows = entries.last().map_or(0, |entry| entry.row) + 1;
    (entries, rows)
}

fn text(size: i32, colour: RGBColor) -> TextStyle<'static> {
    TextStyle {
        color: colour.to_backend_color(),
        ..TextStyle::from((FONT, size).into_font())
    }
}

fn line_style(colour: RGBColor, shape: Shape) -> ShapeStyle {
    match shape {
        Shape::Thick => colour.stroke_width(3),
        Shape::Thin | Shape::Marks | Shape::Hollow => colour.stroke_width(1),
    }
}

fn mark<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    at: (i32, i32),
    colour: RGBColor,
    shape: Shape,
) -> Drawn<B> {
    let hollow = shape == Shape::Hollow;
    let inside = if hollow {
        plotters::style::WHITE
    } else {
        colour
    };
    area.draw(&Circle::new(at, 5, inside.filled()))?;
    area.draw(&Circle::new(at, 5, colour.stroke_width(1)))
}

fn gap_mark(x: i32, top: i32) -> Rectangle<(i32, i32)> {
    // Black, so that it is no run's.
    Rectangle::new([(x - 1, top), (x + 1, top + 12)], INK.filled())
}

/// By what the values across are divided, and what the axis is called.
fn unit(across: Across, highest: f64) -> (f64, String) {
    let (unit, name) = match across {
        Across::Steps => (1.0, "step"),
        Across::Tokens => (1.0, "tokens learned from"),
        Across::Epochs => (1.0, "epoch"),
        Across::Time if highest >= 2.0 * 3600.0 => (3600.0, "hours of training"),
        Across::Time if highest >= 120.0 => (60.0, "minutes of training"),
        Across::Time => (1.0, "seconds of training"),
    };
    (unit, name.to_owned())
}

fn up_name(what: What) -> &'static str {
    match what {
        What::Loss | What::Validation => "nats a token",
        What::Perplexity => "perplexity",
        What::Accuracy => "share of tokens",
        What::LearningRate => "learning rate",
        What::GradientNorm => "norm",
        What::Speed => "tokens a second",
        What::Memory => "bytes",
    }
}

//! Lines and marks over time, with axes and a legend.

use plotters::style::Color;

use super::series::{Series, Shape, Value};
use crate::chart::drawn::axes::{self, BEFORE, BELOW, Legend, Plot, Sign};
use crate::chart::drawn::output::Drawing;
use crate::chart::drawn::sheet::{Drawn, Room, Sheet};
use crate::chart::drawn::theme::{LIGHT, Paint, Theme};
use crate::chart::{Across, Axis, ChartError, RunChart, What};
use crate::training::history::ceiling;

/// Pixels of the plot with its axes.
pub const WIDTH: i32 = 1150;
pub const HEIGHT: i32 = 520;
/// More marks than this would run into each other: their line stays.
const MOST_MARKS: usize = 80;

/// A chart over time.
pub struct Picture {
    pub title: String,
    series: Vec<Series>,
    pub across: Axis,
    up: Axis,
    /// By what what lies across is divided.
    pub unit: f64,
    pub across_name: String,
    up_name: String,
}

impl Picture {
    /// Of some series; `smoothed` says whether all curves are, without another that is not.
    ///
    /// # Errors
    /// When none of them has a value that the axes have a place for.
    pub fn new(
        title: String,
        series: Vec<Series>,
        chart: RunChart,
        smoothed: bool,
    ) -> Result<Self, ChartError> {
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
                let values = series.pieces.iter().flatten();
                values.map(|value| value.y).collect()
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
        let across = Axis::new((x.0 / unit).min(0.0), x.1 / unit, false, 11);
        let up = match chart.what {
            // A share of all ends where all are.
            What::Accuracy if !chart.log => Axis::new(low, high.min(1.0), false, 9),
            _ => Axis::new(low, high, chart.log, 9),
        };
        let mut up_name = up_name(chart.what).to_owned();
        if smoothed {
            up_name += ", smoothed";
        }
        if ceiling.is_some() {
            up_name += " (spikes are cut off)";
        }
        Ok(Self {
            title,
            series,
            across,
            up,
            unit,
            across_name,
            up_name,
        })
    }

    /// The legend in a width.
    fn legend(&self, theme: &Theme, width: i32) -> Legend {
        let named = self.series.iter().filter_map(|series| {
            let sign = sign(theme, series.colour, series.shape);
            Some((sign, series.name.clone()?))
        });
        let unnamed = self.series.iter().find(|series| series.name.is_none());
        let validation = unnamed.map(|series| {
            let sign = sign(theme, Paint::Quiet, series.shape);
            (sign, "validation, in the run's colour".to_owned())
        });
        let gaps = self.series.iter().any(|series| !series.gaps.is_empty());
        let gap = gaps.then(|| (Sign::Gap, "infinite or no number".to_owned()));
        Legend::new(width, named.chain(validation).chain(gap))
    }

    /// Draws it, with the name of what lies across unless something below shares it. Returns its plot.
    pub fn draw_in(
        &self,
        sheet: &Sheet<'_>,
        room: Room,
        has_name: bool,
    ) -> Result<Plot, plotters::drawing::DrawingAreaErrorKind<std::io::Error>> {
        let legend = self.legend(sheet.theme, room.width() - BEFORE);
        legend.draw(sheet, (room.left + BEFORE, room.top))?;
        let below = if has_name { BELOW } else { 0 };
        let plot = Plot {
            room: room.within(BEFORE, legend.height + 8, 12, below),
            across: self.across.clone(),
            up: self.up.clone(),
        };
        if has_name {
            plot.draw(sheet, &self.across_name, &self.up_name)?;
        } else {
            plot.draw_up(sheet, &self.up_name)?;
        }
        for series in &self.series {
            draw_series(sheet, &plot, series)?;
        }
        Ok(plot)
    }
}

impl Drawing for Picture {
    fn size(&self) -> (i32, i32) {
        // More rows in the legend leave the plot as high as it is.
        (WIDTH, HEIGHT + self.legend(&LIGHT, WIDTH - BEFORE).height)
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        self.draw_in(sheet, room, true).map(|_| ())
    }
}

fn draw_series(sheet: &Sheet<'_>, plot: &Plot, series: &Series) -> Drawn {
    let colour = sheet.theme.of(series.colour);
    let hollow = series.shape == Shape::Hollow;
    let marked = matches!(series.shape, Shape::Marks | Shape::Hollow);
    let width = if series.shape == Shape::Thick { 3 } else { 1 };
    let count: usize = series.pieces.iter().map(Vec::len).sum();
    for piece in &series.pieces {
        if piece.iter().any(|value| value.min < value.max) {
            let upper = piece.iter().map(|value| plot.at((value.x, value.max)));
            let lower = piece.iter().map(|value| plot.at((value.x, value.min)));
            let band: Vec<_> = upper.chain(lower.rev()).collect();
            sheet.polygon(&band, colour.mix(0.18))?;
        }
        let points = piece.iter().map(|value| plot.at((value.x, value.y)));
        let line: Vec<_> = points.collect();
        if let ([alone], false) = (line.as_slice(), marked) {
            sheet.dot(*alone, 3, colour)?;
        }
        sheet.line(&line, colour, width)?;
        if marked && (count <= MOST_MARKS || line.len() == 1) {
            for at in line {
                axes::mark(sheet, at, colour, hollow)?;
            }
        }
    }
    for gap in &series.gaps {
        axes::gap(sheet, (plot.x(*gap), plot.room.bottom - 12))?;
    }
    Ok(())
}

fn sign(theme: &Theme, colour: Paint, shape: Shape) -> Sign {
    let colour = theme.of(colour);
    match shape {
        Shape::Thick => Sign::Line(colour, 3),
        Shape::Thin => Sign::Line(colour, 1),
        Shape::Marks => Sign::Marks(colour, false),
        Shape::Hollow => Sign::Marks(colour, true),
    }
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

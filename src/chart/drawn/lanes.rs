//! Ways of drawing, compared: how unlikely what they say is to the model, against how varied it is.

use std::path::Path;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{Circle, DrawingArea, DrawingBackend, LineSeries, PathElement, Text};
use plotters::style::{Color, IntoFont, WHITE};

use super::canvas::{Drawing, FONT, write};
use super::palette::{COMPARED, GRID, INK, QUIET};
use crate::chart::{ChartError, Point};
use crate::text::sanitize;

/// Writes a point for each way of drawing, with 95 % intervals to each side where several runs were made, joined in their
/// order.
///
/// # Errors
/// When there are no points, or the file cannot be written.
pub fn lanes(path: &Path, points: &[Point]) -> Result<(), ChartError> {
    if points.is_empty() {
        return Err(ChartError::Empty("no lane has said anything"));
    }
    write(path, &Plane { points })
}

struct Plane<'a> {
    points: &'a [Point],
}

/// From the least to the most of values and what reaches from them, with room around.
fn range(values: impl Iterator<Item = (f64, f64)>) -> std::ops::Range<f64> {
    let ends = |(low, high): (f64, f64), (value, half): (f64, f64)| {
        (low.min(value - half), high.max(value + half))
    };
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    let room = ((high - low) * 0.15).max(0.05);
    low - room..high + room
}

impl Drawing for Plane<'_> {
    fn size(&self) -> (u32, u32) {
        (960, 640)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let x = |point: &Point| {
            let (mean, half) = (point.diversity.mean, point.diversity.half);
            (mean * 100.0, half.unwrap_or(0.0) * 100.0)
        };
        let y = |point: &Point| (point.surprisal.mean, point.surprisal.half.unwrap_or(0.0));
        let across = range(self.points.iter().map(x));
        let up = range(self.points.iter().map(y));
        let mut chart = ChartBuilder::on(area)
            .margin(16)
            .caption(
                "Quality against diversity",
                (FONT, 22).into_font().color(&INK),
            )
            .x_label_area_size(48)
            .y_label_area_size(64)
            .build_cartesian_2d(across, up)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(QUIET)
            .x_desc("diversity: different pairs of neighbouring tokens, % of all (distinct-2)")
            .y_desc("surprisal under the first lane's model, bits a token (less is likelier)")
            .label_style((FONT, 15).into_font().color(&INK))
            .axis_desc_style((FONT, 15).into_font().color(&QUIET))
            .draw()?;
        let places = self.points.iter().map(|point| (x(point).0, y(point).0));
        chart.draw_series(LineSeries::new(places, QUIET.mix(0.5).stroke_width(1)))?;
        for (index, point) in self.points.iter().enumerate() {
            let colour = COMPARED[index % COMPARED.len()];
            let ((x, beside), (y, above)) = (x(point), y(point));
            let bars = [
                [(x - beside, y), (x + beside, y)],
                [(x, y - above), (x, y + above)],
            ];
            chart.draw_series(
                bars.map(|bar| PathElement::new(bar.to_vec(), colour.stroke_width(1))),
            )?;
            chart.draw_series([Circle::new((x, y), 5, colour.filled())])?;
            let (left, top) = chart.plotting_area().map_coordinate(&(x, y));
            area.draw(&Text::new(
                sanitize(&point.name).into_owned(),
                (left + 9, top - 20),
                (FONT, 14).into_font().color(&colour),
            ))?;
        }
        Ok(())
    }
}

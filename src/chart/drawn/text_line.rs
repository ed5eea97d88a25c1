//! Surprisal and entropy along a text.

use std::path::Path;

use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{DrawingArea, DrawingBackend, LineSeries, PathElement, Rectangle};
use plotters::style::{Color, FontTransform, IntoFont, WHITE};

use super::canvas::{Drawing, FONT, label, write};
use super::palette::{FINAL, GRID, INK, MARK, QUIET};
use crate::chart::ChartError;
use crate::decoding::TokenRecord;

/// Tokens whose names fit below the chart.
const NAMED: usize = 80;

/// Writes the surprisal of each token as a bar and the entropy of the odds that it was drawn from as a line, in bits.
///
/// # Errors
/// When no token has odds, or the file cannot be written.
pub fn surprisal(path: &Path, tokens: &[TokenRecord], title: &str) -> Result<(), ChartError> {
    if tokens.iter().all(|token| token.odds.is_none()) {
        return Err(ChartError::Empty("no token of the text has odds"));
    }
    write(path, &Line { tokens, title })
}

struct Line<'a> {
    tokens: &'a [TokenRecord],
    title: &'a str,
}

impl Drawing for Line<'_> {
    fn size(&self) -> (u32, u32) {
        let width = 18 * self.tokens.len() as u32 + 160;
        (width.clamp(800, 2400), 520)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let named = self.tokens.len() <= NAMED;
        let of = |value: fn(&crate::decoding::TokenOdds) -> f32| {
            self.tokens
                .iter()
                .enumerate()
                .filter_map(move |(at, token)| {
                    let bits = value(token.odds.as_ref()?);
                    bits.is_finite().then_some((at as f32 + 0.5, bits))
                })
        };
        let highest = of(|odds| odds.surprisal)
            .chain(of(|odds| odds.entropy))
            .fold(1.0f32, |most, (_, bits)| most.max(bits));
        let mut chart = ChartBuilder::on(area)
            .margin(16)
            .caption(self.title, (FONT, 22).into_font().color(&INK))
            .x_label_area_size(if named { 110 } else { 50 })
            .y_label_area_size(60)
            // Room for the legend above the highest bar.
            .build_cartesian_2d(0f32..self.tokens.len() as f32, 0f32..highest * 1.25)?;
        let position = |at: &f32| format!("{at:.0}");
        let nothing = |_: &f32| String::new();
        let mut mesh = chart.configure_mesh();
        mesh.disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(QUIET)
            .y_desc("bits")
            .label_style((FONT, 15).into_font().color(&INK))
            .axis_desc_style((FONT, 15).into_font().color(&QUIET));
        if named {
            mesh.x_label_formatter(&nothing);
        } else {
            mesh.x_label_formatter(&position).x_desc("token");
        }
        mesh.draw()?;
        chart
            .draw_series(of(|odds| odds.surprisal).map(|(at, bits)| {
                Rectangle::new([(at - 0.35, 0.0), (at + 0.35, bits)], FINAL.filled())
            }))?
            .label("surprisal of the token")
            .legend(|(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], FINAL.filled()));
        chart
            .draw_series(LineSeries::new(
                of(|odds| odds.entropy),
                MARK.stroke_width(2),
            ))?
            .label("entropy of the odds")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 14, y)], MARK.stroke_width(2)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(GRID)
            .label_font((FONT, 15).into_font().color(&INK))
            .draw()?;
        if named {
            let plot = chart.plotting_area();
            let style = (FONT, 13)
                .into_font()
                .transform(FontTransform::Rotate90)
                .color(&INK);
            for (at, token) in self.tokens.iter().enumerate() {
                let (x, y) = plot.map_coordinate(&(at as f32 + 0.5, 0.0));
                area.draw_text(&label(&token.display), &style, (x + 7, y + 8))?;
            }
        }
        Ok(())
    }
}

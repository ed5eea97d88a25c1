//! The odds of the next token: raw beside final.

use std::path::Path;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    DrawingArea, DrawingBackend, IntoSegmentedCoord, Rectangle, SegmentValue, Text,
};
use plotters::style::{Color, IntoFont};

use super::canvas::{Drawing, FONT, label, write};
use super::palette::{FINAL, GRID, INK, MARK, QUIET, RAW};
use crate::chart::ChartError;
use crate::decoding::{Moment, Row};
use crate::text::numbers::percent;

/// Most tokens in a chart.
const MOST: usize = 25;
/// Pixels.
const WIDTH: u32 = 960;
const ROW: u32 = 34;

/// Writes a bar chart of the most probable tokens: probability before and after the sampler, what was cut by which
/// stage, the chosen and the picked token. `after` is the end of the text that they follow.
///
/// # Errors
/// When there are no rows, or the file cannot be written.
pub fn next_token(path: &Path, moment: &Moment, after: &str) -> Result<(), ChartError> {
    if moment.rows.is_empty() {
        return Err(ChartError::Empty("no token was looked at"));
    }
    let marked = |row: &Row| Some(row.id) == moment.chosen || Some(row.id) == moment.pick;
    let mut rows: Vec<&Row> = moment.rows.iter().take(MOST).collect();
    rows.extend(moment.rows.iter().skip(MOST).filter(|row| marked(row)));
    write(
        path,
        &Bars {
            moment,
            rows,
            after,
        },
    )
}

struct Bars<'a> {
    moment: &'a Moment,
    rows: Vec<&'a Row>,
    after: &'a str,
}

impl Bars<'_> {
    /// What stands beside a bar.
    fn note(&self, row: &Row) -> String {
        let mut note = percent(row.raw_probability);
        match row.cut_by {
            Some(stage) => note += &format!(", cut by {}", stage.name()),
            None => note += &format!(" to {}", percent(row.final_probability)),
        }
        for change in row.own_changes() {
            note += &format!(", {} {:+.2}", change.stage.name(), change.amount());
        }
        if Some(row.id) == self.moment.chosen {
            note += ", chosen";
        } else if Some(row.id) == self.moment.pick {
            note += ", picked";
        }
        note
    }
}

impl Drawing for Bars<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, 130 + ROW * self.rows.len() as u32)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let count = self.rows.len() as i32;
        let highest = self
            .rows
            .iter()
            .flat_map(|row| [row.raw_probability, row.final_probability])
            .fold(1e-6, f32::max);
        let title = format!("Next token after “{}”", self.after);
        let mut chart = ChartBuilder::on(area)
            .margin(16)
            .caption(title, (FONT, 22).into_font().color(&INK))
            .x_label_area_size(44)
            .y_label_area_size(170)
            // Room for the notes beside the longest bar.
            .build_cartesian_2d(0.0..highest * 1.5, (0..count - 1).into_segmented())?;
        let name = |place: &SegmentValue<i32>| match place {
            SegmentValue::CenterOf(at) | SegmentValue::Exact(at) => self
                .rows
                .get((count - 1 - at).max(0) as usize)
                .map_or_else(String::new, |row| {
                    format!("{}. {}", row.rank, label(&row.display))
                }),
            SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .max_light_lines(1)
            .light_line_style(GRID)
            .bold_line_style(GRID)
            .axis_style(QUIET)
            .x_desc("probability: light before the sampler (raw), dark after it (final)")
            .x_label_formatter(&|p| format!("{:.0} %", p * 100.0))
            .y_labels(self.rows.len())
            .y_label_formatter(&name)
            .label_style((FONT, 15).into_font().color(&INK))
            .axis_desc_style((FONT, 15).into_font().color(&QUIET))
            .draw()?;
        let plot = chart.plotting_area();
        for (index, row) in self.rows.iter().enumerate() {
            let at = count - 1 - index as i32;
            let (low, high) = (SegmentValue::Exact(at), SegmentValue::Exact(at + 1));
            let (_, top) = plot.map_coordinate(&(0.0, high));
            let (left, bottom) = plot.map_coordinate(&(0.0, low));
            let end = |p: f32| plot.map_coordinate(&(p, SegmentValue::Exact(at))).0;
            let (middle, margin) = ((top + bottom) / 2, 4);
            let raw = [(left, top + margin), (end(row.raw_probability), middle)];
            let last = [
                (left, middle),
                (end(row.final_probability), bottom - margin),
            ];
            area.draw(&Rectangle::new(raw, RAW.filled()))?;
            area.draw(&Rectangle::new(last, FINAL.filled()))?;
            let longest = row.raw_probability.max(row.final_probability);
            let marked = Some(row.id) == self.moment.chosen || Some(row.id) == self.moment.pick;
            let ink = if marked { MARK } else { INK };
            area.draw(&Text::new(
                self.note(row),
                (end(longest) + 8, middle - 8),
                (FONT, 14).into_font().color(&ink),
            ))?;
        }
        Ok(())
    }
}

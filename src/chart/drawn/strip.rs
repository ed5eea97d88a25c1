//! Surprisal and entropy along a long text: strips of heat, with their moving means above.

use plotters::style::RGBColor;

use super::axes::{BEFORE, BELOW, Legend, Plot, Sign};
use super::output::Drawing;
use super::sheet::{Drawn, Room, SMALL, Sheet, Words};
use super::theme::between;
use crate::chart::{Along, Axis};
use crate::text::numbers::thousands;

/// Pixels.
const WIDTH: i32 = 1180;
const MEANS: i32 = 240;
const STRIP: i32 = 44;
const GAP: i32 = 14;
const SCALE: i32 = 40;
/// What share of the text a moving mean is over, and the fewest tokens.
const WINDOW: usize = 50;
const LEAST: usize = 9;

/// The two strips.
pub struct Strips<'a> {
    along: &'a Along,
    title: &'a str,
    /// Tokens of a moving mean.
    window: usize,
}

impl<'a> Strips<'a> {
    pub fn new(along: &'a Along, title: &'a str) -> Self {
        Self {
            along,
            title,
            window: (along.len() / WINDOW).max(LEAST) | 1,
        }
    }
}

/// Means of so many neighbours around each value, of those that are numbers; fewer at the ends.
pub fn moving(values: &[f32], window: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0u32)];
    for value in values {
        let (sum, count) = sums[sums.len() - 1];
        sums.push(if value.is_finite() {
            (sum + f64::from(*value), count + 1)
        } else {
            (sum, count)
        });
    }
    let half = window / 2;
    let mean = |at: usize| {
        let (from, to) = (at.saturating_sub(half), (at + half + 1).min(values.len()));
        (sums[to].0 - sums[from].0) / f64::from(sums[to].1 - sums[from].1)
    };
    (0..values.len()).map(mean).collect()
}

/// A mean for each of so many columns, each of neighbours; of those that are numbers.
pub fn columns(values: &[f32], count: usize) -> Vec<f64> {
    let count = count.min(values.len());
    let column = |at: usize| {
        let (from, to) = (at * values.len() / count, (at + 1) * values.len() / count);
        let finite = values[from..to].iter().filter(|value| value.is_finite());
        let (sum, count) = finite.fold((0.0, 0u32), |(sum, count), value| {
            (sum + f64::from(*value), count + 1)
        });
        sum / f64::from(count)
    };
    (0..count).map(column).collect()
}

/// The value that so large a share of all is below.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

impl Drawing for Strips<'_> {
    fn size(&self) -> (i32, i32) {
        (WIDTH, 34 + MEANS + 2 * (GAP + STRIP) + BELOW + SCALE)
    }

    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let count = (WIDTH - BEFORE) as usize;
        if self.along.len() > count {
            notes.push(format!(
                "all {} tokens are drawn: a column of a strip is the mean of about {}",
                thousands(self.along.len()),
                self.along.len().div_ceil(count)
            ));
        }
        let infinite = self
            .along
            .surprisal
            .iter()
            .filter(|bits| bits.is_infinite());
        match infinite.count() {
            0 => {}
            count => notes.push(format!(
                "{count} tokens of infinite surprisal are in no mean"
            )),
        }
        notes
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let mean = format!("moving mean of {} tokens", thousands(self.window));
        let signs = [
            (Sign::Line(theme.last, 3), format!("surprisal, {mean}")),
            (Sign::Line(theme.mark, 3), format!("entropy, {mean}")),
        ];
        let legend = Legend::new(room.width() - BEFORE, signs);
        legend.draw(sheet, (room.left + BEFORE, room.top))?;
        let means =
            [&self.along.surprisal, &self.along.entropy].map(|values| moving(values, self.window));
        let all = means.iter().flatten().copied().filter(|it| it.is_finite());
        let below = 2 * (GAP + STRIP) + BELOW + SCALE;
        let highest = all.fold(1.0, f64::max);
        let plot = Plot {
            room: room.within(BEFORE, legend.height + 8, 0, below),
            across: Axis::new(0.0, self.along.len() as f64, false, 12),
            up: Axis::new(0.0, highest * 1.05, false, 7),
        };
        plot.draw_up(sheet, "bits a token")?;
        for (means, colour) in means.iter().zip([theme.last, theme.mark]) {
            let step = (means.len() / plot.room.width().max(1) as usize).max(1);
            let points = means.iter().enumerate().step_by(step);
            let points: Vec<_> = points
                .filter(|(_, mean)| mean.is_finite())
                .map(|(at, mean)| plot.at((at as f64 + 0.5, *mean)))
                .collect();
            sheet.line(&points, colour, 3)?;
        }
        let mut top = plot.room.bottom + GAP;
        let strips = [
            ("surprisal", &self.along.surprisal, theme.last),
            ("entropy", &self.along.entropy, theme.mark),
        ];
        let mut scales = Vec::new();
        for (name, values, colour) in strips {
            let strip = Room {
                top,
                bottom: top + STRIP,
                ..plot.room
            };
            let columns = columns(values, strip.width() as usize);
            // One of a hundred may be as far out as it likes without paling the others.
            let least = quantile(&columns, 0.01);
            let most = quantile(&columns, 0.99).max(least + 1e-6);
            draw_strip(sheet, strip, &columns, (least, most), colour)?;
            let words = Words::new(SMALL, theme.ink).before();
            sheet.words(name, (strip.left - 6, top + STRIP / 2), words)?;
            scales.push((name, (least, most), colour));
            top += STRIP + GAP;
        }
        let axis = Plot {
            room: Room {
                bottom: top - GAP + 2,
                ..plot.room
            },
            ..plot
        };
        axis.draw_across(sheet, "token")?;
        let y = axis.room.bottom + BELOW + 10;
        for (at, (name, ends, colour)) in scales.into_iter().enumerate() {
            let x = axis.room.left + at as i32 * 420;
            draw_scale(sheet, (x, y), name, ends, colour)?;
        }
        Ok(())
    }
}

fn shade(sheet: &Sheet<'_>, colour: RGBColor, share: f64) -> RGBColor {
    // From the ground over the colour towards ink: steps are told apart over the whole range.
    let share = share.clamp(0.0, 1.0) as f32;
    if share < 0.6 {
        between(sheet.theme.ground, colour, share / 0.6)
    } else {
        between(colour, sheet.theme.ink, (share - 0.6) / 0.55)
    }
}

fn draw_strip(
    sheet: &Sheet<'_>,
    room: Room,
    columns: &[f64],
    (least, most): (f64, f64),
    colour: RGBColor,
) -> Drawn {
    let edge =
        |at: usize| room.left + (at as i64 * i64::from(room.width()) / columns.len() as i64) as i32;
    for (at, value) in columns.iter().enumerate() {
        if value.is_finite() {
            let cell = Room {
                left: edge(at),
                right: edge(at + 1),
                ..room
            };
            sheet.fill(cell, shade(sheet, colour, (value - least) / (most - least)))?;
        }
    }
    sheet.frame(room, sheet.theme.quiet)
}

/// What the shades mean.
fn draw_scale(
    sheet: &Sheet<'_>,
    (left, top): (i32, i32),
    name: &str,
    (least, most): (f64, f64),
    colour: RGBColor,
) -> Drawn {
    const CELLS: i32 = 40;
    const CELL: i32 = 4;
    let words = Words::new(SMALL, sheet.theme.quiet);
    let name = format!("{name}: {least:.1} bits");
    sheet.words(&name, (left, top + 6), words)?;
    let from = left + super::text::width(&name, SMALL) + 8;
    for cell in 0..CELLS {
        let x = from + cell * CELL;
        let shade = shade(sheet, colour, f64::from(cell) / f64::from(CELLS - 1));
        sheet.fill(Room::new((x, top), (x + CELL, top + 12)), shade)?;
    }
    let whole = Room::new((from, top), (from + CELLS * CELL, top + 12));
    sheet.frame(whole, sheet.theme.quiet)?;
    let end = format!("{most:.1} bits and more");
    sheet.words(&end, (whole.right + 8, top + 6), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_means_are_of_the_numbers_around() {
        let values = [f32::NAN, 1.0, 2.0, 3.0, f32::INFINITY, 6.0];
        assert_eq!(moving(&values, 3), [1.0, 1.5, 2.0, 2.5, 4.5, 6.0]);
        assert!(moving(&[f32::NAN], 3)[0].is_nan());
    }

    #[test]
    fn columns_take_each_token_once() {
        let values: Vec<f32> = (0..10).map(|at| at as f32).collect();
        assert_eq!(columns(&values, 5), [0.5, 2.5, 4.5, 6.5, 8.5]);
        assert_eq!(columns(&values, 40).len(), 10);
        let thirds = columns(&values, 3);
        let sum = thirds[0] * 3.0 + thirds[1] * 3.0 + thirds[2] * 4.0;
        assert!((sum - 45.0).abs() < 1e-9, "{thirds:?}");
    }
}

//! Lines over a knob: the odds of tokens, and below them entropy and how many tokens are left.

use crate::chart::drawn::axes::{BEFORE, BELOW, Plot};
use crate::chart::drawn::output::Drawing;
use crate::chart::drawn::sheet::{Drawn, PLAIN, Room, SMALL, Sheet, Words};
use crate::chart::drawn::text::label;
use crate::chart::drawn::theme::COMPARED;
use crate::chart::{Axis, Over};
use crate::text::numbers::percent;

/// Pixels: of the odds, of each of the two smaller plots, between plots, and of the names beside the lines.
const WIDTH: i32 = 920;
const ODDS: i32 = 320;
const LOWER: i32 = 84;
const GAP: i32 = 22;
const NAMES: i32 = 190;
/// Pixels from a name to the next.
const NAME: i32 = 18;
/// More marks than this would run into each other.
const MOST_MARKS: usize = 60;

/// The lines over a knob.
pub struct Lines<'a> {
    over: &'a Over,
    /// The places of the values, in ascending order.
    order: Vec<usize>,
    numbers: Vec<f64>,
}

impl<'a> Lines<'a> {
    /// Over its values as numbers.
    pub fn new(over: &'a Over, numbers: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        order.sort_by(|&one, &other| numbers[one].total_cmp(&numbers[other]));
        Self {
            over,
            numbers: order.iter().map(|&at| numbers[at]).collect(),
            order,
        }
    }

    /// How many tokens are drawn: as many as can be told apart.
    fn tokens(&self) -> usize {
        self.over.tokens.len().min(COMPARED)
    }

    fn across(&self) -> Axis {
        let last = self.numbers.len() - 1;
        Axis::new(self.numbers[0], self.numbers[last], false, 10)
    }

    /// The value of each step, in ascending order of the knob.
    fn values(&self, of: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
        let values = self.order.iter().map(|&step| of(step));
        self.numbers.iter().copied().zip(values).collect()
    }

    fn draw_lower(
        &self,
        sheet: &Sheet<'_>,
        plot: &Plot,
        name: &str,
        values: &[(f64, f64)],
    ) -> Drawn {
        plot.draw_up(sheet, name)?;
        let line: Vec<_> = values.iter().map(|&value| plot.at(value)).collect();
        sheet.line(&line, sheet.theme.quiet, 2)
    }
}

impl Drawing for Lines<'_> {
    fn size(&self) -> (i32, i32) {
        (WIDTH, ODDS + 2 * (LOWER + GAP) + BELOW)
    }

    fn title(&self) -> String {
        format!("After “{}”, over {}", self.over.after, self.over.name())
    }

    fn notes(&self) -> Vec<String> {
        vec![self.over.share_of(self.tokens())]
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let steps = &self.over.steps;
        let all = steps
            .iter()
            .flat_map(|step| step.probabilities.iter().copied());
        let highest = f64::from(all.fold(1e-4, f32::max) * 1.06).min(1.0);
        let upper = room.height() - 2 * (LOWER + GAP) - BELOW;
        let mut plot = Plot {
            room: Room {
                bottom: room.top + upper,
                ..room.within(BEFORE, 6, NAMES, 0)
            },
            across: self.across(),
            up: Axis::percent(highest, 8),
        };
        plot.draw_up(sheet, "probability (final)")?;
        let mut ends = Vec::new();
        for token in 0..self.tokens() {
            let colour = theme.compared[token % theme.compared.len()];
            let values = self.values(|step| f64::from(steps[step].probabilities[token]));
            let line: Vec<_> = values.iter().map(|&value| plot.at(value)).collect();
            sheet.line(&line, colour, 2)?;
            if line.len() <= MOST_MARKS {
                for &at in &line {
                    sheet.dot(at, 3, colour)?;
                }
            }
            ends.push((token, line[line.len() - 1].1));
        }
        let heights = apart(&ends, plot.room);
        for ((token, end), y) in ends.into_iter().zip(heights) {
            let colour = theme.compared[token % theme.compared.len()];
            let right = plot.room.right;
            sheet.line(&[(right + 4, end), (right + 20, y)], colour, 1)?;
            let last = steps[self.order[self.order.len() - 1]].probabilities[token];
            let name = sheet.shown(&label(&self.over.tokens[token]));
            let name = sheet.fitting(&format!("{name} {}", percent(last)), NAMES - 26, PLAIN);
            sheet.words(&name, (right + 25, y), Words::new(PLAIN, theme.ink))?;
        }
        let entropies = self.values(|step| f64::from(steps[step].entropy));
        let most = entropies
            .iter()
            .fold(0.1, |most: f64, value| most.max(value.1));
        let below = |plot: &Plot| Room {
            top: plot.room.bottom + GAP,
            bottom: plot.room.bottom + GAP + LOWER,
            ..plot.room
        };
        plot = Plot {
            room: below(&plot),
            up: Axis::new(0.0, most * 1.05, false, 3),
            ..plot
        };
        self.draw_lower(sheet, &plot, "entropy, bits", &entropies)?;
        let kept = self.values(|step| steps[step].kept as f64);
        let most = kept.iter().fold(2.0, |most: f64, value| most.max(value.1));
        plot = Plot {
            room: below(&plot),
            // From one token on, as powers of ten where there are many.
            up: Axis::new(1.0, most, most > 50.0, 4),
            ..plot
        };
        self.draw_lower(sheet, &plot, "tokens left", &kept)?;
        plot.draw_across(sheet, &self.over.name())?;
        for &number in self
            .numbers
            .iter()
            .filter(|_| self.numbers.len() <= MOST_MARKS)
        {
            let x = plot.x(number);
            let bottom = plot.room.bottom;
            sheet.line(&[(x, bottom - 3), (x, bottom)], theme.quiet, 1)?;
        }
        let words = Words::new(SMALL, theme.quiet);
        let right = plot.room.right + 10;
        let last = &steps[self.order[self.order.len() - 1]];
        sheet.words(
            &format!("{} left", last.kept),
            (right, plot.y(last.kept as f64)),
            words,
        )
    }
}

/// Heights for names at so many ends: in the same order, each far enough from the next, inside of a room.
fn apart(ends: &[(usize, i32)], room: Room) -> Vec<i32> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by_key(|&at| (ends[at].1, at));
    let mut heights = vec![0; ends.len()];
    let mut free = i32::MIN;
    for &at in &order {
        heights[at] = ends[at].1.max(free);
        free = heights[at] + NAME;
    }
    // What was pushed out at the bottom goes up again.
    let mut free = room.bottom;
    for &at in order.iter().rev() {
        heights[at] = heights[at].min(free);
        free = heights[at] - NAME;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_order_and_their_distance() {
        let room = Room::new((0, 0), (100, 100));
        let heights = apart(&[(0, 98), (1, 97), (2, 10), (3, 99)], room);
        assert_eq!(heights[2], 10);
        assert_eq!((heights[1], heights[0], heights[3]), (64, 82, 100));
        assert_eq!(apart(&[(0, 5), (1, 50)], room), [5, 50]);
    }
}

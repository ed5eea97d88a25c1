//! The lines in view with their looks, and how high and low the chart reaches.

use ratatui::style::Style;

use super::curves::{Curves, Dot};
use crate::training::history::ceiling;
use crate::tui::state::train::{RunInView, Train};
use crate::tui::vocabulary::theme::Theme;

/// A line of points in one style.
pub struct Stroke {
    pub points: Vec<Dot>,
    pub style: Style,
    pub sign: Sign,
    /// Whether the axis reaches to it. A mean that a spike has pulled up says nothing of its own.
    pub counts: bool,
}

/// What stands on a stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    None,
    /// On each point.
    Each(char),
    /// Here and there, so that curves are told apart without colours.
    Some(char),
}

/// The style of another run.
pub fn beside(theme: &Theme, at: usize) -> Style {
    [theme.raw_bar, theme.notice, theme.error, theme.key][at % 4]
}

/// The sign of another run.
pub fn letter(at: usize) -> char {
    char::from(b'a' + (at % 26) as u8)
}

/// What is drawn: the run in view, and those beside it.
pub struct Drawn {
    pub own: Curves,
    /// Each with its place among those beside.
    pub others: Vec<(usize, Curves)>,
}

impl Drawn {
    /// The lines of all runs in view.
    pub fn of(train: &Train, run: &RunInView, ends: (f64, f64)) -> Self {
        let curves = |run: &RunInView| Curves::of(run, train.shown, ends);
        Self {
            own: curves(run),
            others: train
                .compared()
                .map(|(at, run)| (at, curves(run)))
                .collect(),
        }
    }

    /// All lines with their looks, what matters most last.
    pub fn strokes(&self, theme: &Theme) -> Vec<Stroke> {
        let stroke = |points: &Vec<Dot>, style, sign| Stroke {
            points: points.clone(),
            style,
            sign,
            counts: true,
        };
        let mut strokes = Vec::new();
        let own = &self.own;
        if own.smoothed.is_empty() {
            let raw = own.raw.iter();
            strokes.extend(raw.map(|line| stroke(line, theme.final_bar, Sign::None)));
        } else {
            let raw = own.raw.iter();
            strokes.extend(raw.map(|line| stroke(line, theme.quiet, Sign::None)));
        }
        for (at, other) in &self.others {
            let (style, sign) = (beside(theme, *at), letter(*at));
            let lines = other.line().iter();
            strokes.extend(lines.map(|line| stroke(line, style, Sign::Some(sign))));
            strokes.push(stroke(&other.validations, style, Sign::Each(sign)));
        }
        let smoothed = own.smoothed.iter();
        strokes.extend(smoothed.map(|line| Stroke {
            counts: false,
            ..stroke(line, theme.final_bar, Sign::None)
        }));
        strokes.push(stroke(&own.validations, theme.chosen, Sign::Each('•')));
        let best = own.best.map(|best| vec![best]);
        strokes.extend(best.map(|best| stroke(&best, theme.chosen, Sign::Each('★'))));
        strokes.retain(|stroke| !stroke.points.is_empty());
        strokes
    }
}

/// The lowest and the highest value of all points, with some room, but never below 0 for it. On a linear scale single
/// spikes are above the highest.
pub fn bounds(strokes: &[Stroke], log: bool) -> Option<(f64, f64)> {
    let counting = || strokes.iter().filter(|stroke| stroke.counts);
    let values = || counting().flat_map(|stroke| &stroke.points);
    let low = values().map(|point| point.1).reduce(f64::min)?;
    let high = values().map(|point| point.1).reduce(f64::max)?;
    if log {
        return Some((low / 1.02, high * 1.02));
    }
    let of = |stroke: &Stroke| stroke.points.iter().map(|point| point.1).collect();
    let curves: Vec<Vec<f64>> = counting().map(of).collect();
    let high = ceiling(&curves).unwrap_or(high);
    // A single loss has a piece of the axis around it.
    let room = ((high - low) * 0.05).max(0.01 * high.abs()).max(1e-9);
    let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    Some(((low - room).max(floor), high + room))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(losses: impl Iterator<Item = f64>) -> Stroke {
        let steps = (1..).map(f64::from);
        Stroke {
            points: steps.zip(losses).collect(),
            style: Style::new(),
            sign: Sign::None,
            counts: true,
        }
    }

    #[test]
    fn a_spike_does_not_flatten_the_linear_chart() {
        let losses = (1..=100).map(|step| match step {
            50 => 3.8e14,
            _ => 4.0 + 3.0 / f64::from(step),
        });
        let strokes = [stroke(losses)];
        let (low, high) = bounds(&strokes, false).expect("bounds");
        assert!(low < 4.1 && (7.0..7.5).contains(&high), "{low} {high}");
        assert!(bounds(&strokes, true).expect("bounds").1 > 1e14);
    }

    #[test]
    fn a_single_loss_lies_within_the_axis() {
        let (low, high) = bounds(&[stroke([3.2].into_iter())], false).expect("bounds");
        assert!(low < 3.17 && high > 3.23, "{low} {high}");
    }

    #[test]
    fn the_axis_ends_at_a_loss_of_nothing() {
        let strokes = [stroke((1..=100).map(|step| 6.0 / f64::from(step)))];
        let (low, high) = bounds(&strokes, false).expect("bounds");
        assert!(low == 0.0 && high > 6.0, "{low} {high}");
        let strokes = [stroke([2.0, -1.0].into_iter())];
        assert!(bounds(&strokes, false).expect("bounds").0 < -1.0);
        assert_eq!(bounds(&[], false), None);
    }
}

//! The curves in view: points of step and loss.

use ratatui::style::Style;

use crate::training::Curve;
use crate::training::history::ceiling;
use crate::tui::state::train::{RunInView, Span as Steps, Train};
use crate::tui::vocabulary::theme::Theme;

/// A line of points in one style.
pub struct Stroke {
    pub points: Vec<(f64, f64)>,
    pub style: Style,
    pub sign: Sign,
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

/// All curves in view, what matters most last.
pub fn of(train: &Train, run: &RunInView, steps: Steps, theme: &Theme) -> Vec<Stroke> {
    let shown = |loss: f64| loss.is_finite() && (!train.log || loss > 0.0);
    let curve = |run: &RunInView, curve: Curve, style: Style, sign: Sign| -> Vec<Stroke> {
        let mut parts = vec![Vec::new()];
        for point in run.history.points(curve, steps.from..=steps.to) {
            if point.gap || !shown(point.mean) {
                parts.push(Vec::new());
            } else if let Some(points) = parts.last_mut() {
                points.push(((point.first + point.last) as f64 / 2.0, point.mean));
            }
        }
        let stroke = |points| Stroke {
            points,
            style,
            sign,
        };
        parts.into_iter().map(stroke).collect()
    };
    let mut strokes = curve(run, Curve::Loss, theme.quiet, Sign::None);
    for (at, other) in train.beside.iter().enumerate() {
        let sign = Sign::Some(letter(at));
        strokes.extend(curve(other, Curve::Smoothed, beside(theme, at), sign));
    }
    strokes.extend(curve(run, Curve::Smoothed, theme.final_bar, Sign::None));
    let validations = run
        .history
        .validations()
        // That of the model before training stands at the first step.
        .map(|validation| (validation.step.max(1), validation.loss))
        .filter(|(step, loss)| (steps.from..=steps.to).contains(step) && shown(*loss))
        .map(|(step, loss)| (step as f64, loss));
    strokes.push(Stroke {
        points: validations.collect(),
        style: theme.chosen,
        sign: Sign::Each('•'),
    });
    let best = run.history.best_validation();
    let best = best.filter(|best| (steps.from..=steps.to).contains(&best.step) && shown(best.loss));
    strokes.extend(best.map(|best| Stroke {
        points: vec![(best.step as f64, best.loss)],
        style: theme.chosen,
        sign: Sign::Each('★'),
    }));
    strokes
}

/// The lowest and the highest loss of all points, with some room, but never below 0 for it. On a linear scale single
/// spikes are above the highest.
pub fn bounds(strokes: &[Stroke], log: bool) -> Option<(f64, f64)> {
    let values = || strokes.iter().flat_map(|stroke| &stroke.points);
    let low = values().map(|point| point.1).reduce(f64::min)?;
    let high = values().map(|point| point.1).reduce(f64::max)?;
    if log {
        return Some((low / 1.02, high * 1.02));
    }
    let of = |stroke: &Stroke| stroke.points.iter().map(|point| point.1).collect();
    let curves: Vec<Vec<f64>> = strokes.iter().map(of).collect();
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

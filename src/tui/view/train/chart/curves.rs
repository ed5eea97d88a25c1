//! What of a run is drawn: its steps as they were, smoothed, and its validations.

use super::smoothed::smoothed;
use crate::chart::{Across, What};
use crate::training::history::Point;
use crate::training::{Curve, Validation};
use crate::tui::state::train::RunInView;
use crate::tui::state::train::chart::Shown;

/// A place across the chart, and a value.
pub type Dot = (f64, f64);

/// The lines of a run, each in pieces that are cut where a value was no number.
#[derive(Debug, Default)]
pub struct Curves {
    pub raw: Vec<Vec<Dot>>,
    pub smoothed: Vec<Vec<Dot>>,
    pub validations: Vec<Dot>,
    /// The best validation.
    pub best: Option<Dot>,
    /// The greatest value near each place of the raw line.
    pub peaks: Vec<Dot>,
}

/// The curve of a step's numbers, if what is shown has one.
fn of_steps(what: What) -> Option<Curve> {
    Some(match what {
        What::Loss => Curve::Loss,
        What::Validation => return None,
        What::Perplexity => Curve::Perplexity,
        What::Accuracy => Curve::Accuracy,
        What::LearningRate => Curve::LearningRate,
        What::GradientNorm => Curve::GradientNorm,
        What::Speed => Curve::TokensPerSecond,
        What::Memory => Curve::Memory,
    })
}

/// What a validation says of it, if anything.
fn of_validation(what: What, validation: &Validation) -> Option<f64> {
    match what {
        What::Loss | What::Validation => Some(validation.loss),
        What::Perplexity => Some(validation.perplexity),
        What::Accuracy => Some(validation.accuracy),
        What::LearningRate | What::GradientNorm | What::Speed | What::Memory => None,
    }
}

/// Whether a mean of it says something: the rate is as it was set.
fn is_noisy(what: What) -> bool {
    !matches!(what, What::LearningRate | What::Memory)
}

impl Curves {
    /// The lines of a run between two places across the chart.
    pub fn of(run: &RunInView, shown: Shown, (from, to): (f64, f64)) -> Self {
        let history = run.history();
        let can_be_drawn = |value: f64| value.is_finite() && !(shown.log && value <= 0.0);
        let inside = |at: f64| (from..=to).contains(&at);
        let mut curves = Self::default();
        if let Some(curve) = of_steps(shown.what) {
            let all = history.points(curve, 0..=u64::MAX);
            let steps = shown.smoothing.steps(run.last_step());
            if let Some(steps) = steps.filter(|_| is_noisy(shown.what)) {
                let dots = smoothed(&all, steps).map(|(point, mean)| {
                    let drawn = mean.filter(|mean| can_be_drawn(*mean));
                    (shown.across.of(point.end), drawn)
                });
                curves.smoothed = pieces(dots.filter(|(at, _)| inside(*at)));
            }
            // Step by step, where all that is in view is kept so.
            let points = match shown.across {
                Across::Steps => history.points(curve, from.max(0.0) as u64..=to as u64),
                _ => all,
            };
            let points = points.iter();
            let seen: Vec<&Point> = points
                .filter(|point| inside(shown.across.of(point.end)))
                .collect();
            let dots = seen.iter().map(|point| {
                let drawn = (!point.gap && can_be_drawn(point.mean)).then_some(point.mean);
                (shown.across.of(point.end), drawn)
            });
            curves.raw = pieces(dots);
            let peaks = seen
                .iter()
                .map(|point| (shown.across.of(point.end), point.max));
            curves.peaks = peaks.filter(|peak| can_be_drawn(peak.1)).collect();
        }
        // That of the model before training stands at the first step.
        let place = |step: u64| run.across(shown.across, step.max(1));
        let dot = |validation: &Validation| {
            let value = of_validation(shown.what, validation)?;
            let at = place(validation.step);
            (can_be_drawn(value) && inside(at)).then_some((at, value))
        };
        curves.validations = history.validations().filter_map(dot).collect();
        curves.best = history.best_validation().and_then(dot);
        curves
    }

    /// The value of the line that stands for the run, and of its validation, at or before a place.
    pub fn at(&self, place: f64) -> (Option<f64>, Option<f64>) {
        let last = |dots: &mut dyn Iterator<Item = &Dot>| {
            let before = dots.take_while(|dot| dot.0 <= place);
            before.last().map(|dot| dot.1)
        };
        let line = last(&mut self.line().iter().flatten());
        (line, last(&mut self.validations.iter()))
    }

    /// The line that stands for the run: smoothed, if it is.
    pub fn line(&self) -> &[Vec<Dot>] {
        if self.smoothed.is_empty() {
            &self.raw
        } else {
            &self.smoothed
        }
    }
}

/// Cut where there is no value.
fn pieces(dots: impl Iterator<Item = (f64, Option<f64>)>) -> Vec<Vec<Dot>> {
    let mut pieces = vec![Vec::new()];
    for (at, value) in dots {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push((at, value)),
            (None, Some(piece)) if !piece.is_empty() => pieces.push(Vec::new()),
            _ => {}
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::training::{History, RunEvent, StepMetrics};

    fn run(steps: u64) -> RunInView {
        let mut run = RunInView::new("a".to_owned(), PathBuf::new(), History::new());
        for step in 1..=steps {
            let loss = if step == 5 {
                f64::NAN
            } else {
                10.0 / step as f64
            };
            run.push(&RunEvent::Step(StepMetrics {
                step,
                loss,
                epoch: step as f64 / 10.0,
                ..StepMetrics::default()
            }));
        }
        for step in [0, 10, 20] {
            run.push(&RunEvent::Validation(Validation {
                step,
                loss: 5.0 - step as f64 / 10.0,
                best: step > 0,
                ..Validation::default()
            }));
        }
        run
    }

    #[test]
    fn lines_are_cut_where_there_is_no_number_and_end_at_the_view() {
        let curves = Curves::of(&run(80), Shown::default(), (1.0, 20.0));
        assert_eq!(curves.raw.len(), 2, "{:?}", curves.raw);
        assert_eq!(curves.raw[1].last(), Some(&(20.0, 0.5)));
        assert_eq!(curves.validations[0], (1.0, 5.0));
        assert_eq!(curves.best, Some((20.0, 3.0)));
        assert_eq!(curves.at(12.5).1, Some(4.0));
        assert!(!curves.smoothed.is_empty());
    }

    #[test]
    fn each_curve_stands_over_each_axis() {
        let run = run(40);
        for what in What::ALL {
            for across in Across::ALL {
                let shown = Shown {
                    what,
                    across,
                    ..Shown::default()
                };
                let curves = Curves::of(&run, shown, (0.0, 1e9));
                let drawn = !curves.raw.is_empty() || !curves.validations.is_empty();
                assert_eq!(drawn, what != What::Memory, "{what:?}");
            }
        }
    }
}

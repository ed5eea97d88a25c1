//! What the chart shows of the runs, and over what.

use crate::chart::{Across, What};

/// How much of a curve its smoothed line takes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Smoothing {
    /// No smoothed line.
    Off,
    Light,
    #[default]
    Fitting,
    Strong,
}

impl Smoothing {
    const ALL: [Self; 4] = [Self::Fitting, Self::Strong, Self::Off, Self::Light];

    /// The next one, round.
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    /// Steps after which a value counts 1/e in the mean, in a run of so many steps: a share of the run, so that a long one
    /// is smoothed more than a short one. None where nothing is smoothed, or the run is too short for it.
    pub fn steps(self, run: u64) -> Option<f64> {
        let share = match self {
            Self::Off => return None,
            Self::Light => 0.01,
            Self::Fitting => 0.03,
            Self::Strong => 0.1,
        };
        let steps = run as f64 * share;
        (steps >= 1.5).then_some(steps)
    }
}

/// What is drawn, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub what: What,
    pub across: Across,
    /// Whether the values are drawn by their logarithm.
    pub log: bool,
    pub smoothing: Smoothing,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            what: What::Loss,
            across: Across::Steps,
            log: false,
            smoothing: Smoothing::default(),
        }
    }
}

impl Shown {
    /// The next curve in its place, or the one before.
    pub fn turn(&mut self, forwards: bool) {
        self.what = turned(&What::ALL, self.what, forwards);
    }

    /// The next thing to draw it over.
    pub fn turn_across(&mut self) {
        self.across = turned(&Across::ALL, self.across, true);
    }

    /// What differs from the chart as it begins, in words.
    pub fn words(&self, zoomed: Option<&str>) -> String {
        let across = (self.across != Across::Steps).then(|| format!("by {}", self.across.name()));
        let smoothing = match self.smoothing {
            Smoothing::Fitting => None,
            Smoothing::Off => Some("not smoothed"),
            Smoothing::Light => Some("smoothed lightly"),
            Smoothing::Strong => Some("smoothed strongly"),
        };
        let log = self.log.then_some("log");
        let parts = [across.as_deref(), smoothing, log, zoomed];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        parts.join(" · ")
    }
}

fn turned<T: Copy + PartialEq>(all: &[T], now: T, forwards: bool) -> T {
    let place = all.iter().position(|one| *one == now).unwrap_or(0);
    let by = if forwards { 1 } else { all.len() - 1 };
    all[(place + by) % all.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_axis_and_smoothing_is_some_keys_away() {
        let mut shown = Shown::default();
        for _ in What::ALL {
            shown.turn(true);
        }
        assert_eq!(shown.what, What::Loss);
        shown.turn(false);
        assert_eq!(Some(&shown.what), What::ALL.last());
        let mut smoothing = Smoothing::default();
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(smoothing);
            smoothing = smoothing.next();
        }
        assert_eq!(smoothing, Smoothing::default());
        assert!(seen.contains(&Smoothing::Off) && seen.contains(&Smoothing::Light));
    }

    #[test]
    fn smoothing_fits_the_run() {
        assert_eq!(Smoothing::Off.steps(1000), None);
        assert_eq!(Smoothing::Fitting.steps(1000), Some(30.0));
        assert_eq!(Smoothing::Fitting.steps(5), None);
        assert!(Smoothing::Strong.steps(1000) > Smoothing::Light.steps(1000));
    }
}

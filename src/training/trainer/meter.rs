//! How fast a run goes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Steps over which the speed is measured.
const WINDOW: usize = 20;

/// Measures time and speed.
#[derive(Debug)]
pub(super) struct Meter {
    /// Seconds of earlier sittings.
    before: f64,
    begun: Instant,
    /// When the run was held, if it is.
    held: Option<Instant>,
    /// How long it was held in all.
    idle: Duration,
    /// When the last steps ended, and how many positions each had.
    steps: VecDeque<(Duration, u64)>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            before: 0.0,
            begun: Instant::now(),
            held: None,
            idle: Duration::ZERO,
            steps: VecDeque::new(),
        }
    }

    /// Starts the clock, `before` seconds into the run.
    pub(super) fn begin(&mut self, before: f64) {
        *self = Self::new();
        self.before = before;
        self.steps.push_back((Duration::ZERO, 0));
    }

    /// Stops the clock, or lets it go on.
    pub(super) fn hold(&mut self, held: bool) {
        match (held, self.held.take()) {
            (true, _) => self.held = Some(Instant::now()),
            (false, Some(since)) => self.idle += since.elapsed(),
            (false, None) => {}
        }
    }

    fn worked(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.idle)
    }

    /// Counts a step of so many positions.
    pub(super) fn step(&mut self, positions: u64) {
        self.steps.push_back((self.worked(), positions));
        if self.steps.len() > WINDOW + 1 {
            self.steps.pop_front();
        }
    }

    /// Seconds of the whole run.
    pub(super) fn elapsed(&self) -> f64 {
        self.before + self.worked().as_secs_f64()
    }

    /// Positions a second and seconds a step, over the last steps.
    pub(super) fn speed(&self) -> (f64, f64) {
        let (Some((first, _)), Some((last, _))) = (self.steps.front(), self.steps.back()) else {
            return (0.0, 0.0);
        };
        let seconds = last.saturating_sub(*first).as_secs_f64();
        let positions: u64 = self
            .steps
            .iter()
            .skip(1)
            .map(|(_, positions)| positions)
            .sum();
        let steps = self.steps.len().saturating_sub(1).max(1) as f64;
        (positions as f64 / seconds.max(1e-9), seconds / steps)
    }
}

//! Tokens per second, measured between frames.

use std::collections::VecDeque;
use std::time::Duration;

use crate::tui::vocabulary::blocks::height;

/// Shortest time over which a rate is taken.
const WINDOW: Duration = Duration::from_millis(200);
/// Rates kept for the sparkline.
const KEPT: usize = 12;

/// The speed of a run.
#[derive(Debug, Default)]
pub struct Rate {
    /// Tokens since the last rate was taken.
    count: usize,
    since: Option<Duration>,
    rates: VecDeque<f64>,
}

impl Rate {
    /// A token came.
    pub fn count(&mut self) {
        self.count += 1;
    }

    /// Takes the time, before a frame is drawn.
    pub fn tick(&mut self, now: Duration) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_sub(since);
        if passed >= WINDOW && self.count > 0 {
            self.rates
                .push_back(self.count as f64 / passed.as_secs_f64());
            if self.rates.len() > KEPT {
                self.rates.pop_front();
            }
            self.count = 0;
            self.since = Some(now);
        }
    }

    /// Starts anew: time that passes before the next tick does not count.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// The newest rate in tokens per second.
    pub fn newest(&self) -> Option<f64> {
        self.rates.back().copied()
    }

    /// The last rates as a line of blocks, the highest as tall as a cell.
    pub fn sparkline(&self) -> String {
        let highest = self.rates.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        self.rates
            .iter()
            .map(|rate| height(rate / highest))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_taken_over_the_window() {
        let mut rate = Rate::default();
        let at = Duration::from_millis;
        rate.tick(at(1000));
        for _ in 0..50 {
            rate.count();
        }
        rate.tick(at(1100));
        assert_eq!(rate.newest(), None, "too early");
        rate.tick(at(1250));
        assert_eq!(rate.newest(), Some(200.0));
        for _ in 0..25 {
            rate.count();
        }
        rate.tick(at(1500));
        assert_eq!(rate.newest(), Some(100.0));
        assert_eq!(rate.sparkline(), "█▅");
        rate.tick(at(9000));
        assert_eq!(rate.newest(), Some(100.0), "a pause is no speed");
    }
}

//! A run's loss without the noise.

/// An exponential mean with a bounded lag: the age of what it counts is a tenth of the run so far on average, and 50
/// steps at most, so that a loss that falls fast is not reported as what it was long ago.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Smoothed {
    sum: f64,
    weight: f64,
}

impl Smoothed {
    /// The most steps that it lags behind.
    const MOST: f64 = 50.0;

    pub(super) fn of_parts(sum: f64, weight: f64) -> Self {
        Self { sum, weight }
    }

    pub(super) fn parts(self) -> (f64, f64) {
        (self.sum, self.weight)
    }

    /// Takes in the value of a step, from 1.
    pub(super) fn add(&mut self, step: u64, value: f64) {
        let share = 1.0 / (step as f64 / 10.0).clamp(1.0, Self::MOST);
        self.sum = (1.0 - share) * self.sum + share * value;
        self.weight = (1.0 - share) * self.weight + share;
    }

    /// The mean; 0 of nothing.
    pub(super) fn value(self) -> f64 {
        if self.weight > 0.0 {
            self.sum / self.weight
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_counts_the_first_values_fully() {
        let mut smoothed = Smoothed::default();
        smoothed.add(1, 4.0);
        assert!((smoothed.value() - 4.0).abs() < 1e-12);
        for step in 2..=1001 {
            smoothed.add(step, 2.0);
        }
        assert!((smoothed.value() - 2.0).abs() < 1e-6);
    }

    #[test]
    fn it_lags_by_a_tenth_of_the_run_and_by_no_more_than_fifty_steps() {
        let mut smoothed = Smoothed::default();
        for step in 1..=3000 {
            // A loss that falls by 1 a step shows the lag in steps.
            smoothed.add(step, -(step as f64));
            let lag = smoothed.value() + step as f64;
            let most = (step as f64 / 10.0).min(50.0);
            assert!(lag <= most, "{lag} after step {step}");
        }
    }
}

//! How the learning rate goes over the steps.

use serde::{Deserialize, Serialize};

/// The course of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    #[default]
    Constant,
    /// In a straight line to the end, as Keras' `PolynomialDecay` of power 1.
    Linear,
    /// Along half a cosine to the end.
    Cosine,
}

/// The learning rate's schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// The highest rate.
    pub learning_rate: f64,
    pub course: Course,
    /// Steps in which the rate grows to its highest, in a straight line.
    pub warmup: u64,
    /// Steps that it then stays there before it falls (linear, cosine): a run can be let go on, and its end decided
    /// later, from a checkpoint before the fall (Hägele et al. 2024, arXiv:2405.18392).
    pub hold: u64,
    /// What the rate ends at, as a share of the highest.
    pub end: f64,
    /// The step at which the end is reached, counted with the warm-up; 0 is the run's last.
    pub decay_steps: u64,
    /// The step after which the warm-up begins: for a run that goes on as if anew.
    pub begin: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            course: Course::Constant,
            warmup: 0,
            hold: 0,
            end: 0.0,
            decay_steps: 0,
            begin: 0,
        }
    }
}

impl Schedule {
    /// The rate of step `step` (the first is 0) in a run of `total` steps. Linear decay is `PolynomialDecay`'s: the
    /// first step has the full rate, step `total` would have the end's.
    pub fn rate(&self, step: u64, total: u64) -> f64 {
        let (step, total) = (
            step.saturating_sub(self.begin),
            total.saturating_sub(self.begin),
        );
        if step < self.warmup {
            return self.learning_rate * (step + 1) as f64 / self.warmup as f64;
        }
        let last = match self.decay_steps {
            0 => total,
            steps => steps.saturating_sub(self.begin),
        };
        let start = self.warmup + self.hold;
        let length = last.saturating_sub(start).max(1);
        let done = (step.saturating_sub(start) as f64 / length as f64).min(1.0);
        let left = match self.course {
            Course::Constant => return self.learning_rate,
            Course::Linear => 1.0 - done,
            Course::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        };
        self.learning_rate * (self.end + (1.0 - self.end) * left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(course: Course, steps: &[u64]) -> Vec<f64> {
        let schedule = Schedule {
            learning_rate: 8.0,
            course,
            warmup: 4,
            hold: 0,
            end: 0.25,
            decay_steps: 0,
            begin: 0,
        };
        steps.iter().map(|step| schedule.rate(*step, 12)).collect()
    }

    #[test]
    fn each_course_passes_its_known_points() {
        let steps = [0, 3, 4, 8, 12, 99];
        assert_eq!(
            rates(Course::Constant, &steps),
            [2.0, 8.0, 8.0, 8.0, 8.0, 8.0]
        );
        assert_eq!(
            rates(Course::Linear, &steps),
            [2.0, 8.0, 8.0, 5.0, 2.0, 2.0]
        );
        let cosine = rates(Course::Cosine, &steps);
        for (found, expected) in cosine.iter().zip([2.0, 8.0, 8.0, 5.0, 2.0, 2.0]) {
            assert!((found - expected).abs() < 1e-12, "{cosine:?}");
        }
        // A fall that begins later, and one that is so late that it never does.
        let held = |hold: u64, step: u64| {
            let schedule = Schedule {
                learning_rate: 8.0,
                course: Course::Linear,
                warmup: 4,
                hold,
                ..Schedule::default()
            };
            schedule.rate(step, 12)
        };
        assert_eq!(
            [3, 4, 8, 10, 12].map(|step| held(4, step)),
            [8.0, 8.0, 8.0, 4.0, 0.0]
        );
        assert_eq!([4, 11].map(|step| held(100, step)), [8.0, 8.0]);
        // A run that goes on as if anew: the same course, later.
        let anew = Schedule {
            learning_rate: 8.0,
            course: Course::Linear,
            warmup: 4,
            end: 0.25,
            begin: 100,
            ..Schedule::default()
        };
        assert_eq!(
            steps.map(|step| anew.rate(100 + step, 112)),
            [2.0, 8.0, 8.0, 5.0, 2.0, 2.0]
        );
        // Keras: 5e-5 over 500 steps to 0.
        let schedule = Schedule {
            learning_rate: 5e-5,
            course: Course::Linear,
            ..Schedule::default()
        };
        assert_eq!(schedule.rate(0, 500), 5e-5);
        assert!((schedule.rate(499, 500) - 1e-7).abs() < 1e-15);
    }
}

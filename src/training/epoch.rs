//! What an epoch comes to.

use serde::{Deserialize, Serialize};

use super::Epoch;

/// How a step's targets were predicted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    /// The sum of the losses of what is trained, and how many targets that is.
    pub loss: f64,
    pub counted: u64,
    /// The sum of the losses of text alone, how many targets are text, and how many were the most probable tokens.
    pub masked: f64,
    pub real: u64,
    pub correct: u64,
}

/// The sums of the epoch under way.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EpochSums {
    steps: u64,
    loss: f64,
    counted: u64,
    masked: f64,
    real: u64,
    correct: u64,
}

impl EpochSums {
    /// Adds a step.
    pub fn add(&mut self, step: &Counts) {
        self.steps += 1;
        self.loss += step.loss;
        self.counted += step.counted;
        self.masked += step.masked;
        self.real += step.real;
        self.correct += step.correct;
    }

    /// The means of the epoch of this number, from 1, that ended with `step`; the sums begin anew.
    pub fn end(&mut self, (step, epoch): (u64, u64), steps_per_epoch: u64, padded: bool) -> Epoch {
        let sums = std::mem::take(self);
        let masked = sums.masked / sums.real.max(1) as f64;
        Epoch {
            step,
            epoch,
            whole: sums.steps == steps_per_epoch,
            loss: sums.loss / sums.counted.max(1) as f64,
            masked_loss: padded.then_some(masked),
            perplexity: masked.exp(),
            accuracy: sums.correct as f64 / sums.real.max(1) as f64,
            tokens: sums.real,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_the_mean_over_its_targets_and_begins_anew() {
        let mut sums = EpochSums::default();
        for (loss, counted) in [(8.0, 2), (6.0, 6)] {
            sums.add(&Counts {
                loss,
                counted,
                masked: loss,
                real: counted,
                correct: 1,
            });
        }
        let epoch = sums.end((20, 2), 2, false);
        assert_eq!((epoch.step, epoch.epoch, epoch.whole), (20, 2, true));
        assert_eq!((epoch.loss, epoch.accuracy), (1.75, 0.25));
        assert_eq!((epoch.perplexity, epoch.tokens), (1.75_f64.exp(), 8));
        assert_eq!(sums, EpochSums::default());
        // Of an epoch whose beginning is not known, that is said.
        sums.add(&Counts::default());
        assert!(!sums.end((22, 3), 2, false).whole);
    }
}

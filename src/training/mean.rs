//! The mean of a run's newest losses, with a name that says which they are.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::RunEvent;

/// Steps that are averaged where no epoch has just ended: a tenth of the run so far within these bounds, so that the
/// mean of a short run is not that of its beginning.
const FEWEST: usize = 5;
const MOST: usize = 50;

/// A mean of training losses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MeanLoss {
    /// In nats a target.
    #[serde(deserialize_with = "super::event::number")]
    pub loss: f64,
    pub of: MeanOf,
}

/// Which steps a mean is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeanOf {
    /// All of the epoch of this number, from 1.
    Epoch(u64),
    /// So many, the newest.
    Steps(u64),
}

impl fmt::Display for MeanOf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epoch(number) => write!(out, "epoch {number}"),
            Self::Steps(1) => out.write_str("the last step"),
            Self::Steps(steps) => write!(out, "the last {steps} steps"),
        }
    }
}

impl fmt::Display for MeanLoss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "mean loss of {} {:.4}", self.of, self.loss)
    }
}

/// The end of a run, for the mean of its losses.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tail {
    /// The newest steps with their losses.
    losses: VecDeque<(u64, f64)>,
    /// The last epoch that ended: its last step, its number, its mean.
    epoch: Option<(u64, u64, f64)>,
}

impl Tail {
    /// Takes in what happened next.
    pub fn push(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started(started) => self.cut_after(started.resumed_after.unwrap_or(0)),
            RunEvent::Step(step) => {
                self.cut_after(step.step.saturating_sub(1));
                if self.losses.len() == MOST {
                    self.losses.pop_front();
                }
                self.losses.push_back((step.step, step.loss));
            }
            RunEvent::Epoch(epoch) if epoch.whole => {
                self.epoch = Some((epoch.step, epoch.epoch, epoch.loss));
            }
            _ => {}
        }
    }

    /// Forgets what was of steps that were lost.
    fn cut_after(&mut self, step: u64) {
        while self.losses.pop_back_if(|(at, _)| *at > step).is_some() {}
        self.epoch.take_if(|(at, ..)| *at > step);
    }

    /// The mean of the epoch that ended with the newest step, or else of the newest steps; none before the first.
    pub fn mean(&self) -> Option<MeanLoss> {
        let (newest, _) = self.losses.back()?;
        if let Some((_, number, loss)) = self.epoch.filter(|(at, ..)| at == newest) {
            let of = MeanOf::Epoch(number);
            return Some(MeanLoss { loss, of });
        }
        let count = (*newest as usize / 10).clamp(FEWEST, MOST);
        let count = count.min(self.losses.len());
        let newest = self.losses.iter().rev().take(count);
        let sum: f64 = newest.map(|(_, loss)| loss).sum();
        Some(MeanLoss {
            loss: sum / count as f64,
            of: MeanOf::Steps(count as u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{Epoch, StepMetrics};

    fn step(step: u64, loss: f64) -> RunEvent {
        RunEvent::Step(StepMetrics {
            step,
            loss,
            ..StepMetrics::default()
        })
    }

    #[test]
    fn the_mean_says_what_it_is_of() {
        let mut tail = Tail::default();
        assert_eq!(tail.mean(), None);
        tail.push(&step(1, 4.0));
        tail.push(&step(2, 2.0));
        let mean = tail.mean().expect("a mean");
        assert_eq!(mean.to_string(), "mean loss of the last 2 steps 3.0000");
        tail.push(&RunEvent::Epoch(Epoch {
            step: 2,
            epoch: 1,
            whole: true,
            loss: 2.9,
            ..Epoch::default()
        }));
        let mean = tail.mean().expect("a mean");
        assert_eq!(mean.to_string(), "mean loss of epoch 1 2.9000");
        // Within the next epoch the last one is old.
        for at in 3..=200 {
            tail.push(&step(at, 1.0));
        }
        let mean = tail.mean().expect("a mean");
        assert_eq!((mean.loss, mean.of), (1.0, MeanOf::Steps(20)));
        // What was lost does not count.
        tail.push(&step(160, 9.0));
        let of = tail.mean().expect("a mean").of;
        assert_eq!(of, MeanOf::Steps(10));
    }
}

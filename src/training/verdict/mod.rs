//! How a run goes, judged from its curves alone: whether it learns, memorises, diverges or rests.
//!
//! A verdict is a pure function of a [`History`]: what was measured decides, not what was planned. The thresholds are
//! wide on purpose: an alarm that is false once is not believed again. They are tested on recorded runs.

mod diverging;
mod kinds;
mod steps;
mod validation;
mod words;

pub use self::kinds::{Divergence, Measured, Verdict};
use super::History;

impl Verdict {
    /// The verdict on a run so far.
    pub fn of(history: &History) -> Self {
        diverging::judge(history)
            .or_else(|| validation::judge(history))
            .unwrap_or_else(|| steps::judge(history))
    }
}

//! How scores of attention become weights.

use super::causal::softmax;
use crate::kernels::gelu::exp;
use crate::kernels::sums;

/// What happens to `q k^T` on its way to weights. By default it is multiplied by 0; set `scale`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scoring<'a> {
    pub scale: f32,
    /// The most keys that a query sees, its own the last of them; all where none.
    pub window: Option<usize>,
    /// Scores are bent to `cap * tanh(score / cap)`.
    pub cap: Option<f32>,
    /// For each head: what is taken off for each token that a key lies further back (ALiBi, Press et al. 2022).
    pub slopes: Option<&'a [f32]>,
    /// For each head: the score of a key that is not there. It takes its share of the weights, and adds nothing.
    pub sinks: Option<&'a [f32]>,
}

/// The same for one head, without the scale and the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HeadScoring {
    cap: Option<f32>,
    slope: Option<f32>,
    sink: Option<f32>,
}

impl Scoring<'_> {
    /// Softmax of scores alone, over all keys.
    pub fn plain(scale: f32) -> Self {
        Self {
            scale,
            ..Self::default()
        }
    }

    /// Whether it is [`Self::plain`].
    pub fn is_plain(&self) -> bool {
        *self == Self::plain(self.scale)
    }

    /// That of one head.
    pub(super) fn of(&self, head: usize) -> HeadScoring {
        HeadScoring {
            cap: self.cap,
            slope: self.slopes.map(|slopes| slopes[head]),
            sink: self.sinks.map(|sinks| sinks[head]),
        }
    }

    /// The first of `keys` keys that a query sees which sees the last of them.
    pub fn first_of(&self, keys: usize) -> usize {
        self.window.map_or(0, |window| keys.saturating_sub(window))
    }
}

impl HeadScoring {
    pub(super) const PLAIN: Self = Self {
        cap: None,
        slope: None,
        sink: None,
    };

    /// Scaled scores of keys that follow each other up to the query's own, to weights, in their place.
    #[inline(always)]
    pub(super) fn weights(self, scores: &mut [f32]) {
        if let Some(cap) = self.cap {
            for score in scores.iter_mut() {
                // tanh by exp, which is within a rounding of 1 beyond 10.
                let e = exp((2.0 / cap * *score).clamp(-20.0, 20.0));
                *score = cap * ((e - 1.0) / (e + 1.0));
            }
        }
        if let Some(slope) = self.slope {
            let last = scores.len() - 1;
            for (at, score) in scores.iter_mut().enumerate() {
                *score -= slope * (last - at) as f32;
            }
        }
        match self.sink {
            None => softmax(scores),
            Some(sink) => {
                let highest = sums::highest(scores).max(sink);
                for score in scores.iter_mut() {
                    *score = exp(*score - highest);
                }
                let share = 1.0 / (sums::sum(scores) + exp(sink - highest));
                for score in scores.iter_mut() {
                    *score *= share;
                }
            }
        }
    }
}

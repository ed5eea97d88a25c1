//! The numbers of a step that can be drawn over time.

use crate::training::StepMetrics;

/// A number that every step has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// What was trained, in nats a target.
    Loss,
    /// The loss of text alone, where padding counts in [`Self::Loss`].
    MaskedLoss,
    /// Exponential mean of [`Self::Loss`].
    Smoothed,
    LearningRate,
    /// Of all gradients together, before clipping.
    GradientNorm,
    TokensPerSecond,
    Perplexity,
    /// 0 to 1.
    Accuracy,
    /// Bytes that the process holds.
    Memory,
}

impl Curve {
    /// All of them, each at the place that `as usize` names.
    pub const ALL: [Self; 9] = [
        Self::Loss,
        Self::MaskedLoss,
        Self::Smoothed,
        Self::LearningRate,
        Self::GradientNorm,
        Self::TokensPerSecond,
        Self::Perplexity,
        Self::Accuracy,
        Self::Memory,
    ];

    /// What a step says, if it says it. It may be infinite or no number.
    pub fn of(self, step: &StepMetrics) -> Option<f64> {
        match self {
            Self::Loss => Some(step.loss),
            Self::MaskedLoss => step.masked_loss,
            Self::Smoothed => Some(step.smoothed),
            Self::LearningRate => Some(step.learning_rate),
            Self::GradientNorm => Some(step.gradient_norm),
            Self::TokensPerSecond => Some(step.tokens_per_second),
            Self::Perplexity => Some(step.perplexity),
            Self::Accuracy => Some(step.accuracy),
            Self::Memory => step.memory.map(|bytes| bytes as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_place() {
        for (place, curve) in Curve::ALL.into_iter().enumerate() {
            assert_eq!(curve as usize, place);
        }
    }
}

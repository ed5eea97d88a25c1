//! What is drawn of the odds of a token besides a moment: what was named, and several settings.

use crate::text::numbers::{counted, percent, thousands};

/// A continuation that was named.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its text, made safe and visible.
    pub display: String,
    /// Joint probability of its tokens before the chain (0 to 1).
    pub raw: f64,
    /// Probability after the chain (0 to 1); none for several tokens.
    pub last: Option<f32>,
    /// How many times as probable it is as the first that was named.
    pub ratio: f64,
}

/// The odds of one token under several values of a setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// The setting's name, such as `temperature` or `preset`.
    pub setting: String,
    /// The end of the text that the token follows.
    pub after: String,
    /// Tokens of the whole distribution.
    pub vocabulary: usize,
    /// The tokens that are drawn, made safe and visible.
    pub tokens: Vec<String>,
    pub steps: Vec<OverStep>,
}

/// The odds under one value.
#[derive(Debug, Clone, PartialEq)]
pub struct OverStep {
    pub value: String,
    /// Tokens that the chain leaves.
    pub kept: usize,
    /// Entropy after the chain, in bits.
    pub entropy: f32,
    /// Probability after the chain of each of the tokens (0 to 1).
    pub probabilities: Vec<f32>,
    /// Which of them the method takes, if one of them.
    pub taken: Option<usize>,
}

impl Over {
    /// The setting as one reads it.
    pub fn name(&self) -> String {
        self.setting.replace('_', "-")
    }

    /// What is to be said of the first so many tokens: how much of all they are.
    pub fn share_of(&self, tokens: usize) -> String {
        let sums = self.steps.iter();
        let sums = sums.map(|step| step.probabilities[..tokens].iter().sum());
        let (low, high) = sums.fold((1.0, 0.0), |(low, high): (f32, f32), sum: f32| {
            (low.min(sum), high.max(sum))
        });
        let drawn = match self.tokens.len() {
            all if tokens < all => {
                format!("{tokens} of the {all} tokens that were followed are drawn")
            }
            _ => counted(tokens as u64, "token"),
        };
        format!(
            "{drawn}, of {} in the vocabulary; together they have {} to {} of all probability",
            thousands(self.vocabulary),
            percent(low),
            percent(high)
        )
    }
}

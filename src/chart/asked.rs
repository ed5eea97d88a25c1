//! What of a run can be drawn, and over what; and of texts that are compared.

use crate::decoding::Interval;
use crate::training::History;
use crate::training::history::StepPlace;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The loss of each step, smoothed, and on the validation set.
    Loss,
    /// The validation loss alone.
    Validation,
    /// `exp(loss)` of the steps and of the validation set.
    Perplexity,
    /// The share of tokens that were the most probable ones.
    Accuracy,
    LearningRate,
    /// The norm of all gradients before clipping.
    GradientNorm,
    /// Tokens a second.
    Speed,
    /// Bytes that the process holds.
    Memory,
}

impl What {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 8] = [
        Self::Loss,
        Self::Validation,
        Self::Perplexity,
        Self::Accuracy,
        Self::LearningRate,
        Self::GradientNorm,
        Self::Speed,
        Self::Memory,
    ];

    /// As arguments write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Validation => "validation",
            Self::Perplexity => "perplexity",
            Self::Accuracy => "accuracy",
            Self::LearningRate => "learning-rate",
            Self::GradientNorm => "gradient-norm",
            Self::Speed => "speed",
            Self::Memory => "memory",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Validation => "Validation loss",
            Self::Perplexity => "Perplexity",
            Self::Accuracy => "Accuracy",
            Self::LearningRate => "Learning rate",
            Self::GradientNorm => "Gradient norm",
            Self::Speed => "Speed",
            Self::Memory => "Memory",
        }
    }
}

/// What it is drawn over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Across {
    Steps,
    /// Tokens of text that were learned from.
    Tokens,
    Epochs,
    /// Time of training, pauses left out.
    Time,
}

impl Across {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 4] = [Self::Steps, Self::Tokens, Self::Epochs, Self::Time];

    /// As arguments write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Tokens => "tokens",
            Self::Epochs => "epochs",
            Self::Time => "time",
        }
    }

    /// Where something lies on it.
    pub fn of(self, place: StepPlace) -> f64 {
        match self {
            Self::Steps => place.step as f64,
            Self::Tokens => place.tokens as f64,
            Self::Epochs => place.epoch,
            Self::Time => place.elapsed,
        }
    }
}

/// Which chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunChart {
    pub what: What,
    pub across: Across,
    /// Whether the values' axis is logarithmic.
    pub log: bool,
}

/// A run by its name.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub name: &'a str,
    pub history: &'a History,
}

/// A way of drawing in the plane of quality and diversity.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub name: String,
    /// Distinct-2 (0 to 1).
    pub diversity: Interval,
    /// Mean surprisal in bits a token under the first lane's model.
    pub surprisal: Interval,
}

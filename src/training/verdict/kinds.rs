//! What a verdict can be.

use serde::Serialize;

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// Too little was measured since training began.
    TooEarly {
        /// Validations after the first step.
        validations: usize,
    },
    /// The loss falls.
    Learning {
        of: Measured,
        /// In nats a token, at the beginning.
        from: f64,
        /// The lowest, or the newest where single steps are not compared.
        to: f64,
        /// Whether the newest is the lowest.
        falling: bool,
    },
    /// The loss has stopped falling.
    AtRest {
        of: Measured,
        /// The lowest, in nats a token.
        best: f64,
        /// The step of the lowest, 0 before training; none where single steps are not compared.
        step: Option<u64>,
    },
    /// Validation rises, and the training loss does not.
    Memorising {
        /// The lowest validation loss, in nats a token.
        best: f64,
        /// Its step; 0 before training.
        step: u64,
        /// By how much validation has risen since.
        rise: f64,
    },
    /// The loss has left the range that it began in.
    Diverging {
        how: Divergence,
        /// A learning rate that may do better.
        try_rate: Option<f64>,
    },
}

/// Which loss a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    Validation,
    /// The loss of the steps, where nothing is validated. Memorising is not seen in it.
    Training,
}

/// In which way a run diverges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// The loss or the gradients are no numbers.
    NotNumbers {
        /// The last step with numbers.
        after: u64,
    },
    /// The loss of a step was so many times that of the step before.
    Jump { factor: f64, step: u64 },
    /// The loss rose from its level at the beginning.
    Rise { from: f64, to: f64 },
}

impl Verdict {
    /// Whether it asks for something to be done.
    pub fn is_alarm(&self) -> bool {
        matches!(self, Self::Memorising { .. } | Self::Diverging { .. })
    }
}

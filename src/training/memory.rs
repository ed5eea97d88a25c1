//! The memory of a run, by what takes it.

use serde::{Deserialize, Serialize};

use crate::model::bytes_text;

/// About how many bytes a run takes, by what takes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Memory {
    pub weights: u64,
    /// Of the parameters that train.
    pub gradients: u64,
    /// Its running means.
    pub optimizer: u64,
    /// What a batch leaves behind for its backward pass, and what that works on.
    pub activations: u64,
}

impl Memory {
    /// The most that is taken at once. A checkpoint copies the weights, when gradients and activations are gone.
    pub fn total(&self) -> u64 {
        let step = self.gradients.saturating_add(self.activations);
        self.weights
            .saturating_add(self.optimizer)
            .saturating_add(step.max(self.weights))
    }

    /// The figures for people.
    pub fn in_words(&self) -> String {
        format!(
            "about {} of memory (weights {}, gradients {}, optimizer {}, activations {})",
            bytes_text(self.total()),
            bytes_text(self.weights),
            bytes_text(self.gradients),
            bytes_text(self.optimizer),
            bytes_text(self.activations)
        )
    }
}

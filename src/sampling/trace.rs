//! What each stage of the chain did, for one token.

use serde::{Deserialize, Serialize};

use super::StageKind;

/// The effect of one stage on the distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StageTrace {
    pub stage: StageKind,
    /// Tokens left after the stage.
    pub kept: usize,
    /// Probability mass, under the distribution that entered the stage, of the tokens it cut (0 to 1).
    pub mass_cut: f32,
    /// Entropy in bits of the distribution that left the stage, renormalised.
    pub entropy: f32,
}

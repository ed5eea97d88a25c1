//! When a generation starts and ends.

use serde::{Deserialize, Serialize};

/// Everything about a generation but the sampler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenerationSettings {
    /// Most tokens to generate.
    pub max_tokens: usize,
    /// Seeds the draws: the same seed, model, settings and precision give the same text.
    pub seed: u64,
    /// Texts that end the generation, also across token borders.
    pub stop: Vec<String>,
    /// Whether the model's end token ends the generation.
    pub stop_at_end_token: bool,
    /// Whether a text that repeats itself without end is stopped.
    pub detect_loops: bool,
}

impl Default for GenerationSettings {
    fn default() -> Self {
        Self {
            max_tokens: 200,
            seed: 1,
            stop: Vec::new(),
            stop_at_end_token: true,
            detect_loops: true,
        }
    }
}

/// Why a generation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    MaxTokens,
    EndToken,
    /// The stop text that was met.
    StopText(String),
    /// The grammar was fulfilled, and the model has no end token to say so.
    GrammarEnd,
    /// The text repeated its last `period` tokens over and over.
    Loop {
        period: usize,
    },
    Cancelled,
    /// The model failed on this text, and why: others beside it go on.
    Failed(String),
}

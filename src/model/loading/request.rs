//! What to load and how, and how far loading has come.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::model::{DevicePreference, ModelError, Precision};

/// What to load and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadRequest {
    /// `embedded`, a directory, a GGUF file, or a hub id such as `gpt2` or `organisation/name:Q4_K_M`.
    pub source: String,
    pub device: DevicePreference,
    pub precision: Precision,
    /// A model with the same tokens that this one was made of, for the sampler's difference; empty for none.
    pub base: String,
    /// Take hub models from the local cache only.
    pub offline: bool,
    /// Put prompts to the model as a user's messages, by its chat template.
    pub chat: bool,
    /// With `chat`: what the model is told before; empty for what the template has.
    pub system: String,
}

impl Default for LoadRequest {
    fn default() -> Self {
        Self {
            source: "embedded".to_owned(),
            device: DevicePreference::Auto,
            precision: Precision::Auto,
            base: String::new(),
            offline: false,
            chat: false,
            system: String::new(),
        }
    }
}

/// How far loading has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum LoadProgress {
    /// A file comes from the hub.
    Download {
        file: String,
        /// Bytes that are here, those of an earlier try included.
        bytes: u64,
        total: u64,
        bytes_per_second: f64,
        /// None until the speed is known.
        seconds_left: Option<f64>,
    },
    /// Nothing comes at the moment, and why.
    Waiting {
        reason: String,
        /// How much of the wait is over, from 0 to 1.
        part: f32,
        seconds_left: Option<f64>,
    },
    /// Tensors are read and converted.
    Weights { done: usize, total: usize },
}

impl LoadProgress {
    /// Reports how many tensors are read.
    ///
    /// # Errors
    /// When the caller breaks off.
    pub(super) fn weights(
        progress: &mut dyn FnMut(Self) -> ControlFlow<()>,
        done: usize,
        total: usize,
    ) -> Result<(), ModelError> {
        match progress(Self::Weights { done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ModelError::Cancelled),
        }
    }
}

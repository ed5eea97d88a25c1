//! What is known of the engines: the model, what it is doing, and the model beside it.

use super::rate::Rate;
use super::second::SecondModel;
use crate::engine::RunState;
use crate::model::{LoadProgress, LoadRequest, ModelInfo};

/// What is known of the engines.
#[derive(Debug)]
pub struct Engine {
    /// Why the engine's thread died, until it is started again.
    pub died: Option<String>,
    /// An interrupt asked the engine to stop, and the engine has not stopped yet.
    pub stopping: bool,
    /// What was asked to be loaded.
    pub load: LoadRequest,
    /// None until one is loaded.
    pub model: Option<ModelInfo>,
    /// The model that reads along, if one is loaded or on its way.
    pub second: Option<SecondModel>,
    pub run: RunState,
    pub loading: Option<LoadProgress>,
    /// Tokens in the model's cache.
    pub context_used: usize,
    pub rate: Rate,
}

impl Engine {
    /// An engine that is about to load a model.
    pub fn new(load: LoadRequest) -> Self {
        Self {
            died: None,
            stopping: false,
            load,
            model: None,
            second: None,
            run: RunState::Empty,
            loading: None,
            context_used: 0,
            rate: Rate::default(),
        }
    }

    /// Whether a run goes on, be it paused.
    pub fn has_run(&self) -> bool {
        matches!(self.run, RunState::Running | RunState::Paused)
    }
}

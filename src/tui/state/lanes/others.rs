//! Models that lanes have besides Play's: each has an engine of its own, which steps its lanes as one batch.

use crate::engine::{Event, RunState};
use crate::model::{LoadProgress, ModelInfo};

/// Another model, and what is known of its engine.
#[derive(Debug)]
pub struct Other {
    /// The engine's number.
    pub engine: usize,
    /// What was asked to be loaded.
    pub source: String,
    /// None until it is loaded.
    pub model: Option<ModelInfo>,
    pub loading: Option<LoadProgress>,
    pub run: RunState,
    /// Why it can do nothing more.
    pub failed: Option<String>,
    /// Whether its engine's texts are its lanes.
    pub live: bool,
    /// What it told while Play's model was still reading the prompt: its texts have no place before.
    pub held: Vec<Event>,
}

impl Other {
    /// One that is about to be loaded.
    pub fn new(engine: usize, source: &str) -> Self {
        Self {
            engine,
            source: source.to_owned(),
            model: None,
            loading: None,
            run: RunState::Loading,
            failed: None,
            live: false,
            held: Vec::new(),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.model
            .as_ref()
            .map_or(&self.source, |model| &model.name)
    }

    /// Its engine's texts are no lanes any more.
    pub fn end(&mut self) {
        self.live = false;
        self.held.clear();
    }
}

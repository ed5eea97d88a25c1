//! The tree of what could follow a text, a level at a time.

use super::{Ended, Worker};
use crate::decoding::{Chooser, DecodingError, Growing, TreeRoot};
use crate::engine::error::TextsError;
use crate::engine::{Event, GrowRequest, Subject};

/// A tree that grows.
pub(super) struct GrowingTree {
    /// The asker's own number for it.
    number: u64,
    chooser: Chooser,
    growing: Growing,
}

impl Worker {
    /// Puts another tree in place of the one that grows, or none.
    pub(super) fn start_growing(&mut self, wish: Option<GrowRequest>) -> Result<(), Ended> {
        self.growing = None;
        let Some(request) = wish else {
            return Ok(());
        };
        match self.planted(&request) {
            Ok(tree) => {
                self.growing = Some(tree);
                Ok(())
            }
            Err(error) => self.emit(Event::GrowFailed {
                number: request.tree,
                message: error.to_string(),
            }),
        }
    }

    /// A tree with nothing in it yet.
    fn planted(&mut self, request: &GrowRequest) -> Result<GrowingTree, TextsError> {
        let loaded = self.loaded.as_ref().ok_or(TextsError::NoModel)?;
        let (length, settings) = (request.position, request.settings);
        let (chooser, growing) = match request.subject {
            Subject::Draft => {
                let draft = self.draft.as_mut().ok_or(TextsError::NoText)?;
                let chooser = Chooser::new(loaded, &request.sampler, request.seed)?;
                let root = TreeRoot {
                    length,
                    prompt_len: draft.sequence().len(),
                    running: chooser.start(),
                    path: &request.path,
                };
                let sequence = draft.sequence_mut();
                let growing = Growing::at(loaded, sequence, root, &chooser, settings)?;
                (chooser, growing)
            }
            Subject::Text => {
                let shown = self.texts.run.as_mut();
                let text = shown
                    .and_then(|run| run.shown_mut(request.sample))
                    .ok_or(TextsError::NoText)?;
                let chooser = Chooser::new(loaded, &request.sampler, text.settings().seed)?;
                let place = (length, &request.path[..]);
                let growing = Growing::in_text(loaded, text, place, &chooser, settings)?;
                (chooser, growing)
            }
        };
        Ok(GrowingTree {
            number: request.tree,
            chooser,
            growing,
        })
    }

    /// Adds a level to the tree, unless something else comes first.
    pub(super) fn grow(&mut self) -> Result<(), Ended> {
        let (Some(tree), Some(loaded)) = (&mut self.growing, &self.loaded) else {
            self.growing = None;
            return Ok(());
        };
        let waits = || !self.messages.is_empty() || self.shared.has_grow();
        let number = tree.number;
        match tree.growing.step(loaded, &tree.chooser, &waits) {
            Ok(more) => {
                let grown = Event::Grown {
                    number,
                    tree: tree.growing.tree().clone(),
                    done: !more,
                };
                if !more {
                    self.growing = None;
                }
                self.emit(grown)
            }
            // What waits is served, and the level is gone on with.
            Err(DecodingError::Cancelled) => Ok(()),
            Err(error) => {
                self.growing = None;
                self.emit(Event::GrowFailed {
                    number,
                    message: error.to_string(),
                })
            }
        }
    }
}

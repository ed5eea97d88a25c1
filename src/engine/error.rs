//! Why the texts stay as they are, and why a run does not begin.

use std::io;

use crate::decoding::{BranchError, DecodingError, RestoreError};

/// What keeps a text from being looked at, cut, changed, exchanged or brought back.
#[derive(Debug, thiserror::Error)]
pub(super) enum TextsError {
    #[error("no model is loaded: load one first")]
    NoModel,
    #[error("there is no text yet: run a prompt first")]
    NoText,
    #[error("several samples cannot be cut or changed: take one of them first")]
    Several,
    #[error("a beam search cannot be cut or changed before it has ended")]
    Searching,
    #[error("a beam search is no text before it has ended")]
    NoSamples,
    #[error("there is no such sample")]
    NoSuchSample,
    #[error("a text that was drawn cannot be searched for: add a lane for beam search")]
    NoSearch,
    #[error("it is the only one: a lane must be left")]
    OnlyOne,
    #[error(
        "the saved texts hold token {id}, which this model's vocabulary of {vocabulary} does not have: load the model that they were made with"
    )]
    Foreign { id: u32, vocabulary: usize },
    #[error("the session's texts cannot be brought back: {0}")]
    Session(#[from] RestoreError),
    #[error("the saved text has no tokens")]
    Empty,
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Decoding(#[from] DecodingError),
}

/// What keeps a run of training from beginning.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("a run goes on already: stop it first")]
    Running,
    #[error("the trainer's thread cannot be started: {0}")]
    NoThread(#[source] io::Error),
}

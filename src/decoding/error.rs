//! What can go wrong while decoding.

use crate::model::ModelError;
use crate::sampling::SettingsError;
use crate::text::{ChatError, TextError};

/// An error of the token loop.
#[derive(Debug, thiserror::Error)]
pub enum DecodingError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error(
        "the prompt is empty and this model has no end-of-text token to start from: type a prompt"
    )]
    EmptyPrompt,
    #[error("there is no token {position} in a text of {length}")]
    NoSuchToken { position: usize, length: usize },
    #[error("token {id} is outside the model's vocabulary of {vocabulary}")]
    NoSuchId { id: u32, vocabulary: usize },
    #[error("the text is not yet read as far as token {position}")]
    NotRead { position: usize },
    #[error(
        "{base} and {tuned} have different tokens: only models with one tokenizer have distributions that can be compared"
    )]
    OtherTokens { base: String, tuned: String },
    #[error(
        "a window of {window} tokens: from 4 to the {context} of the shorter context are possible"
    )]
    WindowSize { window: usize, context: usize },
    #[error(
        "the text has {tokens} tokens, and two windows of {window} are needed: give a longer text or a smaller window"
    )]
    FewWindows { window: usize, tokens: usize },
    #[error("there is nothing to compare: give at least one way to draw")]
    NoLanes,
    #[error(
        "there is no base model to take the difference from: name it with --base or as model.base"
    )]
    NoBase,
    #[error(
        "guidance and difference read a second context, which a tree does not: set guidance_scale and difference_weight to 1"
    )]
    NoSecond,
    #[error(
        "no draft goes ahead of beam and contrastive search, adaptive-p, guidance and difference: choose another method, or set the scale and the weight to 1"
    )]
    NoDraft,
    #[error(
        "the grammar was too much for its library after {position} tokens ({why}): take a simpler one, or a shorter text"
    )]
    Grammar { position: usize, why: String },
    #[error("cancelled")]
    Cancelled,
}

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
    #[error("cancelled")]
    Cancelled,
}

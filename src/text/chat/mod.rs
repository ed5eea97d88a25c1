//! Chat templates: how a conversation is written down for a model that was trained on conversations.
//!
//! The template comes with the model and is Jinja, in the dialect of transformers' `apply_chat_template`. The cargo
//! feature `chat` reads it.

#[cfg(feature = "chat")]
mod clock;
#[cfg(feature = "chat")]
mod deep_stack;
#[cfg(not(feature = "chat"))]
mod left_out;
#[cfg(feature = "chat")]
mod methods;
#[cfg(feature = "chat")]
mod namespaces;
#[cfg(feature = "chat")]
mod tags;
#[cfg(feature = "chat")]
mod template;

use serde::Serialize;

#[cfg(not(feature = "chat"))]
pub use left_out::ChatTemplate;
#[cfg(feature = "chat")]
pub use template::ChatTemplate;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
}

impl Message {
    /// A turn of `role`.
    pub fn new(role: &str, content: &str) -> Self {
        Self {
            role: role.to_owned(),
            content: content.to_owned(),
        }
    }
}

/// A conversation could not be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: the chat template {problem}")]
pub struct ChatError {
    /// Where the template is from.
    pub origin: String,
    pub problem: String,
}

/// The tokens that templates name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SpecialTokens {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bos_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eos_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unk_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pad_token: Option<String>,
}

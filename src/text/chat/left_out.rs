//! What a program that was built without chat templates says instead of reading one.

use std::convert::Infallible;

use super::{ChatError, Message, SpecialTokens};

/// A template that was read: there is none.
#[derive(Debug)]
pub struct ChatTemplate(Infallible);

impl ChatTemplate {
    /// No template.
    ///
    /// # Errors
    /// Always: it cannot be read.
    pub fn new(_: String, origin: &str, _: SpecialTokens) -> Result<Self, ChatError> {
        Err(ChatError {
            origin: origin.to_owned(),
            problem: "cannot be read: this program was built without chat templates; build it with the cargo feature `chat`"
                .to_owned(),
        })
    }

    /// No text.
    ///
    /// # Errors
    /// None, since there is no template to render.
    pub fn render(&self, _: &[Message]) -> Result<String, ChatError> {
        match self.0 {}
    }
}

//! The chat template that comes with a model, and prompts written with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::file_names::{SPECIAL_TOKENS, TEMPLATE, TOKENIZER_CONFIG};
use super::files::Files;
use super::gguf::Gguf;
use crate::model::ModelError;
use crate::text::{ChatError, ChatTemplate, Message, SpecialTokens};

/// How prompts are put to a model that answers.
#[derive(Debug)]
pub struct Chat {
    template: ChatTemplate,
    /// What the model is told before the conversation, if anything.
    system: Option<String>,
}

impl Chat {
    /// Prompts as `template` has them. An empty `system` leaves it to the template what the model is told.
    pub fn new(template: ChatTemplate, system: &str) -> Self {
        let system = (!system.is_empty()).then(|| system.to_owned());
        Self { template, system }
    }

    /// `prompt` as a user's message, up to where the answer begins.
    ///
    /// # Errors
    /// When the template refuses or fails.
    pub fn render(&self, prompt: &str) -> Result<String, ChatError> {
        let system = self.system.as_deref();
        let system = system.map(|text| Message::new("system", text));
        let messages: Vec<Message> = system
            .into_iter()
            .chain([Message::new("user", prompt)])
            .collect();
        self.template.render(&messages)
    }
}

/// The fields of `tokenizer_config.json` and `special_tokens_map.json` that templates need.
#[derive(Debug, Default, Deserialize)]
struct TokenizerConfig {
    chat_template: Option<Templates>,
    bos_token: Option<Token>,
    eos_token: Option<Token>,
    unk_token: Option<Token>,
    pad_token: Option<Token>,
}

/// One template, or several by name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Named(Vec<NamedTemplate>),
}

#[derive(Debug, Deserialize)]
struct NamedTemplate {
    name: String,
    template: String,
}

/// A token as text, or with how it is matched.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Matched { content: String },
}

impl Token {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Matched { content: text } => text,
        }
    }
}

impl Templates {
    /// The one for plain conversations.
    fn into_default(self) -> Option<String> {
        match self {
            Self::One(template) => Some(template),
            Self::Named(templates) => {
                let mut by_name: BTreeMap<String, String> = templates
                    .into_iter()
                    .map(|named| (named.name, named.template))
                    .collect();
                by_name.remove("default")
            }
        }
    }
}

/// The template of a model in Hugging Face layout, if it has one.
///
/// # Errors
/// When it cannot be read.
pub(super) fn in_files(files: &Files) -> Result<Option<ChatTemplate>, ModelError> {
    let config: TokenizerConfig = read(files, TOKENIZER_CONFIG)?;
    let special: TokenizerConfig = read(files, SPECIAL_TOKENS)?;
    let token =
        |first: Option<Token>, second: Option<Token>| first.or(second).map(Token::into_text);
    let tokens = SpecialTokens {
        bos_token: token(config.bos_token, special.bos_token),
        eos_token: token(config.eos_token, special.eos_token),
        unk_token: token(config.unk_token, special.unk_token),
        pad_token: token(config.pad_token, special.pad_token),
    };
    let (source, file) = if files.has(TEMPLATE) {
        let source = String::from_utf8(files.read(TEMPLATE)?);
        let source = source.map_err(|error| {
            ModelError::file(files.label(TEMPLATE), format!("is no UTF-8: {error}"))
        })?;
        (source, TEMPLATE)
    } else {
        match config.chat_template.and_then(Templates::into_default) {
            Some(source) => (source, TOKENIZER_CONFIG),
            None => return Ok(None),
        }
    };
    Ok(Some(ChatTemplate::new(source, &files.label(file), tokens)?))
}

/// The template of a GGUF file, if it has one.
///
/// # Errors
/// When it cannot be read.
pub(super) fn in_gguf(file: &Gguf) -> Result<Option<ChatTemplate>, ModelError> {
    let Some(source) = file.text("tokenizer.chat_template") else {
        return Ok(None);
    };
    let token = |name: &str| file.token_text(name);
    let tokens = SpecialTokens {
        bos_token: token("bos"),
        eos_token: token("eos"),
        unk_token: token("unknown"),
        pad_token: token("padding"),
    };
    let template = ChatTemplate::new(source.to_owned(), file.name(), tokens)?;
    Ok(Some(template))
}

/// A file of JSON, or nothing where it is absent.
fn read<T: Default + for<'a> Deserialize<'a>>(files: &Files, name: &str) -> Result<T, ModelError> {
    if !files.has(name) {
        return Ok(T::default());
    }
    serde_json::from_slice(&files.read(name)?).map_err(|error| {
        ModelError::file(files.label(name), format!("cannot be understood: {error}"))
    })
}

//! Tokenizers, streaming detokenization, corpora, chat templates, and safe display of untrusted text.

mod chat;
pub mod corpus;
mod display;
pub mod encoding;
mod faults;
mod gpt2_files;
pub mod numbers;
mod pieces;
mod stream;
mod text_file;
mod tokenizer;
mod tokenizer_training;

pub use chat::{ChatError, ChatTemplate, Message, SpecialTokens};
pub use display::{brief, display_between, display_token, sanitize};
pub use faults::{panic_text, unless_panicked};
pub use gpt2_files::AddedToken;
pub use stream::StreamDecoder;
pub use text_file::read_text;
pub use tokenizer::{TextError, Tokenizer};
pub use tokenizer_training::{
    TokenizerKind, TokenizerSettings, TokenizerTrainingError, train_tokenizer,
};

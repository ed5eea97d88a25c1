//! What can be wrong with a model, each as one sentence: what, where, what to do.

use std::fmt::Display;

use super::gpu::Trouble;
use crate::text::{ChatError, TextError, brief};

/// candle's error without the backtrace that it carries where `RUST_BACKTRACE` is set: users get one sentence. What a
/// GPU's libraries tell by their codes is said in words.
pub fn plain(error: &candle_core::Error) -> String {
    let bare = bare(error).to_string();
    match Trouble::of(&bare) {
        Some(trouble) => trouble.while_running(),
        None => bare,
    }
}

fn bare(error: &candle_core::Error) -> &candle_core::Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => bare(inner),
        other => other,
    }
}

/// An error of loading or running a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The caller asked to stop.
    #[error("loading was cancelled")]
    Cancelled,
    /// candle or the device failed.
    #[error("the model failed: {}", plain(.0))]
    Device(#[from] candle_core::Error),
    /// The base of a model has other tokens than the model.
    #[error("{model} and its base {base} have different tokens: their odds cannot be compared")]
    OtherTokens { model: String, base: String },
    /// The source's name is neither `embedded`, a directory, nor a hub id, or names nothing that can be loaded.
    #[error("{0}")]
    Source(String),
    /// A file is missing, unreadable, or not what it should be.
    #[error("{file}: {problem}")]
    File { file: String, problem: String },
    /// One tensor of a file is missing or unusable.
    #[error("{file}: tensor `{tensor}` {problem}")]
    Tensor {
        file: String,
        tensor: String,
        problem: String,
    },
    /// The tokenizer cannot be read.
    #[error("{0}")]
    Tokenizer(#[from] TextError),
    /// The chat template cannot be read.
    #[error("{0}")]
    Chat(#[from] ChatError),
    /// The device or precision asked for cannot be had.
    #[error("{0}")]
    Setting(String),
    /// The hub refused, failed, or could not be reached.
    #[error("{0}")]
    Hub(String),
    /// A library did what it must not: the caller goes on without what was to be loaded.
    #[error(
        "loading failed by a fault of the program or of a library under it ({0}); load another model"
    )]
    Panicked(String),
    /// More tokens than the model can look at.
    #[error(
        "{wanted} tokens are more than the {length} that the model can look at; shorten the text or slide the window"
    )]
    ContextFull { wanted: usize, length: usize },
    /// A token id that the model has no embedding for.
    #[error("token {token} is outside of the model's vocabulary of {vocabulary}")]
    UnknownToken { token: u32, vocabulary: usize },
    /// A batched step got unequal numbers of tokens and caches.
    #[error("{tokens} tokens were given for {caches} caches; each cache takes exactly one")]
    UnequalBatch { tokens: usize, caches: usize },
    /// What the model computes are no numbers, from some place on.
    #[error(
        "the model computes what is no number (NaN or an infinity), first in {place}: its weights are damaged, or too large for this precision; fetch them again, or choose another model or precision"
    )]
    NotNumbers { place: String },
    /// There is not enough memory for it.
    #[error("{0}")]
    NoMemory(String),
    /// A cache or a row of hidden states that another model made.
    #[error("{0}")]
    Foreign(String),
}

impl ModelError {
    /// A file's problem. `problem` may quote the file: control characters are escaped.
    pub(super) fn file(file: impl Into<String>, problem: impl Display) -> Self {
        Self::File {
            file: file.into(),
            problem: visible(&problem.to_string()),
        }
    }

    /// A tensor's problem. The tensor's name comes from the file: control characters are escaped.
    pub(super) fn tensor(file: impl Into<String>, tensor: &str, problem: impl Display) -> Self {
        Self::Tensor {
            file: file.into(),
            tensor: visible(tensor),
            problem: visible(&problem.to_string()),
        }
    }
}

/// `work`, with a panic in it as an error: what untrusted files and servers make libraries do ends no more than the
/// loading.
///
/// # Errors
/// As `work`, and when it panics.
pub(super) fn unless_panicked<T>(
    work: impl FnOnce() -> Result<T, ModelError>,
) -> Result<T, ModelError> {
    crate::text::unless_panicked(work)
        .unwrap_or_else(|message| Err(ModelError::Panicked(visible(&message))))
}

/// `text` with control characters escaped and not too long, for names and messages that come from files or servers.
pub(super) fn visible(text: &str) -> String {
    let escaped: String = brief(text)
        .chars()
        .flat_map(|c| {
            let escape = c.is_control();
            let escaped = escape.then(|| c.escape_default()).into_iter().flatten();
            escaped.chain((!escape).then_some(c))
        })
        .collect();
    // Again, since what is escaped is longer.
    brief(&escaped).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_is_short_however_it_is_escaped() {
        let shown = visible(&"\0\u{1b}[2J".repeat(10_000));
        assert!(shown.len() < 1100, "{}", shown.len());
        assert!(!shown.contains(char::is_control));
    }

    #[test]
    fn names_from_files_cannot_steer_the_terminal() {
        let error = ModelError::tensor("a.safetensors", "h.0\u{1b}[2J", "is missing");
        assert_eq!(
            error.to_string(),
            "a.safetensors: tensor `h.0\\u{1b}[2J` is missing"
        );
        assert_eq!(visible("wörter 你好\n"), "wörter 你好\\n");
    }

    #[test]
    fn a_panic_is_an_error_like_others() {
        let loaded = unless_panicked(|| -> Result<(), _> { panic!("index\u{7} out of bounds") });
        assert_eq!(
            loaded.expect_err("it panicked").to_string(),
            "loading failed by a fault of the program or of a library under it (index\\u{7} out of bounds); load another model"
        );
        assert_eq!(unless_panicked(|| Ok(1)).expect("no panic"), 1);
    }

    #[test]
    fn a_backtrace_is_not_for_users() {
        let error = candle_core::Error::WithBacktrace {
            inner: Box::new(candle_core::Error::Msg("out of memory".to_owned())),
            backtrace: Box::new(std::backtrace::Backtrace::force_capture()),
        };
        let shown = ModelError::from(error).to_string();
        assert_eq!(shown, "the model failed: out of memory");
        let code = "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
        let error = candle_core::Error::Cuda(code.into()).bt().context("head");
        let shown = ModelError::from(error).to_string();
        assert!(
            shown.starts_with("the model failed: the GPU has no memory left: load a smaller model"),
            "{shown}"
        );
    }
}

//! How a subcommand ends when it does not end well, and with which exit code.

use std::fmt::Display;
use std::io;

/// Why a subcommand ended early.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The arguments or the configuration are wrong. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Something failed. Exit code 1.
    #[error("{0}")]
    Failed(String),
    /// A run's loss became no number. Exit code 3.
    #[error("{0}")]
    Diverged(String),
    /// The user interrupted. Exit code 130, as shells report SIGINT.
    #[error("interrupted")]
    Interrupted,
    /// Whoever read our output has seen enough. Exit code 0.
    #[error("the output was closed")]
    ClosedPipe,
}

impl CliError {
    /// A failure with its sentence.
    pub fn failed(error: impl Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// A mistake in the arguments with its sentence.
    pub fn usage(error: impl Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Diverged(_) => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::failed(error),
        }
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

impl From<crate::decoding::DecodingError> for CliError {
    fn from(error: crate::decoding::DecodingError) -> Self {
        match error {
            crate::decoding::DecodingError::Cancelled => Self::Interrupted,
            other => Self::failed(other),
        }
    }
}

impl From<crate::text::TextError> for CliError {
    fn from(error: crate::text::TextError) -> Self {
        Self::failed(error)
    }
}

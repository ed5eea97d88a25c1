//! What can go wrong in training, each as one sentence: what, where, what to do.

use std::io;
use std::path::Path;

use super::FinishReason;
use crate::decoding::DecodingError;
use crate::model::ModelError;
use crate::text::corpus::CorpusError;
use crate::text::{TextError, TokenizerTrainingError};

/// A run could not begin, or ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// A setting contradicts itself or another.
    #[error("{0}")]
    Setting(String),
    /// The corpus is not what is needed.
    #[error("{0}")]
    Data(String),
    #[error("{0}")]
    Corpus(CorpusError),
    #[error("{0}")]
    Text(#[from] TextError),
    #[error("{0}")]
    Model(#[from] ModelError),
    #[error("sampling failed: {0}")]
    Decoding(#[from] DecodingError),
    /// candle or the device failed.
    #[error("the computation failed: {}", crate::model::plain(.0))]
    Device(#[from] candle_core::Error),
    /// A file cannot be read or written.
    #[error("{file}: {problem}")]
    File { file: String, problem: String },
    /// A file cannot be written for want of room.
    #[error("{file}: {problem}")]
    DiskFull { file: String, problem: String },
    /// What is to be done needs more memory than there is.
    #[error("{0}")]
    NoMemory(String),
    /// A run of this name exists, is in use, or does not exist.
    #[error("{0}")]
    Run(String),
    /// The loss or the gradients are no numbers any more.
    #[error(
        "{what} at step {step} is {value}: the run was stopped, and {kept}; try a lower learning rate"
    )]
    NotFinite {
        what: &'static str,
        step: u64,
        value: f64,
        /// What is kept, as a clause.
        kept: String,
    },
    /// The weights became useless, though they are numbers.
    #[error(
        "{problem}: the run was stopped, and {kept}; `runs resume` goes on with it at a lower --learning-rate"
    )]
    Diverged {
        problem: String,
        /// What is kept, as a clause.
        kept: String,
    },
    /// The caller asked to stop before the first step.
    #[error("stopped before the first step")]
    Cancelled,
}

impl TrainingError {
    /// What a run that ended with this ended of.
    pub(super) fn reason(&self) -> FinishReason {
        match self {
            Self::NotFinite { .. } | Self::Diverged { .. } => FinishReason::Diverged,
            Self::DiskFull { .. } => FinishReason::DiskFull,
            _ => FinishReason::Failed,
        }
    }

    /// A file's problem, with what helps against the frequent ones.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space",
            io::ErrorKind::FileTooLarge => "; raise the limit of what a file may hold (ulimit -f)",
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                "; choose a directory that can be written to"
            }
            _ => "",
        };
        let file = path.display().to_string();
        let problem = format!("{error}{advice}");
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::DiskFull { file, problem },
            _ => Self::File { file, problem },
        }
    }
}

impl TrainingError {
    /// The same, and what is to be done next where the disk was full.
    pub(super) fn and_then(self, next: &str) -> Self {
        match self {
            Self::DiskFull { file, problem } => Self::DiskFull {
                file,
                problem: format!("{problem} {next}"),
            },
            other => other,
        }
    }
}

impl From<CorpusError> for TrainingError {
    fn from(error: CorpusError) -> Self {
        match error {
            CorpusError::Cancelled => Self::Cancelled,
            other => Self::Corpus(other),
        }
    }
}

impl From<TokenizerTrainingError> for TrainingError {
    fn from(error: TokenizerTrainingError) -> Self {
        match error {
            TokenizerTrainingError::Corpus(error) => error.into(),
            TokenizerTrainingError::Text(error) => error.into(),
        }
    }
}

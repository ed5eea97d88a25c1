//! The files of one model, wherever they lie.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::PathBuf;

use super::ModelError;
use super::bounds::{largest, too_large};
use super::embedded;
use super::safetensors_file::Source;
use crate::text::encoding::unmarked;

/// A place that holds a model in Hugging Face layout.
#[derive(Debug, Clone)]
pub(super) enum Files {
    Directory(PathBuf),
    /// Inside of this program.
    Embedded,
}

impl Files {
    /// A file's name in errors.
    pub(super) fn label(&self, name: &str) -> String {
        match self {
            Self::Directory(path) => path.join(name).display().to_string(),
            Self::Embedded => format!("embedded model, {name}"),
        }
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Directory(path) => path.join(name).is_file(),
            Self::Embedded => embedded::file(name).is_some(),
        }
    }

    /// A whole file, for the small ones, which are texts: as UTF-8 without a mark.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, ModelError> {
        match self {
            Self::Directory(path) => {
                let most = largest(name).unwrap_or(u64::MAX);
                let file = File::open(path.join(name));
                let mut bytes = Vec::new();
                // One more than it may have: a file can grow while it is read.
                file.and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
                    .map_err(|error| self.unreadable(name, &error))?;
                match too_large(name, bytes.len() as u64) {
                    None => Ok(unmarked(bytes)),
                    Some(problem) => Err(ModelError::file(self.label(name), problem)),
                }
            }
            Self::Embedded => Ok(self.embedded(name)?.to_vec()),
        }
    }

    /// A file to read from in pieces.
    pub(super) fn open(&self, name: &str) -> Result<Box<dyn Source>, ModelError> {
        match self {
            Self::Directory(path) => {
                let file =
                    File::open(path.join(name)).map_err(|error| self.unreadable(name, &error))?;
                Ok(Box::new(file))
            }
            Self::Embedded => Ok(Box::new(Cursor::new(self.embedded(name)?))),
        }
    }

    fn embedded(&self, name: &str) -> Result<&'static [u8], ModelError> {
        embedded::file(name).ok_or_else(|| ModelError::file(self.label(name), "does not exist"))
    }

    fn unreadable(&self, name: &str, error: &std::io::Error) -> ModelError {
        let problem = match error.kind() {
            ErrorKind::NotFound => {
                "does not exist, but a model in Hugging Face layout needs it".to_owned()
            }
            _ => format!("cannot be read: {error}"),
        };
        ModelError::file(self.label(name), problem)
    }
}

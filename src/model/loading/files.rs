//! The files of one model, wherever they lie.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::PathBuf;

use super::bounds::{largest, too_large};
use super::embedded;
use super::safetensors_file::Source;
use crate::model::ModelError;
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
        let bytes = match self {
            Self::Directory(path) => {
                let most = largest(name).unwrap_or(u64::MAX);
                let file = File::open(path.join(name));
                let mut bytes = Vec::new();
                // One more than it may have: a file can grow while it is read.
                file.and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
                    .map_err(|error| self.unreadable(name, &error))?;
                if let Some(problem) = too_large(name, bytes.len() as u64) {
                    return Err(ModelError::file(self.label(name), problem));
                }
                unmarked(bytes)
            }
            Self::Embedded => self.embedded(name)?.to_vec(),
        };
        match pointer(&bytes) {
            Some(problem) => Err(ModelError::file(self.label(name), problem)),
            None => Ok(bytes),
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

/// What every Git LFS pointer begins with, and more than the longest one has.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
const LONGEST_POINTER: usize = 1024;

/// The problem of a file that is what Git LFS keeps in place of a large one, as the rest of a sentence.
pub(super) fn pointer(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(LONGEST_POINTER))?).ok()?;
    if !text.as_bytes().starts_with(POINTER) {
        return None;
    }
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    let size = size.map_or_else(String::new, |size| format!(" of {size} bytes"));
    Some(format!(
        "is a Git LFS pointer and not the file{size} itself; run `git lfs pull` where it was cloned, or download the file"
    ))
}

/// As [`pointer`], for a source, which is left at its beginning.
///
/// # Errors
/// When it cannot be read.
pub(super) fn pointer_in(source: &mut dyn Source) -> std::io::Result<Option<String>> {
    let mut start = Vec::new();
    source.rewind()?;
    source
        .take(LONGEST_POINTER as u64)
        .read_to_end(&mut start)?;
    source.rewind()?;
    Ok(pointer(&start))
}

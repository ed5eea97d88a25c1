//! The files of a corpus, and what tells their contents apart from others.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::embedded::embedded;
use super::open::open_raw;
use super::{CorpusError, CorpusSettings};

/// A file of a corpus.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// The files that paths name; a directory names all files below it, in the order of their paths.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<Found>, CorpusError> {
    let mut found = Vec::new();
    for path in paths {
        visit(path, &mut found)?;
    }
    Ok(found)
}

fn visit(path: &Path, found: &mut Vec<Found>) -> Result<(), CorpusError> {
    if let Some(bytes) = embedded(path) {
        found.push(Found {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
        });
        return Ok(());
    }
    let wrong = |error: std::io::Error| CorpusError::file(path, error);
    let data = fs::metadata(path).map_err(wrong)?;
    if !data.is_dir() {
        found.push(Found {
            path: path.to_owned(),
            bytes: data.len(),
        });
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(wrong)?;
    let mut inside = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(wrong)?;
    inside.sort();
    for path in inside {
        let name = path.file_name().unwrap_or_default();
        if !name.to_string_lossy().starts_with('.') {
            visit(&path, found)?;
        }
    }
    Ok(())
}

/// A name for what a corpus reads as: its files' bytes and how they are read, with `more` beside. Equal for equal
/// contents wherever they lie.
///
/// # Errors
/// When a file cannot be read.
pub fn content_key(settings: &CorpusSettings, more: &[u8]) -> Result<String, CorpusError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    for file in files(&settings.files)? {
        let wrong = |error: std::io::Error| CorpusError::file(&file.path, error);
        // The ending says how it is read.
        hash.update(file.path.extension().unwrap_or_default().as_encoded_bytes());
        hash.update(file.bytes.to_le_bytes());
        let mut reader = open_raw(&file.path)?;
        loop {
            let read = reader.read(&mut buffer).map_err(wrong)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
        }
    }
    let how = CorpusSettings {
        files: Vec::new(),
        strict: false,
        ..settings.clone()
    };
    hash.update(serde_json::to_vec(&how).unwrap_or_default());
    hash.update(more);
    let digest = hash.finalize();
    Ok(digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

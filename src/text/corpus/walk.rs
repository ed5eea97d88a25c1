//! The files of a corpus, and what tells their contents apart from others.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::embedded::embedded;
use super::open::{Kind, kind, open_raw};
use super::{CorpusError, CorpusSettings};

/// A file of a corpus.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// Whether it was named itself, not found in a directory.
    pub(super) named: bool,
}

/// The files of a corpus, and those of its directories that are none of it.
pub(super) struct Files {
    pub(super) used: Vec<Found>,
    pub(super) left_out: Vec<Found>,
}

/// The files that a corpus names; a directory names all files below it, in the order of their paths.
pub(super) fn files(settings: &CorpusSettings) -> Result<Files, CorpusError> {
    let mut found = Vec::new();
    for path in &settings.files {
        visit(path, true, &mut found)?;
    }
    let (used, left_out) = found
        .into_iter()
        .partition(|file| file.named || may_have(settings, &file.path));
    Ok(Files { used, left_out })
}

/// Whether a file may have the column or field that is asked for; true where none is.
fn may_have(settings: &CorpusSettings, path: &Path) -> bool {
    let (column, field) = (settings.column.is_some(), settings.field.is_some());
    match kind(path) {
        _ if !column && !field => true,
        Some(Kind::Table(_)) => column,
        Some(Kind::Json | Kind::JsonLines) => field,
        Some(Kind::Text) | None => false,
    }
}

fn visit(path: &Path, named: bool, found: &mut Vec<Found>) -> Result<(), CorpusError> {
    let mut add = |bytes: u64| {
        found.push(Found {
            path: path.to_owned(),
            bytes,
            named,
        });
    };
    if let Some(bytes) = embedded(path) {
        add(bytes.len() as u64);
        return Ok(());
    }
    let wrong = |error: std::io::Error| CorpusError::file(path, error);
    let data = fs::metadata(path).map_err(wrong)?;
    if !data.is_dir() {
        add(data.len());
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
            visit(&path, false, found)?;
        }
    }
    Ok(())
}

/// Counts up when texts are read in another way than before, so that what was encoded then is not taken for the same.
const READING: u64 = 2;

/// A name for what a corpus reads as: its files' bytes and how they are read, with `more` beside. Equal for equal
/// contents wherever they lie. `go_on` is asked now and then and may break off.
///
/// # Errors
/// When a file cannot be read, or `go_on` says so.
pub fn content_key(
    settings: &CorpusSettings,
    more: &[u8],
    go_on: &mut dyn FnMut() -> Result<(), CorpusError>,
) -> Result<String, CorpusError> {
    let mut hash = Sha256::new();
    hash.update(READING.to_le_bytes());
    let mut buffer = vec![0; 1 << 20];
    for file in files(settings)?.used {
        let wrong = |error: std::io::Error| CorpusError::file(&file.path, error);
        // The ending says how it is read.
        hash.update(file.path.extension().unwrap_or_default().as_encoded_bytes());
        hash.update(file.bytes.to_le_bytes());
        let mut reader = open_raw(&file.path)?;
        loop {
            go_on()?;
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

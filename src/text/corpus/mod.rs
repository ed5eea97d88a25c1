//! Corpora: documents out of text files, directories, tables and JSON, packed or not, one after the other without
//! holding a file in memory. What cannot be read is named with its file and line.

mod csv_rows;
mod embedded;
mod filter;
mod json;
mod open;
mod skipped;
mod text_files;
mod walk;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::embedded::WEATHER;
use self::filter::Excluded;
pub use self::filter::{Filters, Normalisation, standardise};
pub use self::skipped::{Reason, Skipped, SkippedRow};
pub use self::walk::content_key;

/// How a text file is cut into documents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Not at all.
    #[default]
    File,
    /// One a line.
    Lines,
    /// At a text such as `<|endoftext|>`.
    At(String),
}

/// Where texts are and how they are read. The file's name says what it is: `.txt` (and any other name), `.csv`, `.tsv`,
/// `.jsonl`, `.json`, each also with `.gz` or `.xz`; a directory is read file by file, in the order of their names.
/// [`WEATHER`] stands for the text inside of the program.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorpusSettings {
    pub files: Vec<PathBuf>,
    pub split: Split,
    /// The column of a table; a table of one column needs no name.
    pub column: Option<String>,
    /// The field of a JSON record; a list in it is joined with line breaks. Dots lead into objects.
    pub field: Option<String>,
    /// Put around the texts of a table: start and end. Without it a table of one column gets `<|startoftext|>` and
    /// `<|endoftext|>`, as gpt-2-simple does it.
    pub wrap: Option<(String, String)>,
    pub filters: Filters,
    /// Whether a row that cannot be read is an error.
    pub strict: bool,
}

/// Part of a document. Long ones come in several pieces, cut at line breaks that no token crosses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Whether the document ends with it.
    pub last: bool,
}

/// A corpus cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    #[error("{path}: {problem}")]
    File { path: String, problem: String },
    /// With `strict`.
    #[error("{0}")]
    Row(SkippedRow),
    /// The caller asked to stop.
    #[error("reading the corpus was cancelled")]
    Cancelled,
    /// The one who takes the documents failed.
    #[error("{0}")]
    Sink(String),
}

impl CorpusError {
    fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.display().to_string(),
            problem: problem.to_string(),
        }
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ReadProgress {
    /// Bytes of the files as they lie, packed or not.
    pub bytes: u64,
    pub total_bytes: u64,
    pub documents: u64,
    pub skipped: u64,
}

/// Takes pieces of documents. An error ends the reading.
pub trait Sink {
    /// Takes a piece.
    ///
    /// # Errors
    /// As it likes; the reading ends with it.
    fn piece(&mut self, piece: Piece, progress: &ReadProgress) -> Result<(), CorpusError>;
}

impl<F: FnMut(Piece, &ReadProgress) -> Result<(), CorpusError>> Sink for F {
    fn piece(&mut self, piece: Piece, progress: &ReadProgress) -> Result<(), CorpusError> {
        self(piece, progress)
    }
}

/// Reads all documents into `sink` and returns what was skipped.
///
/// # Errors
/// When a file cannot be opened or unpacked, a column or field is in no row, with `strict` at the first bad row, and
/// when the sink fails.
pub fn read(settings: &CorpusSettings, sink: &mut dyn Sink) -> Result<Skipped, CorpusError> {
    let files = walk::files(&settings.files)?;
    let mut reader = Reader {
        settings,
        sink,
        skipped: Skipped::default(),
        progress: ReadProgress {
            total_bytes: files.iter().map(|file| file.bytes).sum(),
            ..ReadProgress::default()
        },
        open_document: false,
        excluded: Excluded::new(&settings.filters.exclude),
    };
    for file in &files {
        let before = reader.progress.bytes;
        reader.file(&file.path)?;
        reader.progress.bytes = before + file.bytes;
    }
    Ok(reader.skipped)
}

/// What the readers of the formats share.
struct Reader<'a> {
    settings: &'a CorpusSettings,
    sink: &'a mut dyn Sink,
    skipped: Skipped,
    progress: ReadProgress,
    /// Whether pieces of a document were handed on without its last.
    open_document: bool,
    excluded: Excluded,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path) -> Result<(), CorpusError> {
        let (input, kind) = open::open(path)?;
        let position = input.position();
        let start = self.progress.bytes;
        match kind {
            open::Kind::Text => self.text(path, input, &|| start + position.get()),
            open::Kind::Table(separator) => {
                self.table(path, input, separator, &|| start + position.get())
            }
            open::Kind::JsonLines => self.json_lines(path, input, &|| start + position.get()),
            open::Kind::Json => self.json(path, input, &|| start + position.get()),
        }
    }

    /// Hands a whole document on, if it passes the filters.
    fn document(
        &mut self,
        path: &Path,
        line: u64,
        text: &str,
        bytes: u64,
    ) -> Result<(), CorpusError> {
        self.progress.bytes = bytes;
        if let Some(text) = self.filtered(path, line, text)? {
            self.hand_on(text, true)?;
        }
        Ok(())
    }

    fn filtered(
        &mut self,
        path: &Path,
        line: u64,
        text: &str,
    ) -> Result<Option<String>, CorpusError> {
        let allowed = self.allowed(path, line, text)?;
        if allowed.is_empty() && !text.is_empty() {
            // Each of its lines is counted already.
            return Ok(None);
        }
        match self.settings.filters.apply(&allowed) {
            Ok(text) => Ok(Some(text)),
            Err(reason) => {
                self.skip(path, line, reason)?;
                Ok(None)
            }
        }
    }

    /// A text that begins at `line`, without the lines that hold an excluded word.
    fn allowed<'a>(
        &mut self,
        path: &Path,
        line: u64,
        text: &'a str,
    ) -> Result<Cow<'a, str>, CorpusError> {
        let (text, left_out) = self.excluded.apply(text);
        for number in left_out {
            self.skip(path, line + number, Reason::Excluded)?;
        }
        Ok(text)
    }

    fn hand_on(&mut self, text: String, last: bool) -> Result<(), CorpusError> {
        self.open_document = !last;
        self.progress.documents += u64::from(last);
        self.sink.piece(Piece { text, last }, &self.progress)
    }

    fn skip(&mut self, path: &Path, line: u64, reason: Reason) -> Result<(), CorpusError> {
        let row = SkippedRow {
            file: path.display().to_string(),
            line,
            reason,
        };
        if self.settings.strict && row.reason.is_fault() {
            return Err(CorpusError::Row(row));
        }
        self.progress.skipped += 1;
        self.skipped.add(row);
        Ok(())
    }
}

//! Corpora: documents out of text files, directories, tables and JSON, packed or not, one after the other without
//! holding a file in memory. What cannot be read is named with its file and line.

mod chat_rows;
mod cuts;
mod embedded;
mod filter;
mod json;
mod open;
mod rows;
mod separator;
mod skipped;
mod table;
mod tally;
mod text_files;
mod walk;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::cuts::of_short_words;
pub use self::embedded::WEATHER;
use self::filter::Excluded;
pub use self::filter::{Filters, Normalisation, standardise};
pub use self::skipped::{Reason, Skipped, SkippedKind, SkippedRow};
pub use self::tally::{Remark, Tally};
pub use self::walk::content_key;
use super::encoding::MALFORMED;

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
/// `.jsonl`, `.json`, each also with `.gz` or `.xz`; a directory is read file by file, in the order of their names,
/// where a column or field is named without the files that have none. [`WEATHER`] stands for the text inside of the
/// program. Texts are UTF-8, or UTF-16 with its mark; their line breaks are read as LF.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorpusSettings {
    pub files: Vec<PathBuf>,
    pub split: Split,
    /// The column of a table; a table of one column needs no name.
    pub column: Option<String>,
    /// What stands between the columns of a table, an ASCII character; found by itself where it is clear.
    pub separator: Option<char>,
    /// The field of a JSON record. Dots lead into objects.
    pub field: Option<String>,
    /// What a list of texts in a JSON record is joined with.
    pub join: String,
    /// Put around the texts of a table: start and end. Without it a table of one column gets `<|startoftext|>` and
    /// `<|endoftext|>`, as gpt-2-simple does it.
    pub wrap: Option<(String, String)>,
    pub filters: Filters,
    /// Whether anything that cannot be read is an error, instead of being left out and counted.
    pub strict: bool,
}

impl Default for CorpusSettings {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            split: Split::default(),
            column: None,
            separator: None,
            field: None,
            join: "\n".to_owned(),
            wrap: None,
            filters: Filters::default(),
            strict: false,
        }
    }
}

/// Part of a document. Long ones come in several pieces, cut between lines or words where no token crosses; one that
/// has none for a megabyte is cut between two characters.
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

/// Whether a path leads to a plain file of text by its name: no directory, not packed, neither table nor JSON.
pub fn is_plain(path: &Path) -> bool {
    let text = matches!(open::kind(path), Some(open::Kind::Text));
    text && !open::is_packed(path) && !path.is_dir() && embedded::embedded(path).is_none()
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

/// Reads all documents into `sink` and returns what became of them.
///
/// # Errors
/// When a file cannot be opened or unpacked, is no valid JSON or a table whose columns are not clear, a column is in no
/// table, records are conversations, with `strict` at the first thing that would be left out, and when the sink fails.
pub fn read(settings: &CorpusSettings, sink: &mut dyn Sink) -> Result<Tally, CorpusError> {
    let files = walk::files(settings)?;
    let mut reader = Reader {
        settings,
        sink,
        tally: Tally::default(),
        progress: ReadProgress {
            total_bytes: files.used.iter().map(|file| file.bytes).sum(),
            ..ReadProgress::default()
        },
        open_document: false,
        returns: false,
        excluded: Excluded::new(&settings.filters.exclude),
    };
    for file in &files.left_out {
        reader.skip(&file.path, 0, file.bytes, Reason::OtherKind)?;
    }
    for file in &files.used {
        let before = reader.progress.bytes;
        reader.file(file)?;
        reader.progress.bytes = before + file.bytes;
    }
    Ok(reader.tally)
}

/// What the readers of the formats share.
struct Reader<'a> {
    settings: &'a CorpusSettings,
    sink: &'a mut dyn Sink,
    tally: Tally,
    progress: ReadProgress,
    /// Whether pieces of a document were handed on without its last.
    open_document: bool,
    /// Whether a text of the file had line breaks of other systems.
    returns: bool,
    excluded: Excluded,
}

impl Reader<'_> {
    fn file(&mut self, file: &walk::Found) -> Result<(), CorpusError> {
        let path = &file.path;
        let name = path.display().to_string();
        let (input, kind) = open::open(path)?;
        let input = match input {
            Ok(input) => input,
            // A directory may hold what is none of its texts; a file that was named is to be read.
            Err(problem) if file.named => return Err(CorpusError::file(path, problem)),
            Err(problem) => {
                let reason = Reason::NoText(problem.to_string());
                return self.skip(path, 0, file.bytes, reason);
            }
        };
        self.tally.files += 1;
        self.tally.bytes += file.bytes;
        if input.is_utf16() {
            self.tally.remark(&name, "is UTF-16");
        }
        let (position, line_breaks) = (input.position(), input.line_breaks());
        let start = self.progress.bytes;
        let bytes = || start + position.get();
        match kind {
            open::Kind::Text => self.text(path, input, &bytes),
            open::Kind::Table(separator) => self.table(path, input, separator, &bytes),
            open::Kind::JsonLines => self.json(path, input, true, &bytes),
            open::Kind::Json => self.json(path, input, false, &bytes),
        }?;
        // Between JSON's records they are no part of a text.
        let is_json = matches!(kind, open::Kind::Json | open::Kind::JsonLines);
        if std::mem::take(&mut self.returns) || (line_breaks.get() > 0 && !is_json) {
            self.tally.remark(&name, RETURNS);
        }
        Ok(())
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
        if text.contains(MALFORMED) {
            return self.skip(path, line, lost(text), Reason::NotUtf8);
        }
        if let Some(text) = self.filtered(path, line, text)? {
            self.hand_on(&text, true)?;
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
                self.skip(path, line, allowed.len() as u64, reason)?;
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
        for (number, bytes) in left_out {
            self.skip(path, line + number, bytes, Reason::Excluded)?;
        }
        Ok(text)
    }

    /// Hands the text of a document on, in pieces where it is long.
    fn hand_on(&mut self, text: &str, last: bool) -> Result<(), CorpusError> {
        self.open_document = !last;
        self.tally.text_bytes += text.len() as u64;
        self.tally.documents += u64::from(last);
        self.progress.documents = self.tally.documents;
        let mut pieces = cuts::pieces(text).peekable();
        while let Some(piece) = pieces.next() {
            let piece = Piece {
                text: piece.to_owned(),
                last: last && pieces.peek().is_none(),
            };
            self.sink.piece(piece, &self.progress)?;
        }
        Ok(())
    }

    /// Notes that so many bytes of text are left out.
    fn skip(
        &mut self,
        path: &Path,
        line: u64,
        bytes: u64,
        reason: Reason,
    ) -> Result<(), CorpusError> {
        let row = SkippedRow {
            file: path.display().to_string(),
            line,
            reason,
        };
        if self.settings.strict && row.reason.is_fault() {
            return Err(CorpusError::Row(row));
        }
        self.progress.skipped += 1;
        self.tally.skipped.add(row, bytes);
        Ok(())
    }
}

/// What is said of a file with line breaks of other systems.
const RETURNS: &str = "has line breaks CR LF or CR, read as LF";

/// Bytes of a text that has malformed ones, each of which came as a character of three.
fn lost(text: &str) -> u64 {
    (text.len() - text.matches(MALFORMED).count() * (MALFORMED.len_utf8() - 1)) as u64
}

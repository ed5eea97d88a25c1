//! Opening a file: what it is by its name, unpacked and decoded, with the place in the packed file known.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::CorpusError;
use super::embedded::embedded;
use crate::text::encoding::{NoText, Utf8Reader};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// With this between the columns, as its name has it.
    Table(u8),
    JsonLines,
    Json,
}

/// The text of a file.
pub(super) struct Input {
    reader: Utf8Reader<Box<dyn Read>>,
    position: Rc<Cell<u64>>,
}

impl Input {
    /// Bytes of the packed file that were read so far.
    pub(super) fn position(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.position)
    }

    /// How many line breaks came as CR LF or CR so far.
    pub(super) fn line_breaks(&self) -> Rc<Cell<u64>> {
        self.reader.line_breaks()
    }

    /// Whether the file is UTF-16.
    pub(super) fn is_utf16(&self) -> bool {
        self.reader.is_utf16()
    }

    /// Reads on to the end of the line, or until `line` has `most` bytes and whole characters. Returns whether the line
    /// ended there, none at the end of the text.
    pub(super) fn read_part(&mut self, line: &mut String, most: usize) -> io::Result<Option<bool>> {
        let mut bytes = std::mem::take(line).into_bytes();
        loop {
            let found = self.fill_buf()?;
            let end = found.iter().position(|byte| *byte == b'\n');
            let wanted = end.map_or(found.len(), |end| end + 1);
            let mut taken = wanted.min(most.saturating_sub(bytes.len()).max(1));
            while taken < wanted && is_within_character(found[taken]) {
                taken += 1;
            }
            bytes.extend_from_slice(&found[..taken]);
            let (over, ended) = (found.is_empty(), end.is_some() && taken == wanted);
            self.consume(taken);
            let whole = self
                .fill_buf()?
                .first()
                .is_none_or(|next| !is_within_character(*next));
            if over || ended || (bytes.len() >= most && whole) {
                let text = String::from_utf8(bytes);
                *line = text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                return Ok((!over || !line.is_empty()).then_some(ended));
            }
        }
    }
}

fn is_within_character(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

/// Counts the bytes that go through.
struct Counting<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// The name without what says that it is packed, in lower case, and that ending.
fn endings(path: &Path) -> (String, Option<&'static str>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    for packed in [".gz", ".xz"] {
        if let Some(rest) = name.strip_suffix(packed) {
            return (rest.to_owned(), Some(packed));
        }
    }
    (name, None)
}

/// Whether its name says that it is packed.
pub(super) fn is_packed(path: &Path) -> bool {
    endings(path).1.is_some()
}

/// What a file holds by its name; none for an archive.
pub(super) fn kind(path: &Path) -> Option<Kind> {
    let (name, _) = endings(path);
    match name.rsplit('.').next() {
        Some("csv") => Some(Kind::Table(b',')),
        Some("tsv") => Some(Kind::Table(b'\t')),
        Some("jsonl" | "ndjson") => Some(Kind::JsonLines),
        Some("json") => Some(Kind::Json),
        Some("tar") => None,
        _ => Some(Kind::Text),
    }
}

/// The bytes of a file as they lie.
pub(super) fn open_raw(path: &Path) -> Result<Box<dyn Read>, CorpusError> {
    if let Some(bytes) = embedded(path) {
        return Ok(Box::new(bytes));
    }
    let file = File::open(path).map_err(|error| CorpusError::file(path, error))?;
    Ok(Box::new(file))
}

/// Opens a file. The inner result says why it holds no text.
pub(super) fn open(path: &Path) -> Result<(Result<Input, NoText>, Kind), CorpusError> {
    let kind = kind(path).ok_or_else(|| {
        CorpusError::file(path, "is an archive; unpack it and name the directory")
    })?;
    let file = open_raw(path)?;
    let position = Rc::new(Cell::new(0));
    let counted = BufReader::with_capacity(
        1 << 16,
        Counting {
            inner: file,
            count: Rc::clone(&position),
        },
    );
    let reader: Box<dyn Read> = match endings(path).1 {
        Some(".gz") => Box::new(MultiGzDecoder::new(counted)),
        Some(_) => Box::new(XzReader::new(counted, true)),
        None => Box::new(counted),
    };
    let reader = Utf8Reader::new(reader).map_err(|error| CorpusError::file(path, error))?;
    Ok((reader.map(|reader| Input { reader, position }), kind))
}

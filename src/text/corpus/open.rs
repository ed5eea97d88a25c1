//! Opening a file: what it is by its name, unpacked, with the place in the packed file known.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::CorpusError;
use super::embedded::embedded;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// With this between the columns.
    Table(u8),
    JsonLines,
    Json,
}

/// An unpacked file.
pub(super) struct Input {
    reader: Box<dyn BufRead>,
    position: Rc<Cell<u64>>,
}

impl Input {
    /// Bytes of the packed file that were read so far.
    pub(super) fn position(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.position)
    }
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

/// The bytes of a file as they lie.
pub(super) fn open_raw(path: &Path) -> Result<Box<dyn Read>, CorpusError> {
    if let Some(bytes) = embedded(path) {
        return Ok(Box::new(bytes));
    }
    let file = File::open(path).map_err(|error| CorpusError::file(path, error))?;
    Ok(Box::new(file))
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<(Input, Kind), CorpusError> {
    let (name, packed) = endings(path);
    let kind = match name.rsplit('.').next() {
        Some("csv") => Kind::Table(b','),
        Some("tsv") => Kind::Table(b'\t'),
        Some("jsonl" | "ndjson") => Kind::JsonLines,
        Some("json") => Kind::Json,
        Some("tar") => {
            return Err(CorpusError::file(
                path,
                "is an archive; unpack it and name the directory",
            ));
        }
        _ => Kind::Text,
    };
    let file = open_raw(path)?;
    let position = Rc::new(Cell::new(0));
    let counted = BufReader::with_capacity(
        1 << 16,
        Counting {
            inner: file,
            count: Rc::clone(&position),
        },
    );
    let reader: Box<dyn BufRead> = match packed {
        Some(".gz") => Box::new(BufReader::with_capacity(
            1 << 16,
            MultiGzDecoder::new(counted),
        )),
        Some(_) => Box::new(BufReader::with_capacity(
            1 << 16,
            XzReader::new(counted, true),
        )),
        None => Box::new(counted),
    };
    Ok((Input { reader, position }, kind))
}

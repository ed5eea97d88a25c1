//! A corpus as tokens, in a file that is mapped into memory.
//!
//! The file: 32 bytes of header (`LSTOKENS`, the width of a token in bytes, the number of documents, the number of
//! tokens, all little-endian 64-bit), the tokens, and where each document ends. It is written aside, synced and
//! renamed, so that a file of the final name is whole; a lock lets one process write while others wait.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use super::encode::TokenSink;
use crate::text::corpus::Tally;
use crate::training::TrainingError;

const MAGIC: &[u8; 8] = b"LSTOKENS";
const HEADER: usize = 32;

/// What is known of an encoded corpus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CacheInfo {
    pub documents: u64,
    pub tokens: u64,
    /// What became of the texts.
    pub tally: Tally,
}

/// An encoded corpus.
pub struct TokenCache {
    map: Mmap,
    width: usize,
    documents: usize,
    tokens: usize,
    /// What tells its texts, and how they were read into tokens, apart from others.
    pub key: String,
    pub info: CacheInfo,
}

fn tokens_path(directory: &Path, key: &str) -> PathBuf {
    directory.join(format!("{key}.tokens"))
}

fn info_path(directory: &Path, key: &str) -> PathBuf {
    directory.join(format!("{key}.json"))
}

impl TokenCache {
    /// Opens the corpus of this key, if it is there and whole.
    pub(super) fn open(directory: &Path, key: &str) -> Option<Self> {
        let info = fs::read(info_path(directory, key)).ok()?;
        let info = serde_json::from_slice(&info).ok()?;
        let file = File::open(tokens_path(directory, key)).ok()?;
        // SAFETY: the file is written under another name and never changed under this one. If someone truncates it
        // all the same, reading ends the process; nothing is written through the map.
        let map = unsafe { Mmap::map(&file) }.ok()?;
        let number = |at: usize| -> Option<usize> {
            let bytes = map.get(at..at + 8)?.try_into().ok()?;
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let (width, documents, tokens) = (number(8)?, number(16)?, number(24)?);
        let length = tokens
            .checked_mul(width)?
            .checked_add(documents.checked_mul(8)?)?
            .checked_add(HEADER)?;
        let whole = map.get(..8)? == MAGIC && matches!(width, 2 | 4) && map.len() == length;
        let cache = Self {
            map,
            width,
            documents,
            tokens,
            key: key.to_owned(),
            info,
        };
        let ends_fit = documents == 0 || cache.document(documents - 1).end == tokens;
        (whole && ends_fit).then_some(cache)
    }

    /// Number of documents.
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens == 0
    }

    /// Where a document's tokens lie.
    pub fn document(&self, index: usize) -> Range<usize> {
        let ends = HEADER + self.tokens * self.width;
        let end = |index: usize| -> usize {
            let at = ends + index * 8;
            let bytes = self
                .map
                .get(at..at + 8)
                .and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, |bytes| u64::from_le_bytes(bytes) as usize)
        };
        let start = index.checked_sub(1).map_or(0, end);
        start..end(index).max(start)
    }

    /// Appends some of the tokens to `out`. What lies beyond the end is left out.
    pub fn copy(&self, range: Range<usize>, out: &mut Vec<u32>) {
        let (start, end) = (range.start.min(self.tokens), range.end.min(self.tokens));
        let bytes = &self.map[HEADER + start * self.width..HEADER + end.max(start) * self.width];
        match self.width {
            2 => {
                let (pairs, _) = bytes.as_chunks::<2>();
                out.extend(
                    pairs
                        .iter()
                        .map(|pair| u32::from(u16::from_le_bytes(*pair))),
                );
            }
            _ => {
                let (quads, _) = bytes.as_chunks::<4>();
                out.extend(quads.iter().map(|quad| u32::from_le_bytes(*quad)));
            }
        }
    }
}

/// Writes a corpus as tokens.
pub(super) struct CacheWriter {
    directory: PathBuf,
    key: String,
    aside: PathBuf,
    out: BufWriter<File>,
    width: usize,
    tokens: u64,
    ends: Vec<u64>,
}

impl CacheWriter {
    pub(super) fn new(
        directory: &Path,
        key: &str,
        vocabulary: usize,
    ) -> Result<Self, TrainingError> {
        let aside = directory.join(format!("{key}.tokens.part"));
        let wrong = |error: io::Error| TrainingError::io(&aside, error);
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&aside).map_err(wrong)?);
        out.write_all(&[0; HEADER]).map_err(wrong)?;
        Ok(Self {
            directory: directory.to_owned(),
            key: key.to_owned(),
            aside,
            out,
            width: if vocabulary <= 1 << 16 { 2 } else { 4 },
            tokens: 0,
            ends: Vec::new(),
        })
    }

    /// Makes the file whole and gives it its name.
    pub(super) fn finish(mut self, mut info: CacheInfo) -> Result<(), TrainingError> {
        (info.documents, info.tokens) = (self.ends.len() as u64, self.tokens);
        let info_aside = self.directory.join(format!("{}.json.part", self.key));
        let write = |out: &mut BufWriter<File>| -> io::Result<()> {
            for end in &self.ends {
                out.write_all(&end.to_le_bytes())?;
            }
            out.flush()?;
            let file = out.get_mut();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(MAGIC)?;
            for number in [self.width as u64, self.ends.len() as u64, self.tokens] {
                file.write_all(&number.to_le_bytes())?;
            }
            file.sync_all()?;
            // The tokens get their name last: with it, all is there.
            let mut side = File::create(&info_aside)?;
            side.write_all(&serde_json::to_vec(&info)?)?;
            side.sync_all()?;
            fs::rename(&info_aside, info_path(&self.directory, &self.key))?;
            fs::rename(&self.aside, tokens_path(&self.directory, &self.key))
        };
        let written = write(&mut self.out);
        written.map_err(|error| TrainingError::io(&self.aside, error))
    }
}

impl TokenSink for CacheWriter {
    fn push(&mut self, ids: &[u32]) -> Result<(), TrainingError> {
        for id in ids {
            let bytes = id.to_le_bytes();
            let written = self.out.write_all(&bytes[..self.width]);
            written.map_err(|error| TrainingError::io(&self.aside, error))?;
        }
        self.tokens += ids.len() as u64;
        Ok(())
    }

    fn end_document(&mut self) {
        self.ends.push(self.tokens);
    }

    fn tokens(&self) -> u64 {
        self.tokens
    }
}

//! Encoding a corpus, once.

use std::fs::{self, File};
use std::path::Path;

use super::cache::CacheWriter;
use super::{CacheInfo, TokenCache};
use crate::text::Tokenizer;
use crate::text::corpus::{self, CorpusError, CorpusSettings, Piece, ReadProgress};
use crate::training::TrainingError;

/// Bytes of text that are encoded together, on all processors.
const AT_ONCE: usize = 1 << 20;

/// What to encode and how.
pub struct EncodeRequest<'a> {
    pub corpus: &'a CorpusSettings,
    pub tokenizer: &'a Tokenizer,
    /// Before each document.
    pub begin: Option<u32>,
    /// After each document.
    pub end: Option<u32>,
    /// Where encoded corpora are kept.
    pub directory: &'a Path,
}

/// The corpus as tokens: from the cache, or encoded into it now. `progress` gets how far reading has come and the
/// tokens so far, and may break off. Of two processes with the same corpus one encodes, the other waits.
///
/// # Errors
/// When the corpus cannot be read or encoded, the cache not written, or `progress` breaks off.
pub fn encode(
    request: &EncodeRequest<'_>,
    progress: &mut dyn FnMut(&ReadProgress, u64) -> Result<(), CorpusError>,
) -> Result<TokenCache, TrainingError> {
    let directory = request.directory;
    fs::create_dir_all(directory).map_err(|error| TrainingError::io(directory, error))?;
    let json = request.tokenizer.to_json()?;
    let more = format!("{json}\n{:?} {:?}", request.begin, request.end);
    let key = corpus::content_key(request.corpus, more.as_bytes())?;
    if let Some(cache) = TokenCache::open(directory, &key) {
        return fresh(cache, request.corpus);
    }
    let lock_path = directory.join(format!("{key}.lock"));
    let wrong = |error: std::io::Error| TrainingError::io(&lock_path, error);
    let lock = File::create(&lock_path).map_err(wrong)?;
    lock.lock().map_err(wrong)?;
    // Whoever had the lock may have done the work.
    if let Some(cache) = TokenCache::open(directory, &key) {
        return fresh(cache, request.corpus);
    }
    let writer = CacheWriter::new(directory, &key, request.tokenizer.vocabulary_size())?;
    let mut encoder = Encoder {
        request,
        writer,
        waiting: Vec::new(),
        waiting_bytes: 0,
        text_bytes: 0,
        in_document: false,
        failure: None,
    };
    let mut sink = |piece: Piece, state: &ReadProgress| {
        progress(state, encoder.writer.counts().1)?;
        encoder.take(piece).map_err(|error| {
            encoder.failure = Some(error);
            CorpusError::Sink(String::new())
        })
    };
    let read = corpus::read(request.corpus, &mut sink);
    if let Some(error) = encoder.failure.take() {
        return Err(error);
    }
    let skipped = read?;
    encoder.flush()?;
    let info = CacheInfo {
        text_bytes: encoder.text_bytes,
        skipped,
        ..CacheInfo::default()
    };
    encoder.writer.finish(info)?;
    TokenCache::open(directory, &key).ok_or_else(|| {
        TrainingError::Data(format!(
            "{}: what was just written there cannot be read back; is the disk failing?",
            directory.display()
        ))
    })
}

/// With `strict`, a corpus that was encoded with rows left out is still an error.
fn fresh(cache: TokenCache, corpus: &CorpusSettings) -> Result<TokenCache, TrainingError> {
    let fault = cache
        .info
        .skipped
        .rows
        .iter()
        .find(|row| row.reason.is_fault());
    match fault {
        Some(row) if corpus.strict => Err(CorpusError::Row(row.clone()).into()),
        _ => Ok(cache),
    }
}

struct Encoder<'a> {
    request: &'a EncodeRequest<'a>,
    writer: CacheWriter,
    waiting: Vec<Piece>,
    waiting_bytes: usize,
    text_bytes: u64,
    /// Whether a document has begun and not ended.
    in_document: bool,
    failure: Option<TrainingError>,
}

impl Encoder<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), TrainingError> {
        self.waiting_bytes += piece.text.len();
        self.waiting.push(piece);
        match self.waiting_bytes >= AT_ONCE {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), TrainingError> {
        self.text_bytes += self.waiting_bytes as u64;
        self.waiting_bytes = 0;
        let (texts, lasts): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|piece| (piece.text, piece.last))
            .unzip();
        let encoded = self.request.tokenizer.encode_batch(texts)?;
        for (ids, last) in encoded.iter().zip(lasts) {
            if !self.in_document {
                self.writer.push(self.request.begin.as_slice())?;
            }
            self.writer.push(ids)?;
            self.in_document = !last;
            if last {
                // A text may say itself where it ends.
                let ended = ids
                    .last()
                    .is_some_and(|last| self.request.end == Some(*last));
                if !ended {
                    self.writer.push(self.request.end.as_slice())?;
                }
                self.writer.end_document();
            }
        }
        Ok(())
    }
}

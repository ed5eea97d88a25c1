//! Encoding a corpus, once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::cache::CacheWriter;
use super::carried::{self, CarriedWriter};
use super::{CacheInfo, TokenCache};
use crate::text::Tokenizer;
use crate::text::corpus::{self, CorpusError, CorpusSettings, Piece, ReadProgress, Tally};
use crate::training::TrainingError;

/// Bytes of text that are encoded together, on all processors.
const AT_ONCE: usize = 1 << 20;

/// What to encode and how.
#[derive(Clone, Copy)]
pub struct EncodeRequest<'a> {
    pub corpus: &'a CorpusSettings,
    pub tokenizer: &'a Tokenizer,
    /// Before each document.
    pub begin: Option<u32>,
    /// After each document.
    pub end: Option<u32>,
}

/// Gets how far reading has come and the tokens so far, and may break off.
pub type EncodeProgress<'a> = &'a mut dyn FnMut(&ReadProgress, u64) -> Result<(), CorpusError>;

/// Takes the tokens of a corpus.
pub(super) trait TokenSink {
    /// Appends tokens to the document under way.
    fn push(&mut self, ids: &[u32]) -> Result<(), TrainingError>;

    /// Ends the document under way.
    fn end_document(&mut self);

    /// Tokens so far.
    fn tokens(&self) -> u64;
}

/// The corpus as tokens: from the cache in `directory`, or encoded into it now. Of two processes with the same corpus
/// one encodes, the other waits.
///
/// # Errors
/// When the corpus cannot be read or encoded, the cache not written, or `progress` breaks off.
pub fn encode(
    request: &EncodeRequest<'_>,
    directory: &Path,
    progress: EncodeProgress<'_>,
) -> Result<TokenCache, TrainingError> {
    fs::create_dir_all(directory).map_err(|error| TrainingError::io(directory, error))?;
    let json = request.tokenizer.to_json()?;
    let more = format!("{json}\n{:?} {:?}", request.begin, request.end);
    let none = ReadProgress::default();
    let key = corpus::content_key(request.corpus, more.as_bytes(), &mut || progress(&none, 0))?;
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
    let mut writer = CacheWriter::new(directory, &key, request.tokenizer.vocabulary_size())?;
    let tally = encode_into(request, &mut writer, progress)?;
    writer.finish(CacheInfo {
        tally,
        ..CacheInfo::default()
    })?;
    TokenCache::open(directory, &key).ok_or_else(|| {
        TrainingError::Data(format!(
            "{}: what was just written there cannot be read back; is the disk failing?",
            directory.display()
        ))
    })
}

/// Encodes a corpus into a file that can be carried elsewhere and stand for it there. Returns what became of it and its
/// tokens. `tokenizer`: where the tokenizer is from, for whoever looks for it later.
///
/// # Errors
/// As [`encode`].
pub fn encode_to_file(
    request: &EncodeRequest<'_>,
    tokenizer: &str,
    path: &Path,
    progress: EncodeProgress<'_>,
) -> Result<(Tally, u64), TrainingError> {
    let mut writer = CarriedWriter::new(path, request.tokenizer, tokenizer)?;
    let tally = encode_into(request, &mut writer, progress)?;
    let tokens = writer.tokens();
    writer.finish()?;
    Ok((tally, tokens))
}

/// With `strict`, a corpus that was encoded with something left out is still an error.
fn fresh(cache: TokenCache, corpus: &CorpusSettings) -> Result<TokenCache, TrainingError> {
    let rows = cache.info.tally.skipped.rows();
    let fault = rows.into_iter().find(|row| row.reason.is_fault()).cloned();
    match fault {
        Some(row) if corpus.strict => Err(CorpusError::Row(row).into()),
        _ => Ok(cache),
    }
}

/// Encodes all files of a corpus in their order.
fn encode_into(
    request: &EncodeRequest<'_>,
    sink: &mut dyn TokenSink,
    progress: EncodeProgress<'_>,
) -> Result<Tally, TrainingError> {
    let mut tally = Tally::default();
    let is_carried = |path: &PathBuf| carried::is_carried(path);
    for files in request
        .corpus
        .files
        .chunk_by(|a, b| is_carried(a) == is_carried(b))
    {
        if files.first().is_some_and(is_carried) {
            for path in files {
                tally.add(carried::read(path, request, sink, progress)?);
            }
            continue;
        }
        let corpus = CorpusSettings {
            files: files.to_vec(),
            ..request.corpus.clone()
        };
        tally.add(encode_texts(request, &corpus, sink, progress)?);
    }
    Ok(tally)
}

fn encode_texts(
    request: &EncodeRequest<'_>,
    corpus: &CorpusSettings,
    sink: &mut dyn TokenSink,
    progress: EncodeProgress<'_>,
) -> Result<Tally, TrainingError> {
    let mut encoder = Encoder {
        request,
        sink,
        waiting: Vec::new(),
        waiting_bytes: 0,
        in_document: false,
        failure: None,
    };
    let mut take = |piece: Piece, state: &ReadProgress| {
        progress(state, encoder.sink.tokens())?;
        encoder.take(piece).map_err(|error| {
            encoder.failure = Some(error);
            CorpusError::Sink(String::new())
        })
    };
    let read = corpus::read(corpus, &mut take);
    if let Some(error) = encoder.failure.take() {
        return Err(error);
    }
    let tally = read?;
    encoder.flush()?;
    Ok(tally)
}

struct Encoder<'a> {
    request: &'a EncodeRequest<'a>,
    sink: &'a mut dyn TokenSink,
    waiting: Vec<Piece>,
    waiting_bytes: usize,
    /// Whether a document has begun and not ended.
    in_document: bool,
    failure: Option<TrainingError>,
}

impl Encoder<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), TrainingError> {
        self.waiting_bytes += piece.text.len();
        self.waiting.push(piece);
        if self.waiting_bytes >= AT_ONCE {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), TrainingError> {
        self.waiting_bytes = 0;
        let (texts, lasts): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|piece| (piece.text, piece.last))
            .unzip();
        let encoded = self.request.tokenizer.encode_batch(texts)?;
        for (ids, last) in encoded.iter().zip(lasts) {
            if !self.in_document {
                self.sink.push(self.request.begin.as_slice())?;
            }
            self.sink.push(ids)?;
            self.in_document = !last;
            if last {
                self.request.end_of(ids, self.sink)?;
            }
        }
        Ok(())
    }
}

impl EncodeRequest<'_> {
    /// Ends a document whose last tokens are `ids`.
    pub(super) fn end_of(
        &self,
        ids: &[u32],
        sink: &mut dyn TokenSink,
    ) -> Result<(), TrainingError> {
        // A text may say itself where it ends.
        let ended = ids.last().is_some_and(|last| self.end == Some(*last));
        if !ended {
            sink.push(self.end.as_slice())?;
        }
        sink.end_document();
        Ok(())
    }
}

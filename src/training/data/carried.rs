//! A corpus that was encoded once, in a file to be carried elsewhere: `logitscope encode`.
//!
//! The file: `LSCORPUS` and where its last part begins (64-bit, little-endian, as all numbers), the tokens of all
//! documents (16 or 32 bits each), where each document ends (64-bit, in tokens), and last a [`Label`] as JSON. It may
//! come from anywhere, so nothing in it is believed: every length is held against the file's, and every token against
//! the vocabulary.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::encode::{EncodeProgress, EncodeRequest, TokenSink};
use crate::text::Tokenizer;
use crate::text::corpus::{ReadProgress, Tally};
use crate::training::TrainingError;

const MAGIC: &[u8; 8] = b"LSCORPUS";
/// Bytes before the tokens.
const HEAD: u64 = 16;
/// Most bytes of a label.
const LABEL: u64 = 1 << 16;
/// Bytes that are read together.
const CHUNK: usize = 1 << 18;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    /// Where the tokenizer is from, as its user named it.
    tokenizer: String,
    /// [`Tokenizer::fingerprint`] of it.
    tokenizer_hash: String,
    /// Bytes of a token.
    width: u64,
    tokens: u64,
    documents: u64,
    /// SHA-256 of the tokens and the ends.
    hash: String,
}

/// Whether a file's name says that it is one.
pub fn is_carried(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "tokens")
}

/// Writes such a file, aside until it is whole.
pub(super) struct CarriedWriter {
    path: PathBuf,
    aside: PathBuf,
    out: BufWriter<File>,
    hash: Sha256,
    label: Label,
    ends: Vec<u64>,
}

impl CarriedWriter {
    pub(super) fn new(
        path: &Path,
        tokenizer: &Tokenizer,
        source: &str,
    ) -> Result<Self, TrainingError> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".part");
        let aside = PathBuf::from(aside);
        let wrong = |error: io::Error| TrainingError::io(&aside, error);
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&aside).map_err(wrong)?);
        out.write_all(&[0; HEAD as usize]).map_err(wrong)?;
        Ok(Self {
            path: path.to_owned(),
            label: Label {
                tokenizer: source.to_owned(),
                tokenizer_hash: tokenizer.fingerprint(),
                width: if tokenizer.vocabulary_size() <= 1 << 16 {
                    2
                } else {
                    4
                },
                tokens: 0,
                documents: 0,
                hash: String::new(),
            },
            aside,
            out,
            hash: Sha256::new(),
            ends: Vec::new(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }

    /// Makes the file whole and gives it its name.
    pub(super) fn finish(mut self) -> Result<(), TrainingError> {
        let write = |this: &mut Self| -> io::Result<()> {
            for end in std::mem::take(&mut this.ends) {
                this.write(&end.to_le_bytes())?;
            }
            this.label.hash = hex(&std::mem::take(&mut this.hash).finalize());
            let label_at = this.out.stream_position()?;
            this.out.write_all(&serde_json::to_vec(&this.label)?)?;
            this.out.seek(SeekFrom::Start(0))?;
            this.out.write_all(MAGIC)?;
            this.out.write_all(&label_at.to_le_bytes())?;
            this.out.flush()?;
            this.out.get_ref().sync_all()?;
            fs::rename(&this.aside, &this.path)
        };
        write(&mut self).map_err(|error| TrainingError::io(&self.path, error))
    }
}

/// What was not finished is no use to anyone.
impl Drop for CarriedWriter {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.aside);
    }
}

impl TokenSink for CarriedWriter {
    fn push(&mut self, ids: &[u32]) -> Result<(), TrainingError> {
        let width = self.label.width as usize;
        for id in ids {
            let written = self.write(&id.to_le_bytes()[..width]);
            written.map_err(|error| TrainingError::io(&self.aside, error))?;
        }
        self.label.tokens += ids.len() as u64;
        Ok(())
    }

    fn end_document(&mut self) {
        self.ends.push(self.label.tokens);
        self.label.documents += 1;
    }

    fn tokens(&self) -> u64 {
        self.label.tokens
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the documents of such a file, each with its begin and end.
pub(super) fn read(
    path: &Path,
    request: &EncodeRequest<'_>,
    sink: &mut dyn TokenSink,
    progress: EncodeProgress<'_>,
) -> Result<Tally, TrainingError> {
    let mut file = File::open(path).map_err(|error| TrainingError::io(path, error))?;
    let label = label(path, &mut file)?;
    if label.tokenizer_hash != request.tokenizer.fingerprint() {
        return Err(TrainingError::Data(format!(
            "{} was encoded with another tokenizer (that of `{}`): name that one with --tokenizer or --model, or encode the texts again with this one",
            path.display(),
            label.tokenizer
        )));
    }
    let ends = ends(path, &mut file, &label)?;
    let mut documents = Documents {
        path,
        request,
        sink,
        label: &label,
        hash: Sha256::new(),
        text_bytes: 0,
        input: BufReader::with_capacity(CHUNK, file),
    };
    let wrong = |error: io::Error| TrainingError::io(path, error);
    documents.input.seek(SeekFrom::Start(HEAD)).map_err(wrong)?;
    let (mut start, mut state) = (0, ReadProgress::default());
    state.total_bytes = HEAD + label.tokens * label.width;
    for end in &ends {
        documents.one(end - start, &mut |sink, done| {
            state.bytes = HEAD + (start + done) * label.width;
            progress(&state, sink.tokens()).map_err(TrainingError::from)
        })?;
        state.documents += 1;
        start = *end;
    }
    for end in &ends {
        documents.hash.update(end.to_le_bytes());
    }
    if hex(&documents.hash.finalize()) != label.hash {
        return Err(damaged(
            path,
            "its contents are not those that were written",
        ));
    }
    Ok(Tally {
        files: 1,
        bytes: fs::metadata(path).map_err(wrong)?.len(),
        documents: label.documents,
        text_bytes: documents.text_bytes,
        ..Tally::default()
    })
}

fn damaged(path: &Path, what: &str) -> TrainingError {
    TrainingError::Data(format!(
        "{} is no whole file of `logitscope encode`: {what}; encode the texts again, or copy it anew",
        path.display()
    ))
}

/// What the file says of itself, held against its length.
fn label(path: &Path, file: &mut File) -> Result<Label, TrainingError> {
    let wrong = |error: io::Error| TrainingError::io(path, error);
    let length = file.metadata().map_err(wrong)?.len();
    let mut head = [0; HEAD as usize];
    file.read_exact(&mut head)
        .map_err(|_| damaged(path, "it is too short"))?;
    let (magic, at) = head.split_at(8);
    if magic != MAGIC {
        return Err(damaged(path, "it does not begin as one"));
    }
    let at = at.try_into().map_or(0, u64::from_le_bytes);
    if at < HEAD || at > length || length - at > LABEL {
        return Err(damaged(path, "it is cut short"));
    }
    let mut json = Vec::new();
    file.seek(SeekFrom::Start(at)).map_err(wrong)?;
    file.take(LABEL).read_to_end(&mut json).map_err(wrong)?;
    let label: Label =
        serde_json::from_slice(&json).map_err(|_| damaged(path, "its label is not readable"))?;
    let contents = || {
        let tokens = label.tokens.checked_mul(label.width)?;
        let ends = label.documents.checked_mul(8)?;
        HEAD.checked_add(tokens)?.checked_add(ends)
    };
    if matches!(label.width, 2 | 4) && contents() == Some(at) {
        Ok(label)
    } else {
        Err(damaged(path, "its lengths contradict each other"))
    }
}

/// Where each document ends: counting up to the number of tokens.
fn ends(path: &Path, file: &mut File, label: &Label) -> Result<Vec<u64>, TrainingError> {
    let wrong = |error: io::Error| TrainingError::io(path, error);
    let at = HEAD + label.tokens * label.width;
    file.seek(SeekFrom::Start(at)).map_err(wrong)?;
    // No more than the file holds, which was looked at.
    let mut ends = Vec::with_capacity(label.documents as usize);
    let mut input = BufReader::new(file);
    let mut number = [0; 8];
    for _ in 0..label.documents {
        input.read_exact(&mut number).map_err(wrong)?;
        ends.push(u64::from_le_bytes(number));
    }
    let counts_up = ends.is_sorted() && ends.last().copied().unwrap_or(0) == label.tokens;
    if counts_up {
        Ok(ends)
    } else {
        Err(damaged(path, "its documents do not follow one another"))
    }
}

/// The documents of a file as they are read.
struct Documents<'a> {
    path: &'a Path,
    request: &'a EncodeRequest<'a>,
    sink: &'a mut dyn TokenSink,
    label: &'a Label,
    hash: Sha256,
    text_bytes: u64,
    input: BufReader<File>,
}

impl Documents<'_> {
    /// Hands on a document of so many tokens. `each` is called with how many of them are done.
    fn one(
        &mut self,
        length: u64,
        each: &mut dyn FnMut(&dyn TokenSink, u64) -> Result<(), TrainingError>,
    ) -> Result<(), TrainingError> {
        let vocabulary = self.request.tokenizer.vocabulary_size();
        let width = self.label.width as usize;
        self.sink.push(self.request.begin.as_slice())?;
        let (mut done, mut ids) = (0, Vec::new());
        let mut bytes = Vec::new();
        while done < length {
            each(self.sink, done)?;
            let count = (length - done).min((CHUNK / width) as u64);
            bytes.resize(count as usize * width, 0);
            let read = self.input.read_exact(&mut bytes);
            read.map_err(|error| TrainingError::io(self.path, error))?;
            self.hash.update(&bytes);
            ids.clear();
            ids.extend(bytes.chunks_exact(width).map(|bytes| {
                let mut number = [0; 4];
                number[..width].copy_from_slice(bytes);
                u32::from_le_bytes(number)
            }));
            if let Some(id) = ids.iter().find(|id| **id as usize >= vocabulary) {
                let what = format!("it has a token {id}, and the tokenizer {vocabulary}");
                return Err(damaged(self.path, &what));
            }
            let texts = ids
                .iter()
                .map(|id| self.request.tokenizer.token_bytes(*id).len() as u64);
            self.text_bytes += texts.sum::<u64>();
            self.sink.push(&ids)?;
            done += count;
        }
        self.request.end_of(&ids, self.sink)
    }
}

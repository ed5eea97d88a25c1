//! A tokenizer that also knows each token's bytes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::gpt2_files::AddedToken;
use super::pieces::Pieces;
use super::{brief, display_token, gpt2_files, sanitize, unless_panicked};

/// A tokenizer could not be read or written, or a text not encoded.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("{path}: {reason}")]
    Tokenizer { path: String, reason: String },
    #[error("the text could not be encoded: {0}")]
    Encode(String),
}

/// Ids above this are taken for a broken file: the table of bytes has a place for every id.
const MAX_ID: u32 = 1 << 24;

/// Names under which tokenizers have the token that ends a text.
const END_OF_TEXT: [&str; 6] = [
    "<|endoftext|>",
    "</s>",
    "<|end_of_text|>",
    "<eos>",
    "[EOS]",
    "[SEP]",
];

/// Names under which tokenizers have the token that ends a turn.
const END_OF_TURN: [&str; 4] = ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>"];

/// A Hugging Face tokenizer with the bytes of every token at hand.
///
/// The bytes of the tokens of a text, joined, are the text, as far as the tokenizer keeps it: one that lower-cases or
/// throws blanks away gives back what it kept. Two kinds begin a text with a space that is not in it: see
/// [`Tokenizer::decode_from_start`].
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The bytes of all tokens, by id.
    bytes: Vec<u8>,
    /// Where each id's bytes end in `bytes`.
    ends: Vec<usize>,
    adds_first_space: bool,
    start_ids: Vec<u32>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json` from memory. `origin` names it in errors.
    ///
    /// # Errors
    /// When it is no tokenizer.
    pub fn from_bytes(json: &[u8], origin: &str) -> Result<Self, TextError> {
        let error = |reason: String| TextError::Tokenizer {
            path: origin.to_owned(),
            reason,
        };
        serde_json::from_slice::<IgnoredAny>(json)
            .map_err(|reason| error(format!("not valid JSON: {reason}")))?;
        // The library panics on some files that are cut short, or hold numbers that are too large.
        let read = unless_panicked(|| {
            let inner = tokenizers::Tokenizer::from_bytes(json);
            let inner = inner.map_err(|reason| format!("not a tokenizer: {reason}"))?;
            Self::new(inner)
        });
        let made = read.unwrap_or_else(|fault| Err(format!("not a tokenizer: {fault}")));
        made.map_err(|reason| error(brief(&sanitize(&reason)).replace('\n', " ")))
    }

    /// Builds GPT-2's byte-level BPE from its `vocab.json` and `merges.txt` in memory, with tokens that were `added` to
    /// them. `origin` names where they are from in errors.
    ///
    /// # Errors
    /// When either is not what it should be, or a merge makes a token that the vocabulary lacks.
    pub fn from_vocab_merges(
        vocab_json: &[u8],
        merges_txt: &[u8],
        added: &[AddedToken],
        origin: &str,
    ) -> Result<Self, TextError> {
        let json = gpt2_files::to_tokenizer_json(vocab_json, merges_txt, added, origin)?;
        Self::from_bytes(&json, origin)
    }

    fn new(mut inner: tokenizers::Tokenizer) -> Result<Self, String> {
        inner
            .with_truncation(None)
            .map_err(|reason| reason.to_string())?
            .with_padding(None);
        let largest = inner.get_vocab(true).into_values().max();
        if let Some(id) = largest.filter(|id| *id > MAX_ID) {
            return Err(format!(
                "token id {id} is larger than the {MAX_ID} that are supported"
            ));
        }
        let count = largest.map_or(0, |id| id + 1);
        let pieces = Pieces::of(&inner);
        let added = inner.get_added_tokens_decoder();
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(count as usize));
        for id in 0..count {
            match added.get(&id) {
                Some(token) if token.special || pieces.is_byte_level() => {
                    bytes.extend(pieces.added_bytes(&token.content));
                }
                _ => bytes.extend(
                    inner
                        .id_to_token(id)
                        .map(|token| pieces.bytes(&token))
                        .unwrap_or_default(),
                ),
            }
            ends.push(bytes.len());
        }
        Ok(Self {
            start_ids: start_ids(&inner),
            inner,
            bytes,
            ends,
            adds_first_space: pieces.adds_first_space,
        })
    }

    /// The tokenizer as a `tokenizer.json`.
    ///
    /// # Errors
    /// When it has a part that cannot be written.
    pub fn to_json(&self) -> Result<String, TextError> {
        self.inner
            .to_string(true)
            .map_err(|reason| TextError::Tokenizer {
                path: "tokenizer.json".to_owned(),
                reason: reason.to_string(),
            })
    }

    /// The ids of a text, all of it, with nothing added at either end. Special tokens written out in the text, such as
    /// `<|endoftext|>`, are recognised.
    ///
    /// # Errors
    /// When the tokenizer cannot represent it.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TextError> {
        unless_panicked(|| self.inner.encode_fast(text, false))
            .map_err(TextError::Encode)?
            .map(|encoding| encoding.get_ids().to_vec())
            .map_err(|error| TextError::Encode(error.to_string()))
    }

    /// The tokens that models with this tokenizer expect before every text, such as `<s>`; none for most.
    pub fn start_ids(&self) -> &[u32] {
        &self.start_ids
    }

    /// The ids of several texts, as [`Tokenizer::encode`] has them, on all processors.
    ///
    /// # Errors
    /// When the tokenizer cannot represent one.
    pub fn encode_batch(&self, texts: Vec<String>) -> Result<Vec<Vec<u32>>, TextError> {
        unless_panicked(|| self.inner.encode_batch_fast(texts, false))
            .map_err(TextError::Encode)?
            .map(|encodings| encodings.iter().map(|one| one.get_ids().to_vec()).collect())
            .map_err(|error| TextError::Encode(error.to_string()))
    }

    /// The ids of the special tokens, which are no part of a text themselves.
    pub fn special_ids(&self) -> HashSet<u32> {
        let added = self.inner.get_added_tokens_decoder();
        let special = added.iter().filter(|(_, token)| token.special);
        special.map(|(id, _)| *id).collect()
    }

    /// The bytes that a token stands for, which need not be whole characters; empty for an unknown id.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        let index = id as usize;
        let Some(&end) = self.ends.get(index) else {
            return &[];
        };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..end]
    }

    /// The text that a token stands for by itself; bytes that are no whole characters become U+FFFD.
    pub fn token_text(&self, id: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.token_bytes(id))
    }

    /// The bytes of some tokens, joined.
    pub fn join(&self, ids: &[u32]) -> Vec<u8> {
        ids.iter()
            .flat_map(|id| self.token_bytes(*id))
            .copied()
            .collect()
    }

    /// The text of tokens that continue a text. Bytes that are no whole characters become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        String::from_utf8_lossy(&self.join(ids)).into_owned()
    }

    /// The text of tokens that stand at the very beginning: as [`Tokenizer::decode`], but without the space that
    /// sentencepiece and vocabularies of words put before the first word of a text.
    pub fn decode_from_start(&self, ids: &[u32]) -> String {
        let text = self.decode(ids);
        match text.strip_prefix(' ') {
            Some(stripped) if self.adds_first_space => stripped.to_owned(),
            _ => text,
        }
    }

    /// The token made safe and visible for display: `·` for a space, `⏎` for a newline, `⟨E2⟩` for a stray byte. One that
    /// the tokenizer does not have, or that stands for nothing, is named by its id: `⟨token 50260⟩`.
    pub fn display(&self, id: u32) -> String {
        match self.token_bytes(id) {
            [] => format!("⟨token {id}⟩"),
            bytes => display_token(bytes),
        }
    }

    /// How many of the ids below `count` are no tokens here.
    pub fn lacking(&self, count: usize) -> usize {
        let ids = 0..u32::try_from(count).unwrap_or(u32::MAX);
        ids.filter(|id| self.token_bytes(*id).is_empty()).count()
    }

    /// Equal for tokenizers whose ids stand for the same tokens; it means nothing to another run of the program.
    pub fn token_set(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        self.ends.hash(&mut hasher);
        hasher.finish()
    }

    /// A name for what the ids stand for, the same everywhere and always: SHA-256 over the bytes of all tokens.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for id in 0..self.ends.len() as u32 {
            let bytes = self.token_bytes(id);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        let digest = hash.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the tokens of a text begin with a space that is not in it.
    pub fn adds_first_space(&self) -> bool {
        self.adds_first_space
    }

    /// One more than the largest id, added tokens included.
    pub fn vocabulary_size(&self) -> usize {
        self.ends.len()
    }

    /// The id of a token given as the vocabulary writes it, such as `<|endoftext|>`.
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The tokens that end a turn of a conversation, by the names that tokenizers have for them. Only tokens that are
    /// matched as they stand count: others may be ordinary text.
    pub fn ends_of_turn(&self) -> Vec<u32> {
        let added = self.inner.get_added_tokens_decoder();
        let named = END_OF_TURN.iter().filter_map(|name| self.token_id(name));
        named.filter(|id| added.contains_key(id)).collect()
    }

    /// The token that ends a text, by the names that tokenizers have for it. A model's configuration knows better,
    /// where it has one.
    pub fn end_of_text(&self) -> Option<u32> {
        END_OF_TEXT.iter().find_map(|name| self.token_id(name))
    }
}

/// What the tokenizer puts in front of a text when asked to add special tokens.
fn start_ids(tokenizer: &tokenizers::Tokenizer) -> Vec<u32> {
    let ids = |special: bool| {
        let encoding = tokenizer.encode_fast("a", special).ok();
        encoding.map_or(Vec::new(), |encoding| encoding.get_ids().to_vec())
    };
    let (plain, full) = (ids(false), ids(true));
    let found = full
        .windows(plain.len().max(1))
        .position(|part| part == plain);
    found.map_or(Vec::new(), |at| full[..at].to_vec())
}

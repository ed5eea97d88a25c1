//! Tokenizers made from a corpus: byte-level BPE, WordPiece, and lists of words.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::models::wordlevel::{WordLevel, WordLevelTrainer};
use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainer};
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::normalizers::{BertNormalizer, Lowercase, Replace, Sequence as Normalizers};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use super::corpus::{self, CorpusError, CorpusSettings, Piece, ReadProgress, of_short_words};
use super::{TextError, Tokenizer};

/// How a vocabulary is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenizerKind {
    /// GPT-2's: any text can be written, and comes back as it was. `<|endoftext|>` is token 0.
    #[default]
    ByteLevelBpe,
    /// Lower-cased words in pieces; `[PAD]`, `[UNK]`, `[BOS]` are tokens 0, 1 and 2.
    WordPiece,
    /// The most frequent words, lower-cased, `<br />` removed and punctuation apart as the mini-GPT tutorial has it;
    /// `[PAD]` and `[UNK]` are tokens 0 and 1.
    WordLevel,
}

/// A tokenizer to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerSettings {
    pub kind: TokenizerKind,
    /// Most tokens, special ones included.
    pub vocabulary: usize,
    /// Pieces that come less often become no token (byte-level BPE and WordPiece).
    pub min_frequency: u64,
}

impl Default for TokenizerSettings {
    fn default() -> Self {
        Self {
            kind: TokenizerKind::ByteLevelBpe,
            vocabulary: 4096,
            min_frequency: 2,
        }
    }
}

/// No tokenizer could be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerTrainingError {
    #[error("{0}")]
    Corpus(#[from] CorpusError),
    #[error("{0}")]
    Text(#[from] TextError),
}

const PAD: &str = "[PAD]";
const UNKNOWN: &str = "[UNK]";
const BEGIN: &str = "[BOS]";
const END_OF_TEXT: &str = "<|endoftext|>";

/// Each mark of ASCII's punctuation.
const PUNCTUATION: &str = "[!-/:-@\\[-`{-~]";

/// Pieces that wait to be counted.
const WAITING: usize = 256;

/// How often one looks whether a tokenizer that is being made is still wanted.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Makes a tokenizer of all documents of a corpus. `progress` is called for every piece, and several times a second
/// while the vocabulary is chosen, and may break off.
///
/// # Errors
/// When the corpus cannot be read, no token comes of it, or `progress` says so.
pub fn train_tokenizer(
    settings: &TokenizerSettings,
    corpus: &CorpusSettings,
    progress: &mut dyn FnMut(&ReadProgress) -> Result<(), CorpusError>,
) -> Result<Tokenizer, TokenizerTrainingError> {
    let failed = |reason: String| TextError::Tokenizer {
        path: "training a tokenizer".to_owned(),
        reason,
    };
    let (mut tokenizer, mut trainer) =
        recipe(settings).map_err(|error| failed(error.to_string()))?;
    let (sender, receiver) = sync_channel::<String>(WAITING);
    let (done, trained) = sync_channel(1);
    // The library takes an iterator and the corpus gives pieces: they meet in a channel. It cannot be broken off, so
    // its thread is left alone when nobody wants the tokenizer any more.
    let thread = std::thread::Builder::new().name("tokenizer".to_owned());
    let training = thread.spawn(move || {
        let result = tokenizer.train(&mut trainer, receiver.into_iter());
        let result = result.map(|_| ()).map_err(|error| error.to_string());
        let _ = done.send(result.map(|()| tokenizer));
    });
    training.map_err(|error| failed(error.to_string()))?;
    let mut last = ReadProgress::default();
    let mut sink = |piece: Piece, state: &ReadProgress| {
        last = *state;
        for part in of_short_words(&piece.text) {
            progress(state)?;
            // A closed channel means that training failed, which is reported below.
            let _ = sender.send(part.to_owned());
        }
        Ok(())
    };
    corpus::read(corpus, &mut sink)?;
    drop(sender);
    last.bytes = last.total_bytes;
    let tokenizer = loop {
        match trained.recv_timeout(LOOK_EVERY) {
            Ok(result) => break result.map_err(failed)?,
            Err(RecvTimeoutError::Timeout) => progress(&last)?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed("the tokenizers library panicked".to_owned()).into());
            }
        }
    };
    let json = tokenizer
        .to_string(false)
        .map_err(|error| failed(error.to_string()))?;
    Ok(Tokenizer::from_bytes(json.as_bytes(), "the new tokenizer")?)
}

type Parts = (tokenizers::Tokenizer, TrainerWrapper);

fn recipe(settings: &TokenizerSettings) -> tokenizers::Result<Parts> {
    let special = |names: &[&str]| -> Vec<AddedToken> {
        names
            .iter()
            .map(|name| AddedToken::from((*name).to_owned(), true))
            .collect()
    };
    let (size, least) = (settings.vocabulary, settings.min_frequency);
    Ok(match settings.kind {
        TokenizerKind::ByteLevelBpe => {
            let mut tokenizer = tokenizers::Tokenizer::new(ModelWrapper::from(BPE::default()));
            let byte_level = ByteLevel::new(false, true, true);
            tokenizer.with_pre_tokenizer(Some(byte_level));
            tokenizer.with_decoder(Some(byte_level));
            let trainer = BpeTrainer::builder()
                .vocab_size(size)
                .min_frequency(least)
                .show_progress(false)
                .special_tokens(special(&[END_OF_TEXT]))
                .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
                .build();
            (tokenizer, trainer.into())
        }
        TokenizerKind::WordPiece => {
            let model = WordPiece::builder().unk_token(UNKNOWN.to_owned()).build()?;
            let mut tokenizer = tokenizers::Tokenizer::new(ModelWrapper::from(model));
            tokenizer.with_normalizer(Some(BertNormalizer::new(true, true, Some(false), true)))?;
            tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
            let decoder = tokenizers::decoders::wordpiece::WordPiece::default();
            tokenizer.with_decoder(Some(decoder));
            let trainer = WordPieceTrainer::builder()
                .vocab_size(size)
                .min_frequency(least)
                .show_progress(false)
                .special_tokens(special(&[PAD, UNKNOWN, BEGIN]))
                .build();
            (tokenizer, trainer.into())
        }
        TokenizerKind::WordLevel => {
            let model = WordLevel::builder().unk_token(UNKNOWN.to_owned()).build()?;
            let mut tokenizer = tokenizers::Tokenizer::new(ModelWrapper::from(model));
            let normalizers = vec![Lowercase.into(), Replace::new("<br />", " ")?.into()];
            tokenizer.with_normalizer(Some(Normalizers::new(normalizers)))?;
            let marks = Split::new(
                SplitPattern::Regex(PUNCTUATION.to_owned()),
                SplitDelimiterBehavior::MergedWithNext,
                false,
            )?;
            let words = PreTokenizers::new(vec![WhitespaceSplit.into(), marks.into()]);
            tokenizer.with_pre_tokenizer(Some(words));
            let trainer = WordLevelTrainer::builder()
                .vocab_size(size)
                .min_frequency(0)
                .show_progress(false)
                .special_tokens(special(&[PAD, UNKNOWN]))
                .build()?;
            (tokenizer, trainer.into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::corpus::standardise;
    use super::*;

    const TEXT: &str = "It was a fine day, and the cat's hat was (quite) new.\n<br /><br />The dog said: \"hat\"!\n";

    fn train(kind: TokenizerKind, vocabulary: usize) -> Tokenizer {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("corpus.txt");
        std::fs::write(&path, TEXT.repeat(5)).expect("a file");
        let corpus = CorpusSettings {
            files: vec![path],
            ..CorpusSettings::default()
        };
        let settings = TokenizerSettings {
            kind,
            vocabulary,
            ..TokenizerSettings::default()
        };
        train_tokenizer(&settings, &corpus, &mut |_| Ok(()))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the tokenizer's `tokenizer.json` reads back as.
    fn read_back(tokenizer: &Tokenizer) -> Tokenizer {
        let json = tokenizer.to_json().expect("JSON");
        Tokenizer::from_bytes(json.as_bytes(), "test").expect("a tokenizer")
    }

    #[test]
    fn byte_level_bpe_gives_any_text_back() {
        let tokenizer = read_back(&train(TokenizerKind::ByteLevelBpe, 300));
        assert_eq!(tokenizer.token_id(END_OF_TEXT), Some(0));
        assert!(tokenizer.vocabulary_size() > 270 && tokenizer.vocabulary_size() <= 300);
        for text in [TEXT, "anything: 你好 \t\u{1f600}", "<|endoftext|> the day"] {
            let ids = tokenizer.encode(text).expect("tokens");
            assert_eq!(tokenizer.decode(&ids), text);
        }
        assert!(tokenizer.encode(TEXT).expect("tokens").len() < TEXT.len() * 3 / 4);
    }

    #[test]
    fn making_one_is_broken_off_when_asked_to() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("corpus.txt");
        // Words that have little in common take long to find pairs in.
        let mut state = 1_u64;
        let mut letter = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'a' + (state >> 33) as u8 % 26)
        };
        let words: String = (0..2_000_000)
            .map(|at| if at % 12 == 11 { ' ' } else { letter() })
            .collect();
        std::fs::write(&path, words).expect("a file");
        let corpus = CorpusSettings {
            files: vec![path],
            ..CorpusSettings::default()
        };
        let pieces = {
            let mut pieces = 0;
            let mut count = |_: Piece, _: &ReadProgress| {
                pieces += 1;
                Ok(())
            };
            corpus::read(&corpus, &mut count).expect("a corpus");
            pieces
        };
        let settings = TokenizerSettings {
            vocabulary: 20_000,
            ..TokenizerSettings::default()
        };
        // All was read when one looks once more than there are pieces.
        let mut looks = 0;
        let made = train_tokenizer(&settings, &corpus, &mut |_| {
            looks += 1;
            if looks > pieces {
                Err(CorpusError::Cancelled)
            } else {
                Ok(())
            }
        });
        let cancelled = TokenizerTrainingError::Corpus(CorpusError::Cancelled).to_string();
        assert_eq!(made.err().map(|error| error.to_string()), Some(cancelled));
    }

    #[test]
    fn a_word_of_megabytes_takes_no_hours() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("corpus.txt");
        std::fs::write(&path, "acgtagtcatcgatcga".repeat(60_000)).expect("a file");
        let corpus = CorpusSettings {
            files: vec![path],
            ..CorpusSettings::default()
        };
        let mut most = 0;
        let parts = |piece: Piece, _: &ReadProgress| {
            let longest = of_short_words(&piece.text).map(str::len).max();
            most = most.max(longest.unwrap_or(0));
            Ok(())
        };
        corpus::read(&corpus, &mut { parts }).expect("a corpus");
        assert!(most <= 1 << 10, "{most}");
        let settings = TokenizerSettings::default();
        let tokenizer = train_tokenizer(&settings, &corpus, &mut |_| Ok(()));
        let tokenizer = tokenizer.unwrap_or_else(|error| panic!("{error}"));
        assert!(tokenizer.vocabulary_size() > 260);
    }

    #[test]
    fn word_piece_gives_words_back() {
        let tokenizer = read_back(&train(TokenizerKind::WordPiece, 90));
        assert_eq!(
            [PAD, UNKNOWN, BEGIN].map(|name| tokenizer.token_id(name)),
            [Some(0), Some(1), Some(2)]
        );
        let ids = tokenizer.encode("The cat said hat").expect("tokens");
        assert_eq!(tokenizer.decode_from_start(&ids), "the cat said hat");
        let begun = tokenizer.encode("[BOS]the 你").expect("tokens");
        assert_eq!((begun[0], begun[begun.len() - 1]), (2, 1));
    }

    #[test]
    fn words_are_those_of_the_tutorial_s_standardisation() {
        let tokenizer = read_back(&train(TokenizerKind::WordLevel, 100));
        let ids = tokenizer.encode(TEXT).expect("tokens");
        let standard = standardise(TEXT);
        let words: Vec<&str> = standard.split_whitespace().collect();
        let found: Vec<String> = ids
            .iter()
            .map(|id| tokenizer.decode_from_start(&[*id]))
            .collect();
        assert_eq!(found, words);
        assert_eq!(tokenizer.decode_from_start(&ids), words.join(" "));
        assert_eq!(tokenizer.encode("zebra").expect("a token"), [1]);
        // The most frequent come first.
        let small = train(TokenizerKind::WordLevel, 6);
        assert_eq!(small.vocabulary_size(), 6);
        assert!(small.token_id("was").is_some() && small.token_id("fine").is_none());
    }
}

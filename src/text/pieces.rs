//! What bytes a token stands for, by the conventions of the tokenizer that it is from.
//!
//! A vocabulary writes its tokens in one of a few ways: GPT-2 spells every byte as a character of its own, sentencepiece
//! writes `▁` for a space and `<0xE2>` for a byte, WordPiece marks what continues a word with `##`, and a list of words
//! leaves the spaces out. The tokenizer's decoder says which; where it has none, its pre-tokenizer and model do.

use tokenizers::decoders::wordpiece::cleanup;
use tokenizers::decoders::{DecoderWrapper, byte_level::ByteLevel};
use tokenizers::models::ModelWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;

/// How one tokenizer writes its tokens.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pieces {
    /// Each character stands for a byte, as in GPT-2.
    byte_level: bool,
    /// `<0xE2>` stands for a byte.
    byte_fallback: bool,
    /// Texts and what they stand for, such as `▁` and a space.
    replacements: Vec<(String, String)>,
    spacing: Spacing,
    /// The first token of a text begins with a space that is not in the text.
    pub(super) adds_first_space: bool,
}

/// Where the spaces between words come from.
#[derive(Debug, Default, PartialEq)]
enum Spacing {
    /// The tokens have them.
    #[default]
    InTokens,
    /// One stands before each token but those that begin with `continues`, which is not shown.
    BeforeWords {
        continues: Option<String>,
        /// Also none before punctuation.
        cleanup: bool,
    },
    /// Tokens that end a word have this suffix, which stands for a space.
    AfterSuffix(String),
}

impl Pieces {
    /// The conventions of a tokenizer.
    pub(super) fn of(tokenizer: &tokenizers::Tokenizer) -> Self {
        let model: &ModelWrapper = tokenizer.get_model();
        let mut pieces = match tokenizer.get_decoder() {
            Some(decoder) => {
                let mut pieces = Self::default();
                pieces.add_decoder(decoder);
                pieces
            }
            None => Self::without_decoder(model, tokenizer.get_pre_tokenizer()),
        };
        pieces.byte_fallback |= match model {
            ModelWrapper::BPE(bpe) => bpe.byte_fallback,
            ModelWrapper::Unigram(unigram) => unigram.byte_fallback(),
            _ => false,
        };
        pieces.adds_first_space |=
            pieces.byte_level && adds_prefix_space(tokenizer.get_pre_tokenizer());
        pieces
    }

    fn add_decoder(&mut self, decoder: &DecoderWrapper) {
        match decoder {
            DecoderWrapper::Sequence(sequence) => {
                for decoder in sequence.get_decoders() {
                    self.add_decoder(decoder);
                }
            }
            DecoderWrapper::ByteLevel(_) => self.byte_level = true,
            DecoderWrapper::ByteFallback(_) => self.byte_fallback = true,
            DecoderWrapper::Metaspace(metaspace) => {
                let prepends = metaspace.prepend_scheme
                    != tokenizers::decoders::metaspace::PrependScheme::Never;
                self.add_metaspace(metaspace.get_replacement(), prepends);
            }
            DecoderWrapper::Replace(replace) => {
                // The pattern is private to the library, but not in its JSON.
                let pattern = serde_json::to_value(replace).ok();
                let pattern = pattern
                    .as_ref()
                    .and_then(|json| json["pattern"]["String"].as_str());
                if let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) {
                    self.replacements
                        .push((pattern.to_owned(), replace.content.clone()));
                }
            }
            DecoderWrapper::Strip(strip) => {
                self.adds_first_space |= strip.content == ' ' && strip.start > 0
            }
            DecoderWrapper::WordPiece(words) => {
                self.set_words(Some(words.prefix.clone()), words.cleanup);
            }
            DecoderWrapper::BPE(bpe) => self.spacing = Spacing::AfterSuffix(bpe.suffix.clone()),
            // These join tokens, as is done here anyway, or belong to speech recognition.
            DecoderWrapper::Fuse(_) | DecoderWrapper::CTC(_) => {}
        }
    }

    fn without_decoder(model: &ModelWrapper, pre_tokenizer: Option<&PreTokenizerWrapper>) -> Self {
        let mut pieces = Self::default();
        match (model, pre_tokenizer) {
            (ModelWrapper::WordPiece(words), _) => {
                pieces.set_words(Some(words.continuing_subword_prefix.clone()), false);
            }
            (ModelWrapper::BPE(bpe), _) if bpe.end_of_word_suffix.is_some() => {
                pieces.spacing =
                    Spacing::AfterSuffix(bpe.end_of_word_suffix.clone().unwrap_or_default());
            }
            (_, Some(pre_tokenizer)) if contains_byte_level(pre_tokenizer) => {
                pieces.byte_level = true
            }
            (_, Some(PreTokenizerWrapper::Metaspace(metaspace))) => {
                let prepends = metaspace.prepend_scheme
                    != tokenizers::decoders::metaspace::PrependScheme::Never;
                pieces.add_metaspace(metaspace.get_replacement(), prepends);
            }
            // The text was split and the blanks thrown away.
            (_, Some(_)) => pieces.set_words(None, false),
            // Nothing was split, so nothing is missing between the tokens.
            (_, None) => {}
        }
        pieces
    }

    fn add_metaspace(&mut self, replacement: char, prepends: bool) {
        self.replacements
            .push((replacement.to_string(), " ".to_owned()));
        self.adds_first_space |= prepends;
    }

    fn set_words(&mut self, continues: Option<String>, cleanup: bool) {
        self.spacing = Spacing::BeforeWords { continues, cleanup };
        self.adds_first_space = true;
    }

    /// Whether each character of a token stands for a byte.
    pub(super) fn is_byte_level(&self) -> bool {
        self.byte_level
    }

    /// The bytes of a token of the vocabulary.
    pub(super) fn bytes(&self, token: &str) -> Vec<u8> {
        if self.byte_level {
            return from_byte_level(token).unwrap_or_else(|| token.as_bytes().to_vec());
        }
        if let Some(byte) = fallback_byte(token).filter(|_| self.byte_fallback) {
            return vec![byte];
        }
        let mut text = token.to_owned();
        for (pattern, content) in &self.replacements {
            text = text.replace(pattern.as_str(), content);
        }
        self.spaced(&text).into_bytes()
    }

    /// The bytes of a token that was added to the vocabulary and is matched in the text as it stands.
    pub(super) fn added_bytes(&self, content: &str) -> Vec<u8> {
        match &self.spacing {
            Spacing::BeforeWords { .. } => self.spaced(content).into_bytes(),
            _ => content.as_bytes().to_vec(),
        }
    }

    fn spaced(&self, token: &str) -> String {
        match &self.spacing {
            Spacing::InTokens => token.to_owned(),
            Spacing::AfterSuffix(suffix) => token.replace(suffix.as_str(), " "),
            Spacing::BeforeWords {
                continues,
                cleanup: tidy,
            } => {
                let continued = continues
                    .as_deref()
                    .and_then(|prefix| token.strip_prefix(prefix));
                let text = continued.map_or_else(|| format!(" {token}"), str::to_owned);
                if *tidy { cleanup(&text) } else { text }
            }
        }
    }
}

fn contains_byte_level(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    byte_level(pre_tokenizer).is_some()
}

fn adds_prefix_space(pre_tokenizer: Option<&PreTokenizerWrapper>) -> bool {
    pre_tokenizer
        .and_then(byte_level)
        .is_some_and(|found| found.add_prefix_space)
}

fn byte_level(pre_tokenizer: &PreTokenizerWrapper) -> Option<&ByteLevel> {
    match pre_tokenizer {
        PreTokenizerWrapper::ByteLevel(found) => Some(found),
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(byte_level),
        _ => None,
    }
}

/// The byte that sentencepiece writes as `<0xE2>`.
fn fallback_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let is_byte = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_byte)
}

/// The bytes behind GPT-2's characters; none if a character is not of that alphabet.
fn from_byte_level(token: &str) -> Option<Vec<u8>> {
    token.chars().map(byte_of).collect()
}

/// The byte that a character of GPT-2's alphabet stands for. A byte that Latin-1 prints stands for itself; the other
/// 68 are numbered in order from U+0100 on (`bytes_to_unicode` in OpenAI's encoder.py).
fn byte_of(c: char) -> Option<u8> {
    let code = u32::from(c);
    match code {
        0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => Some(code as u8),
        0x100..=0x120 => Some((code - 0x100) as u8),
        0x121..=0x142 => Some((code - 0x121 + 0x7F) as u8),
        0x143 => Some(0xAD),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_alphabet_is_the_library_s() {
        let alphabet = ByteLevel::alphabet();
        let mut bytes: Vec<u8> = alphabet.iter().filter_map(|c| byte_of(*c)).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
        let others = ('\0'..='\u{FFFF}').filter(|c| !alphabet.contains(c));
        assert!(others.into_iter().all(|c| byte_of(c).is_none()));
        assert_eq!(from_byte_level("Ġthe"), Some(b" the".to_vec()));
        assert_eq!(from_byte_level("a b"), None);
    }

    #[test]
    fn fallback_bytes_are_two_digits() {
        assert_eq!(fallback_byte("<0xE2>"), Some(0xE2));
        for other in ["<0xE>", "<0xE22>", "<0x+2>", "<0xé>", "0xE2"] {
            assert_eq!(fallback_byte(other), None, "{other}");
        }
    }
}

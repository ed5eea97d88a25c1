//! What is done to documents before they are encoded.

use std::borrow::Cow;
use std::collections::HashSet;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Serialize};

use super::Reason;

/// The forms of Unicode normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    #[default]
    None,
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}

/// What is done to each document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Shorter documents, in characters, are left out.
    pub min_chars: usize,
    pub normalisation: Normalisation,
    /// The mini-GPT tutorial's: see [`standardise`].
    pub standardise: bool,
    /// Lines with one of these words, in upper or lower case, are left out.
    pub exclude: Vec<String>,
}

impl Filters {
    /// The document as it is to be used.
    pub(super) fn apply(&self, text: &str) -> Result<String, Reason> {
        if text.trim().is_empty() {
            return Err(Reason::Empty);
        }
        let text: Cow<'_, str> = match self.normalisation {
            Normalisation::None => Cow::Borrowed(text),
            Normalisation::Nfc => ComposingNormalizerBorrowed::new_nfc().normalize(text),
            Normalisation::Nfkc => ComposingNormalizerBorrowed::new_nfkc().normalize(text),
            Normalisation::Nfd => DecomposingNormalizerBorrowed::new_nfd().normalize(text),
            Normalisation::Nfkd => DecomposingNormalizerBorrowed::new_nfkd().normalize(text),
        };
        let text = if self.standardise {
            standardise(&text)
        } else {
            text.into_owned()
        };
        // Counting stops where enough is known.
        if self.min_chars > 0 && text.chars().nth(self.min_chars - 1).is_none() {
            return Err(Reason::TooShort);
        }
        Ok(text)
    }
}

/// Words that no line may hold.
#[derive(Debug, Default)]
pub(super) struct Excluded {
    words: HashSet<String>,
}

impl Excluded {
    pub(super) fn new(words: &[String]) -> Self {
        Self {
            words: words.iter().map(|word| word.to_lowercase()).collect(),
        }
    }

    /// The text without the lines that hold one of the words, and the numbers of those lines, from 0, with their bytes.
    pub(super) fn apply<'a>(&self, text: &'a str) -> (Cow<'a, str>, Vec<(u64, u64)>) {
        if self.words.is_empty() {
            return (Cow::Borrowed(text), Vec::new());
        }
        let mut left_out = Vec::new();
        let lines = (0..).zip(text.split_inclusive('\n'));
        let kept = lines.filter(|(number, line)| {
            let lower = line.to_lowercase();
            let mut words = lower.split(|c: char| !c.is_alphanumeric());
            let holds = words.any(|word| self.words.contains(word));
            if holds {
                left_out.push((*number, line.len() as u64));
            }
            !holds
        });
        let kept: String = kept.map(|(_, line)| line).collect();
        if left_out.is_empty() {
            (Cow::Borrowed(text), left_out)
        } else {
            (Cow::Owned(kept), left_out)
        }
    }
}

/// The mini-GPT tutorial's standardisation: lower case, `<br />` a space, a space before each ASCII punctuation mark.
pub fn standardise(text: &str) -> String {
    let text = text.to_lowercase().replace("<br />", " ");
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

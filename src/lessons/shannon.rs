//! Shannon's guessing game: how many guesses a reader needs for each letter says between which bounds the entropy of the
//! text lies. C. E. Shannon, "Prediction and Entropy of Printed English", Bell System Technical Journal 30 (1951), 50–64.

use std::ops::Range;

use crate::decoding::TokenRecord;

/// What is guessed where no text is named; written for this.
pub const TEXT: &str = "It rained all night, and in the morning the road to the mill was under water. The miller stood at his \
                        window and counted the ducks. There were more of them than on the day before.";
/// What counts that was told: letters and the space, as Shannon counted them.
pub const TOLD: usize = 27;

/// What a model thought of the tokens that lie within a part of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    within: Range<usize>,
    at: usize,
    bits: f64,
    letters: usize,
    tokens: usize,
    ranks: Guesses,
}

impl Default for Tally {
    /// Of all tokens.
    fn default() -> Self {
        Self::within(0..usize::MAX)
    }
}

impl Tally {
    /// Of the tokens that lie within these bytes as a whole. All tokens of the text are to be added in their order.
    pub fn within(bytes: Range<usize>) -> Self {
        Self {
            within: bytes,
            at: 0,
            bits: 0.0,
            letters: 0,
            tokens: 0,
            ranks: Guesses::default(),
        }
    }

    /// Takes the next token in.
    pub fn add(&mut self, token: &TokenRecord) {
        let start = self.at;
        self.at += token.bytes.len();
        let inside = start >= self.within.start && self.at <= self.within.end && self.at > start;
        if let Some(odds) = token.odds.filter(|_| inside) {
            self.bits += f64::from(odds.surprisal);
            self.letters += String::from_utf8_lossy(&token.bytes).chars().count();
            self.tokens += 1;
            self.ranks.add(odds.rank);
        }
    }

    /// Where the part begins, in bytes.
    pub fn start(&self) -> usize {
        self.within.start
    }

    /// Bits a letter; none where no token lies within.
    pub fn bits_a_letter(&self) -> Option<f64> {
        (self.letters > 0).then(|| self.bits / self.letters as f64)
    }

    /// Bits a token, likewise.
    pub fn bits_a_token(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.bits / self.tokens as f64)
    }

    /// The share of tokens that were the model's first choice (0 to 1), likewise.
    pub fn first(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.ranks.with(1) as f64 / self.tokens as f64)
    }

    /// The ranks of the tokens: how many guesses the model would have taken, had it guessed in the order of its odds.
    pub fn ranks(&self) -> &Guesses {
        &self.ranks
    }
}

/// The letters of a text as the game has them: lower case, everything else one space.
pub fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for c in text.chars() {
        if c.is_alphabetic() {
            letters.extend(letters_of(c));
        } else if letters.last().is_some_and(|last| *last != ' ') {
            letters.push(' ');
        }
    }
    if letters.last() == Some(&' ') {
        letters.pop();
    }
    letters
}

/// A text as the game has it: what is guessed letter by letter, and what the model reads beside, so that both are told of
/// the same text.
pub fn spelled(text: &str) -> String {
    letters(text).into_iter().collect()
}

/// A letter that is typed as a guess: small, and everything that is no letter the space.
pub fn guessed(typed: char) -> char {
    letters_of(typed).next().unwrap_or(' ')
}

fn letters_of(c: char) -> impl Iterator<Item = char> {
    c.is_alphabetic()
        .then(|| c.to_lowercase())
        .into_iter()
        .flatten()
}

/// How many guesses the letters took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guesses {
    /// Letters by the number of guesses that they took, from 1.
    counts: Vec<usize>,
}

/// Between which bounds the entropy a letter lies, in bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
}

impl Guesses {
    /// Takes in that a letter took so many guesses, from 1.
    pub fn add(&mut self, guesses: usize) {
        let at = guesses.max(1) - 1;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
    }

    /// Letters that were guessed.
    pub fn letters(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Letters that took this many guesses.
    pub fn with(&self, guesses: usize) -> usize {
        let at = guesses.checked_sub(1);
        at.and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }

    /// Shannon's bounds, with q(i) the share of letters that took i guesses: Σ i (q(i) − q(i+1)) log2 i below, the entropy
    /// of q above. None before the first letter.
    ///
    /// The lower bound holds for shares that fall, as those of a reader do who guesses in the order of the odds. Those of a
    /// short game are put into that order; Shannon smoothed his.
    pub fn bounds(&self) -> Option<Bounds> {
        let all = self.letters();
        if all == 0 {
            return None;
        }
        let mut shares: Vec<f64> = self
            .counts
            .iter()
            .map(|count| *count as f64 / all as f64)
            .filter(|share| *share > 0.0)
            .collect();
        shares.sort_by(|a, b| b.total_cmp(a));
        let mut bounds = Bounds {
            lower: 0.0,
            upper: 0.0,
        };
        for (at, share) in shares.iter().enumerate() {
            let next = shares.get(at + 1).copied().unwrap_or(0.0);
            let guesses = (at + 1) as f64;
            bounds.upper += share * share.recip().log2();
            bounds.lower += guesses * (share - next) * guesses.log2();
        }
        Some(bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_counted_by_the_tokens_within() {
        let token = |text: &str, surprisal, rank| TokenRecord {
            position: 0,
            id: 0,
            bytes: text.as_bytes().to_vec(),
            display: text.to_owned(),
            origin: crate::decoding::Origin::Prompt,
            odds: Some(crate::decoding::TokenOdds {
                probability: 0.5,
                rank,
                surprisal,
                entropy: 1.0,
                best: 0,
            }),
            draw: None,
        };
        let text = [
            token("ab", 1.0, 1),
            token("cde", 2.0, 1),
            token("f", 4.0, 9),
            token("gh", 8.0, 1),
        ];
        let tally = |within| {
            let mut tally = Tally::within(within);
            text.iter().for_each(|token| tally.add(token));
            tally
        };
        let inside = tally(2..7);
        assert_eq!(inside.bits_a_letter(), Some(1.5), "cde and f");
        assert_eq!(
            (inside.bits_a_token(), inside.first()),
            (Some(3.0), Some(0.5))
        );
        assert_eq!((inside.ranks().with(9), inside.start()), (1, 2));
        assert_eq!(tally(0..usize::MAX).bits_a_token(), Some(3.75));
        assert_eq!(tally(3..5).bits_a_letter(), None);
    }

    #[test]
    fn a_text_becomes_letters_and_single_spaces() {
        let found: String = letters("  “Once, upon — a\n time!” Zoë.").iter().collect();
        assert_eq!(found, "once upon a time zoë");
        assert_eq!(letters("...").len(), 0);
        assert_eq!(spelled(&found), found, "once is enough");
        assert_eq!(
            ['A', 'ß', ',', '_', ' '].map(guessed),
            ['a', 'ß', ' ', ' ', ' ']
        );
    }

    /// By hand: q = 1/2, 1/4, 1/8, 1/8.
    #[test]
    fn the_bounds_follow_from_how_many_guesses_the_letters_took() {
        let mut guesses = Guesses::default();
        for number in [1, 1, 1, 1, 2, 2, 3, 4] {
            guesses.add(number);
        }
        assert_eq!((guesses.letters(), guesses.with(2)), (8, 2));
        let bounds = guesses.bounds().expect("letters");
        // 1/2 · 1 + 1/4 · 2 + 2 · 1/8 · 3, and 2 · 1/8 · 1 + 3 · 0 + 4 · 1/8 · 2.
        assert!((bounds.upper - 1.75).abs() < 1e-12, "{bounds:?}");
        assert!((bounds.lower - 1.25).abs() < 1e-12, "{bounds:?}");
    }

    #[test]
    fn letters_that_were_told_do_not_turn_the_bounds_over() {
        let mut guesses = Guesses::default();
        for number in [1, 1, 2, 27] {
            guesses.add(number);
        }
        let bounds = guesses.bounds().expect("letters");
        // 3 · 1/4 · log2 3, and 1/2 · 1 + 2 · 1/4 · 2.
        assert!(
            (bounds.lower - 0.75 * 3f64.log2()).abs() < 1e-12,
            "{bounds:?}"
        );
        assert!((bounds.upper - 1.5).abs() < 1e-12, "{bounds:?}");
    }

    #[test]
    fn who_is_always_right_leaves_nothing_and_who_knows_nothing_everything() {
        let mut sure = Guesses::default();
        assert_eq!(sure.bounds(), None);
        sure.add(1);
        assert_eq!(
            sure.bounds(),
            Some(Bounds {
                lower: 0.0,
                upper: 0.0
            })
        );
        let mut blind = Guesses::default();
        for number in 1..=32 {
            blind.add(number);
        }
        let bounds = blind.bounds().expect("letters");
        assert!(
            (bounds.upper - 5.0).abs() < 1e-9 && (bounds.lower - 5.0).abs() < 1e-9,
            "{bounds:?}"
        );
    }
}

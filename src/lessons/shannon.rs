//! Shannon's guessing game: how many guesses a reader needs for each letter says between which bounds the entropy of the
//! text lies. C. E. Shannon, "Prediction and Entropy of Printed English", Bell System Technical Journal 30 (1951), 50–64.

/// The letters of a text as the game has them: lower case, everything else one space.
pub fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for c in text.chars() {
        if c.is_alphabetic() {
            letters.extend(c.to_lowercase());
        } else if letters.last().is_some_and(|last| *last != ' ') {
            letters.push(' ');
        }
    }
    if letters.last() == Some(&' ') {
        letters.pop();
    }
    letters
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
    fn a_text_becomes_letters_and_single_spaces() {
        let found: String = letters("  “Once, upon — a\n time!” Zoë.").iter().collect();
        assert_eq!(found, "once upon a time zoë");
        assert_eq!(letters("...").len(), 0);
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

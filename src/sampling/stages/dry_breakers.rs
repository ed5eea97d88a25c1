//! Where DRY stops following a repeat.

use std::collections::HashMap;

use crate::sampling::Vocabulary;

/// Texts across which no repeat is followed, as the tokens in which they can occur.
///
/// A breaker may stand within a token, or begin at a token's end and go on in the next ones. So for each token that
/// holds a breaker or ends with the beginning of one, these are the tokens that must follow (none if it is whole).
#[derive(Debug, Default)]
pub(super) struct Breakers {
    tails: HashMap<u32, Vec<Vec<u32>>>,
}

impl Breakers {
    pub fn new(texts: &[String], vocabulary: &dyn Vocabulary) -> Self {
        let mut tails: HashMap<u32, Vec<Vec<u32>>> = HashMap::new();
        for id in 0..vocabulary.size() as u32 {
            let token = vocabulary.text(id);
            for text in texts {
                for rest in rests(&token, text) {
                    let tail = if rest.is_empty() {
                        Vec::new()
                    } else {
                        vocabulary.encode(rest)
                    };
                    let known = tails.entry(id).or_default();
                    if !known.contains(&tail) {
                        known.push(tail);
                    }
                }
            }
        }
        Self { tails }
    }

    /// How many of the last tokens come after the last breaker.
    pub fn tokens_since(&self, history: &[u32]) -> usize {
        for (after, head) in history.iter().rev().enumerate() {
            let following = &history[history.len() - after..];
            let complete = self
                .tails
                .get(head)
                .into_iter()
                .flatten()
                .filter(|tail| following.starts_with(tail));
            if let Some(longest) = complete.map(Vec::len).max() {
                return after - longest;
            }
        }
        history.len()
    }

    /// Whether a token holds a whole breaker.
    pub fn holds_one(&self, id: u32) -> bool {
        self.tails
            .get(&id)
            .is_some_and(|tails| tails.iter().any(Vec::is_empty))
    }
}

/// What of a breaker must still come after a token: nothing if the token holds it, else what is left of it after
/// each of its beginnings in which the token ends.
fn rests<'t>(token: &str, breaker: &'t str) -> Vec<&'t str> {
    if token.contains(breaker) {
        return vec![""];
    }
    let borders = breaker.char_indices().map(|(at, _)| at).skip(1);
    borders
        .filter(|&at| token.ends_with(&breaker[..at]))
        .map(|at| &breaker[at..])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Letters;
    use super::*;

    fn breakers(texts: &[&str]) -> Breakers {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        Breakers::new(&texts, &Letters(28))
    }

    #[test]
    fn a_token_leaves_the_rest_of_a_breaker() {
        assert_eq!(rests("x\ny", "\n"), [""]);
        assert_eq!(rests("no", "one"), ["ne"]);
        assert_eq!(rests("aa", "aaa"), ["aa", "a"]);
        assert!(rests("one", "two").is_empty());
        assert_eq!(rests("é", "éa"), ["a"]);
    }

    #[test]
    fn tokens_are_counted_since_the_last_breaker() {
        let breakers = breakers(&["d", "xy"]);
        assert_eq!(breakers.tokens_since(&[0, 1, 2]), 3);
        assert_eq!(breakers.tokens_since(&[0, 3, 2, 3, 0, 1]), 2);
        assert_eq!(breakers.tokens_since(&[0, 1, 3]), 0);
        // x y as a whole breaks, x alone does not.
        assert_eq!(breakers.tokens_since(&[23, 24, 0, 1, 2]), 3);
        assert_eq!(breakers.tokens_since(&[23, 0, 1, 2]), 4);
        assert_eq!(breakers.tokens_since(&[]), 0);
    }

    #[test]
    fn only_tokens_with_a_whole_breaker_hold_one() {
        let breakers = breakers(&["b", "xy"]);
        assert!(breakers.holds_one(1));
        // " ab" holds the b.
        assert!(breakers.holds_one(27));
        assert!(!breakers.holds_one(23) && !breakers.holds_one(0));
    }
}

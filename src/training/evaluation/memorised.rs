//! What a model knows by heart: n-grams of its texts that stand in what it learned from.

use std::collections::HashSet;
use std::ops::Range;

use crate::training::Memorised;
use crate::training::data::Documents;

/// Tokens of the corpus that are searched at most.
const SEARCHED: u64 = 100_000_000;

/// Tokens that are read at once.
const AT_ONCE: usize = 1 << 16;

/// What of some texts stands in what was learned from.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::training) struct Copied {
    /// The share of their distinct n-grams.
    pub(in crate::training) memorised: Memorised,
    /// For each text, the tokens that such n-grams cover: in order, apart from each other.
    pub(in crate::training) tokens: Vec<Vec<Range<usize>>>,
}

/// The n-grams of `texts` that stand in `documents` (in their first hundred million tokens); none where the texts have
/// none. N-grams are told apart by 64-bit hashes: one in about 10^13 comparisons is wrong.
pub(in crate::training) fn copied(
    texts: &[Vec<u32>],
    length: usize,
    documents: &Documents,
) -> Option<Copied> {
    if length == 0 {
        return None;
    }
    let mut missing: HashSet<u64> = HashSet::new();
    for text in texts {
        missing.extend(text.windows(length).map(hash));
    }
    let count = missing.len();
    if count == 0 {
        return None;
    }
    let (mut tokens, mut at) = (Vec::new(), 0);
    let end = documents.tokens().min(SEARCHED);
    while at < end && !missing.is_empty() {
        let take = AT_ONCE.min((end - at) as usize);
        documents.copy_run(at, take, &mut tokens);
        for window in tokens.windows(length) {
            missing.remove(&hash(window));
        }
        // An n-gram may begin in this piece and end in the next.
        tokens.drain(..tokens.len().saturating_sub(length - 1));
        at += take as u64;
    }
    let covered = texts.iter().map(|text| {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (start, window) in text.windows(length).enumerate() {
            if missing.contains(&hash(window)) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if start <= last.end => last.end = start + length,
                _ => ranges.push(start..start + length),
            }
        }
        ranges
    });
    Some(Copied {
        memorised: Memorised {
            length,
            ngrams: count,
            share: (count - missing.len()) as f64 / count as f64,
        },
        tokens: covered.collect(),
    })
}

/// FNV-1a over tokens, with a finishing mix.
fn hash(ngram: &[u32]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for id in ngram {
        hash = (hash ^ u64::from(*id)).wrapping_mul(0x0000_0100_0000_01B3);
        hash ^= hash >> 32;
    }
    hash.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

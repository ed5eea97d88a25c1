//! Which documents are learned from and which are held out.

use std::ops::Range;
use std::sync::Arc;

use super::TokenCache;
use crate::training::random::Key;

/// Some documents of an encoded corpus, in order, as one run of tokens.
pub struct Documents {
    cache: Arc<TokenCache>,
    chosen: Chosen,
    /// Where each begins in the run, and the run's end.
    starts: Vec<u64>,
}

/// Which documents of a corpus.
enum Chosen {
    All,
    Some(Vec<u32>),
    /// These tokens of the only one.
    Part(Range<usize>),
}

impl Documents {
    /// All documents of a corpus.
    pub fn all(cache: Arc<TokenCache>) -> Self {
        Self::new(cache, Chosen::All)
    }

    fn new(cache: Arc<TokenCache>, chosen: Chosen) -> Self {
        let count = match &chosen {
            Chosen::All => cache.documents(),
            Chosen::Some(chosen) => chosen.len(),
            Chosen::Part(_) => 1,
        };
        let mut documents = Self {
            cache,
            chosen,
            starts: Vec::with_capacity(count + 1),
        };
        let mut end = 0;
        for place in 0..count {
            documents.starts.push(end);
            end += documents.range(place).len() as u64;
        }
        documents.starts.push(end);
        documents
    }

    /// Where a document's tokens lie in the cache.
    fn range(&self, place: usize) -> Range<usize> {
        match &self.chosen {
            Chosen::All => self.cache.document(place),
            Chosen::Some(chosen) => self.cache.document(chosen[place] as usize),
            Chosen::Part(range) => range.clone(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Tokens in all of them.
    pub fn tokens(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Appends at most `most` tokens of a document to `out`.
    pub fn copy_document(&self, place: usize, most: usize, out: &mut Vec<u32>) {
        let range = self.range(place);
        self.cache
            .copy(range.start..range.end.min(range.start + most), out);
    }

    /// Length of a document.
    pub fn length(&self, place: usize) -> u64 {
        self.starts[place + 1] - self.starts[place]
    }

    /// Appends `length` tokens of the run to `out`, from `start` on, across documents.
    pub fn copy_run(&self, start: u64, length: usize, out: &mut Vec<u32>) {
        let mut place = self
            .starts
            .partition_point(|begin| *begin <= start)
            .saturating_sub(1);
        let (mut at, mut left) = (start, length);
        while left > 0 && place < self.count() {
            let range = self.range(place);
            let offset = (at - self.starts[place]) as usize;
            let take = (range.len() - offset).min(left);
            self.cache
                .copy(range.start + offset..range.start + offset + take, out);
            at += take as u64;
            left -= take;
            place += 1;
        }
    }
}

/// Splits a corpus by document: a share for validation, drawn by the seed; at least one document if the share is not 0
/// and there are two. The order within each part is the corpus'.
pub fn split(cache: &Arc<TokenCache>, share: f64, seed: u64) -> (Documents, Option<Documents>) {
    let count = cache.documents() as u64;
    if share <= 0.0 || count < 2 {
        return (Documents::all(Arc::clone(cache)), None);
    }
    let held_out = ((count as f64 * share).round() as u64).clamp(1, count - 1);
    let key = Key::new(seed).named("split");
    let (validation, training): (Vec<u32>, Vec<u32>) =
        (0..count as u32).partition(|index| key.permute(u64::from(*index), count) < held_out);
    (
        Documents::new(Arc::clone(cache), Chosen::Some(training)),
        Some(Documents::new(Arc::clone(cache), Chosen::Some(validation))),
    )
}

/// Splits a corpus of one document: the last share of its tokens is for validation. Nothing is when the share is 0 or
/// fewer than `least` tokens would be left to learn from.
pub fn split_lone(
    cache: &Arc<TokenCache>,
    share: f64,
    least: usize,
) -> (Documents, Option<Documents>) {
    let whole = cache.document(0);
    let held_out = (whole.len() as f64 * share).round() as usize;
    if held_out == 0 || whole.len() - held_out < least {
        return (Documents::all(Arc::clone(cache)), None);
    }
    let cut = whole.end - held_out;
    let part = |range| Documents::new(Arc::clone(cache), Chosen::Part(range));
    (part(whole.start..cut), Some(part(cut..whole.end)))
}

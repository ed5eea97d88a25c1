//! The end of a text, kept aside so that one can come back to it.

use std::sync::Arc;

use super::TokenRecord;

/// The tokens of a text from a place on, with what is needed to look at them again without running the model.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// Position of its first token.
    pub from: usize,
    pub(super) ids: Vec<u32>,
    pub(super) records: Vec<TokenRecord>,
    /// The final hidden state after each token that was read; the newest tokens may be unread.
    pub(super) hidden: Vec<Arc<[f32]>>,
    /// Where the model's window started when each token was read.
    pub(super) starts: Vec<usize>,
}

impl Tail {
    /// A tail of tokens that this model has not read, as when they come from a file.
    pub fn unread(from: usize, records: Vec<TokenRecord>) -> Self {
        Self {
            from,
            ids: records.iter().map(|record| record.id).collect(),
            records,
            ..Self::default()
        }
    }

    /// The tokens' records.
    pub fn records(&self) -> &[TokenRecord] {
        &self.records
    }

    /// Number of tokens of the whole text, those before the tail included.
    pub fn end(&self) -> usize {
        self.from + self.ids.len()
    }

    /// Its first tokens, up to the position `end`.
    pub(super) fn until(&self, end: usize) -> Self {
        let count = end.saturating_sub(self.from);
        let first = |length: usize| count.min(length);
        Self {
            from: self.from,
            ids: self.ids[..first(self.ids.len())].to_vec(),
            records: self.records[..first(self.records.len())].to_vec(),
            hidden: self.hidden[..first(self.hidden.len())].to_vec(),
            starts: self.starts[..first(self.starts.len())].to_vec(),
        }
    }

    /// Its tokens from the position `start` on; all of them if they begin later.
    pub(super) fn since(mut self, start: usize) -> Self {
        let skipped = start.saturating_sub(self.from).min(self.ids.len());
        self.from += skipped;
        self.ids.drain(..skipped);
        self.records.drain(..skipped);
        self.hidden.drain(..skipped.min(self.hidden.len()));
        self.starts.drain(..skipped.min(self.starts.len()));
        self
    }

    /// Appends a tail that begins where this one ends.
    pub(super) fn append(&mut self, next: Self) {
        debug_assert_eq!(self.end(), next.from, "tails follow each other");
        if self.hidden.len() == self.ids.len() {
            self.hidden.extend(next.hidden);
            self.starts.extend(next.starts);
        }
        self.ids.extend(next.ids);
        self.records.extend(next.records);
    }
}

//! A text as the model sees it: its tokens, their records, and the hidden states to look back with.

use std::sync::Arc;

use super::tail::Tail;
use super::window::{Slide, Window};
use super::{DecodingError, Origin, TokenDraw, TokenOdds, TokenRecord};
use crate::model::{Cache, LoadedModel, Rows};
use crate::sampling::RawOdds;

/// Rows of logits held at once while the odds of a prompt are computed.
const LOGIT_ROWS: usize = 32;

/// Tokens, their records and hidden states. The newest tokens may still be unread; [`Sequence::catch_up`] reads them.
pub struct Sequence {
    ids: Vec<u32>,
    records: Vec<TokenRecord>,
    /// The final hidden state after each token that was read: it predicts the token that follows.
    hidden: Vec<Arc<[f32]>>,
    /// Where the window started when each token was read, so that a rewind gives the same view again.
    starts: Vec<usize>,
    window: Window,
}

impl Sequence {
    /// An empty text.
    ///
    /// # Errors
    /// When the device has no room for a cache.
    pub fn new(loaded: &LoadedModel) -> Result<Self, DecodingError> {
        Ok(Self {
            ids: Vec::new(),
            records: Vec::new(),
            hidden: Vec::new(),
            starts: Vec::new(),
            window: Window::new(loaded.model.as_ref())?,
        })
    }

    /// A copy with a cache of its own.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn try_clone(&self) -> Result<Self, DecodingError> {
        Ok(Self {
            ids: self.ids.clone(),
            records: self.records.clone(),
            hidden: self.hidden.clone(),
            starts: self.starts.clone(),
            window: self.window.try_clone()?,
        })
    }

    /// The first `length` tokens as a text that grows on its own. The model reads none of them again as long as it still
    /// sees them, and where it can, both texts hold their keys and values together.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn beginning(
        &mut self,
        loaded: &LoadedModel,
        length: usize,
    ) -> Result<Self, DecodingError> {
        let length = length.min(self.len());
        let read = length.min(self.hidden.len());
        let start = self.starts[..read].last().copied().unwrap_or(0);
        Ok(Self {
            ids: self.ids[..length].to_vec(),
            records: self.records[..length].to_vec(),
            hidden: self.hidden[..read].to_vec(),
            starts: self.starts[..read].to_vec(),
            window: self.window.share(loaded.model.as_ref(), start, read)?,
        })
    }

    /// The tokens.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The tokens' records.
    pub fn records(&self) -> &[TokenRecord] {
        &self.records
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many tokens the model sees.
    pub fn seen(&self) -> usize {
        self.len() - self.window.start()
    }

    /// Bytes that it takes with so many tokens, as far as it grows with them.
    pub fn bytes_at(&self, tokens: usize) -> u64 {
        let cache = self.window.cache();
        let room = cache.room_for(tokens.min(cache.capacity()));
        self.bytes_kept(tokens)
            .saturating_add(cache.bytes_with(room))
    }

    /// Bytes of the records and hidden states of so many tokens.
    fn bytes_kept(&self, tokens: usize) -> u64 {
        /// Of a record with its trace, about.
        const RECORD: usize = 1024;
        let hidden = self.hidden.first().map_or(0, |row| size_of_val(&row[..]));
        (tokens as u64).saturating_mul((hidden + RECORD) as u64)
    }

    /// Bytes that a text of so many tokens takes which begins with the first `start` of this one, as [`Self::beginning`]
    /// makes it.
    pub fn bytes_beside(&self, start: usize, tokens: usize) -> u64 {
        let cache = self.window.cache();
        let seen = tokens.min(cache.capacity());
        cache
            .bytes_beside(start.min(seen), seen)
            .saturating_add(self.bytes_kept(tokens.saturating_sub(start)))
    }

    /// Memory that is left for more of its kind, where that is known.
    pub fn memory_left(&self) -> Option<u64> {
        self.window.cache().memory_left()
    }

    /// The hidden states of all tokens read so far, in order.
    pub fn hidden_states(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.hidden.iter().map(AsRef::as_ref)
    }

    /// The hidden state that predicts the token at `position`, as one row.
    ///
    /// # Errors
    /// When the token before it was not read, or there is none.
    pub fn predictor(&self, position: usize) -> Result<Rows, DecodingError> {
        let before = position.checked_sub(1).ok_or(DecodingError::NoSuchToken {
            position,
            length: self.len(),
        })?;
        let row = self
            .hidden
            .get(before)
            .ok_or(DecodingError::NotRead { position })?;
        Ok(Rows::new(row.len(), row.to_vec()))
    }

    /// The hidden states that predict the tokens at `positions`, a row each.
    ///
    /// # Errors
    /// When a token before them was not read.
    pub fn predictors(
        &self,
        width: usize,
        positions: impl IntoIterator<Item = usize>,
    ) -> Result<Rows, DecodingError> {
        let mut rows = Vec::new();
        for position in positions {
            rows.extend_from_slice(self.predictor(position)?.row(0));
        }
        Ok(Rows::new(width, rows))
    }

    /// Appends a token without reading it.
    pub fn push(
        &mut self,
        loaded: &LoadedModel,
        id: u32,
        origin: Origin,
        odds: Option<TokenOdds>,
        draw: Option<TokenDraw>,
    ) -> &TokenRecord {
        let record = record(loaded, self.len(), id, origin, odds, draw);
        self.ids.push(id);
        self.records.push(record);
        &self.records[self.records.len() - 1]
    }

    /// Keeps of the tokens only what they are: for a text that nobody looks back at, which is copied often.
    pub(super) fn forget_odds(&mut self) {
        for record in &mut self.records {
            (record.odds, record.draw) = (None, None);
        }
    }

    /// Tokens that can be read before the context is full.
    pub(super) fn room(&self) -> usize {
        self.window.context().saturating_sub(self.seen())
    }

    /// Fills in what was found out of a token after it was appended.
    pub(super) fn settle(
        &mut self,
        position: usize,
        odds: TokenOdds,
        draw: TokenDraw,
    ) -> &TokenRecord {
        let record = &mut self.records[position];
        record.odds = Some(odds);
        record.draw = Some(draw);
        record
    }

    /// Cuts the text to its first `length` tokens; the model sees of them what it saw when they were read.
    pub fn rewind(&mut self, length: usize) {
        if length >= self.len() {
            return;
        }
        self.ids.truncate(length);
        self.records.truncate(length);
        self.hidden.truncate(length);
        self.starts.truncate(length);
        let start = self.starts.last().copied().unwrap_or(0);
        self.window.forget(start, self.hidden.len());
    }

    /// A copy of what is kept of the tokens from `from` on.
    pub fn tail(&self, from: usize) -> Tail {
        let from = from.min(self.len());
        let read = from.min(self.hidden.len());
        Tail {
            from,
            ids: self.ids[from..].to_vec(),
            records: self.records[from..].to_vec(),
            hidden: self.hidden[read..].to_vec(),
            starts: self.starts[read..].to_vec(),
        }
    }

    /// Puts `tail` in place of all tokens from its place on. The model reads them when it is needed again; looking back
    /// at those that were read before needs no reading.
    pub fn adopt(&mut self, tail: Tail) {
        self.rewind(tail.from);
        debug_assert_eq!(self.len(), tail.from, "a tail follows what it was cut from");
        // Hidden states without those before them would be taken for those of other tokens.
        if self.hidden.len() == tail.from {
            self.hidden.extend(tail.hidden);
            self.starts.extend(tail.starts);
        }
        self.ids.extend(tail.ids);
        self.records.extend(tail.records);
        let start = self.starts.last().copied().unwrap_or(0);
        self.window.forget(start, self.hidden.len());
    }

    /// Brings the cache to where the hidden states are: it lags behind after a tail was put in place.
    fn refresh(&mut self, loaded: &LoadedModel) -> Result<(), DecodingError> {
        let read = self.hidden.len();
        if self.window.end() < read {
            let start = self.starts.last().copied().unwrap_or(0);
            self.window
                .view(loaded.model.as_ref(), &self.ids, start, read)?;
        }
        Ok(())
    }

    /// Reads all tokens that were not read yet. Stops between chunks when `cancelled` says so.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub fn catch_up(
        &mut self,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Slide>, DecodingError> {
        let mut slid = None;
        if self.unread() > 0 {
            self.refresh(loaded)?;
        }
        while self.hidden.len() < self.len() {
            if cancelled() {
                return Err(DecodingError::Cancelled);
            }
            let piece = self.window.read_on(loaded.model.as_ref(), &self.ids)?;
            slid = piece.slide.or(slid);
            for row in piece.hidden.iter() {
                self.keep(row);
            }
        }
        Ok(slid)
    }

    /// How many of the newest tokens were not read yet.
    pub fn unread(&self) -> usize {
        self.len() - self.hidden.len()
    }

    /// Makes room for the one unread token and lends the cache to read it with. The caller reads it and calls
    /// [`Sequence::keep`].
    pub(super) fn lend_for_one(
        &mut self,
        loaded: &LoadedModel,
    ) -> Result<(u32, &mut Cache, Option<Slide>), DecodingError> {
        debug_assert_eq!(self.unread(), 1, "one token is to be read");
        self.refresh(loaded)?;
        let read = self.hidden.len();
        let slide = self
            .window
            .slide_if_full(loaded.model.as_ref(), &self.ids[..read])?;
        Ok((self.ids[read], self.window.cache_mut(), slide))
    }

    /// Lends what is unread, and the cache to read it with. The caller reads it and calls [`Sequence::keep`] with each row.
    /// It must fit into what the model still sees: see [`Sequence::room`].
    pub(super) fn lend_unread(
        &mut self,
        loaded: &LoadedModel,
    ) -> Result<(&[u32], &mut Cache), DecodingError> {
        self.refresh(loaded)?;
        let read = self.hidden.len();
        Ok((&self.ids[read..], self.window.cache_mut()))
    }

    /// The hidden state that reading `id` at the end would give. The text stays as it is.
    ///
    /// # Errors
    /// When the model fails.
    pub(super) fn hidden_if(
        &mut self,
        loaded: &LoadedModel,
        id: u32,
    ) -> Result<Rows, DecodingError> {
        self.refresh(loaded)?;
        let model = loaded.model.as_ref();
        self.window.slide_if_full(model, &self.ids)?;
        let cache = self.window.cache_mut();
        let before = cache.len();
        let hidden = model.step(&[id], &mut [&mut *cache]);
        cache.rewind(before);
        Ok(hidden?)
    }

    /// Keeps the hidden state of a token that was read.
    pub(super) fn keep(&mut self, hidden: &[f32]) {
        self.hidden.push(hidden.into());
        self.starts.push(self.window.start());
    }

    /// Fills in the odds of all tokens from `from` on. They must have been read.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub fn fill_odds(
        &mut self,
        loaded: &LoadedModel,
        from: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), DecodingError> {
        let mut next = from.max(1);
        while next < self.len() {
            if cancelled() {
                return Err(DecodingError::Cancelled);
            }
            let upto = self.len().min(next + LOGIT_ROWS);
            let width = loaded.model.info().width;
            let logits = loaded
                .model
                .logits(&Rows::new(width, concat(&self.hidden[next - 1..upto - 1])))?;
            for (row, position) in logits.iter().zip(next..upto) {
                self.records[position].odds = Some(token_odds(row, self.ids[position]));
            }
            next = upto;
        }
        Ok(())
    }
}

fn concat(rows: &[Arc<[f32]>]) -> Vec<f32> {
    rows.iter().flat_map(|row| row.iter().copied()).collect()
}

/// The odds of `id` under the softmax of `logits`.
pub fn token_odds(logits: &[f32], id: u32) -> TokenOdds {
    token_odds_of(&RawOdds::new(logits), logits, id)
}

/// As [`token_odds`], with the softmax at hand.
pub(super) fn token_odds_of(raw: &RawOdds, logits: &[f32], id: u32) -> TokenOdds {
    TokenOdds {
        probability: raw.probability(logits, id),
        rank: raw.rank(logits, id),
        surprisal: raw.surprisal_bits(logits, id),
        entropy: raw.entropy(),
        best: raw.best(),
    }
}

/// The record of a token.
pub(super) fn record(
    loaded: &LoadedModel,
    position: usize,
    id: u32,
    origin: Origin,
    odds: Option<TokenOdds>,
    draw: Option<TokenDraw>,
) -> TokenRecord {
    TokenRecord {
        position,
        id,
        bytes: loaded.tokenizer.token_bytes(id).to_vec(),
        display: loaded.tokenizer.display(id),
        origin,
        odds,
        draw,
    }
}

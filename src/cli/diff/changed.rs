//! The places of a text that changed most.

use std::cmp::Reverse;
use std::collections::VecDeque;

use crate::cli::json::ChangedPlace;
use crate::decoding::TokenDifference;
use crate::model::LoadedModel;
use crate::text::display_token;

/// Bytes of the text that are shown before a place.
const BEFORE: usize = 32;

/// A place whose distribution changed much.
#[derive(Debug, Clone)]
pub struct Changed {
    pub position: usize,
    /// D(base‖tuned) in bits.
    pub kl: f64,
    /// The text before it, made safe and visible for display.
    pub before: String,
    /// The token that stands there, as all of these.
    pub display: String,
    pub base_probability: f32,
    pub tuned_probability: f32,
    /// The base's most probable token.
    pub base_best: String,
    /// The tuned model's.
    pub tuned_best: String,
}

impl Changed {
    /// As `--json` tells it.
    pub fn record(&self) -> ChangedPlace<'_> {
        ChangedPlace {
            position: self.position,
            kl_bits: self.kl,
            before: &self.before,
            display: &self.display,
            base_best: &self.base_best,
            tuned_best: &self.tuned_best,
            base_probability: self.base_probability,
            tuned_probability: self.tuned_probability,
        }
    }
}

/// Collects them along a text.
pub struct Most {
    count: usize,
    /// The most changed first; of equals the earlier one.
    places: Vec<Changed>,
    /// The end of the text so far.
    tail: VecDeque<u8>,
}

impl Most {
    /// A collection of at most `count`.
    pub fn new(count: usize) -> Self {
        Self {
            count,
            places: Vec::new(),
            tail: VecDeque::new(),
        }
    }

    /// Takes the next token in.
    pub fn add(&mut self, token: &TokenDifference, base: &LoadedModel) {
        let least = self.places.last().map_or(0.0, |place| place.kl);
        let room = self.places.len() < self.count;
        if let Some(odds) = token.odds
            && odds.kl > 0.0
            && self.count > 0
            && (room || odds.kl > least)
        {
            let name = |id| base.tokenizer.display(id);
            self.places.truncate(self.count - 1);
            let at = self.places.partition_point(|place| place.kl >= odds.kl);
            let place = Changed {
                position: token.position,
                kl: odds.kl,
                before: shown(self.tail.make_contiguous()),
                display: token.display.clone(),
                base_probability: odds.base.probability,
                tuned_probability: odds.tuned.probability,
                base_best: name(odds.base.best),
                tuned_best: name(odds.tuned.best),
            };
            self.places.insert(at, place);
        }
        self.tail.extend(&token.bytes);
        self.tail.drain(..self.tail.len().saturating_sub(BEFORE));
    }

    /// The places, the most changed first.
    pub fn into_places(self) -> Vec<Changed> {
        debug_assert!(
            self.places
                .is_sorted_by_key(|place| Reverse((place.kl * 1e9) as u64))
        );
        self.places
    }
}

/// The text before a place, made safe and visible for display.
pub fn before(base: &LoadedModel, ids: &[u32], position: usize) -> String {
    let mut bytes = Vec::new();
    for &id in ids[..position].iter().rev().take(BEFORE) {
        bytes.splice(..0, base.tokenizer.token_bytes(id).iter().copied());
    }
    shown(&bytes[bytes.len().saturating_sub(BEFORE)..])
}

fn shown(bytes: &[u8]) -> String {
    // The first bytes may be the rest of a character.
    let from = bytes
        .iter()
        .take(3)
        .take_while(|byte| **byte & 0xC0 == 0x80);
    display_token(&bytes[from.count()..]).replace('·', " ")
}

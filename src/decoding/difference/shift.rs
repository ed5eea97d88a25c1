//! What rose and what fell from one model to the other, at one place of a text.

use serde::Serialize;

use super::{Change, Pair, TwoOdds, two_odds};
use crate::decoding::DecodingError;

/// One place of a text under two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shift {
    /// Index of the token that the distributions are over.
    pub position: usize,
    /// The token that stands there.
    pub id: u32,
    /// That token made safe and visible for display.
    pub display: String,
    pub odds: TwoOdds,
    /// The tokens whose probability rose most from base to tuned, the largest rise first.
    pub rose: Vec<ShiftedToken>,
    /// The tokens whose probability fell most, the largest fall first.
    pub fell: Vec<ShiftedToken>,
}

/// A token that could stand at a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShiftedToken {
    pub id: u32,
    /// The token made safe and visible for display.
    pub display: String,
    /// Probability under base (0 to 1).
    pub base: f32,
    /// Probability under tuned (0 to 1).
    pub tuned: f32,
    /// 1 is the most probable under base; ties by id.
    pub base_rank: usize,
    /// The same under tuned.
    pub tuned_rank: usize,
    /// log2 of tuned over base, in bits.
    pub log_ratio: f32,
}

impl Pair<'_> {
    /// The `count` tokens that rose most, and those that fell most, in the place of the token at `position`.
    ///
    /// # Errors
    /// When there is no such token or nothing predicts it, or a model fails.
    pub fn shift(
        &self,
        ids: &[u32],
        position: usize,
        count: usize,
    ) -> Result<Shift, DecodingError> {
        if position == 0 || position >= ids.len() {
            return Err(DecodingError::NoSuchToken {
                position,
                length: ids.len(),
            });
        }
        let mut reading = self.reading(self.context())?;
        let mut found = None;
        self.walk(
            &mut reading,
            &ids[..=position],
            position,
            |_, base, tuned| {
                found = Some(self.shift_of(ids[position], position, (base, tuned), count));
                Ok::<_, DecodingError>(())
            },
        )?;
        found.ok_or(DecodingError::NotRead { position })
    }

    fn shift_of(
        &self,
        id: u32,
        position: usize,
        (base, tuned): (&[f32], &[f32]),
        count: usize,
    ) -> Shift {
        let place = (position, Some(id));
        let change = Change::between(self.base, (base, tuned), place, count);
        Shift {
            position,
            id,
            display: self.base.tokenizer.display(id),
            odds: two_odds(base, tuned, id),
            rose: change.rose,
            fell: change.fell,
        }
    }
}

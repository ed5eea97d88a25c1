//! A text under two models with one tokenizer: how far the distributions over each of its tokens lie apart.

mod change;
mod llama_cpp;
mod shift;
mod totals;

use serde::Serialize;

pub use self::change::{Change, divergence_bits};
pub use self::llama_cpp::{LlamaCppFigures, Uncertain};
pub use self::shift::{Shift, ShiftedToken};
pub use self::totals::{DifferenceTotals, Percentiles};
use super::sequence::token_odds_of;
use super::window::Window;
use super::{DecodingError, TokenOdds};
use crate::model::{LoadedModel, Model, ModelError, Rows};
use crate::sampling::RawOdds;

/// Rows of logits held at once of each model.
const LOGIT_ROWS: usize = 16;

/// One token of a text under two models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenDifference {
    /// Place in the text, from 0.
    pub position: usize,
    pub id: u32,
    /// The token's bytes, which need not be whole characters.
    pub bytes: Vec<u8>,
    /// The token made safe and visible for display.
    pub display: String,
    /// None for the first token of a text, which nothing predicts.
    pub odds: Option<TwoOdds>,
}

/// What two models thought of one token, and of all that could stand in its place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TwoOdds {
    pub base: TokenOdds,
    pub tuned: TokenOdds,
    /// D(base‖tuned) in bits: Σ p_base (log2 p_base − log2 p_tuned) over the whole distribution.
    pub kl: f64,
    /// D(tuned‖base) in bits.
    pub kl_reverse: f64,
}

/// Two models whose distributions are over the same tokens.
pub struct Pair<'a> {
    base: &'a LoadedModel,
    tuned: &'a LoadedModel,
}

/// Where both have read to.
struct Reading {
    base: Window,
    tuned: Window,
}

impl<'a> Pair<'a> {
    /// Puts two models side by side.
    ///
    /// # Errors
    /// [`DecodingError::OtherTokens`] when their tokens are not the same.
    pub fn new(base: &'a LoadedModel, tuned: &'a LoadedModel) -> Result<Self, DecodingError> {
        let (one, other) = (base.model.info(), tuned.model.info());
        if one.token_set != other.token_set || one.vocabulary != other.vocabulary {
            return Err(DecodingError::OtherTokens {
                base: one.name.clone(),
                tuned: other.name.clone(),
            });
        }
        Ok(Self { base, tuned })
    }

    /// Most tokens that both can see: of two contexts the shorter, so that neither knows more of a text.
    pub fn context(&self) -> usize {
        let length = |loaded: &LoadedModel| loaded.model.info().context_length;
        length(self.base).min(length(self.tuned))
    }

    /// Goes along `ids`, which may be longer than the context: both models then see at least half a context before each
    /// token, and the same one. `each` takes the tokens in order; nothing of them is kept.
    ///
    /// # Errors
    /// When a model or `each` fails.
    pub fn along<E: From<DecodingError>>(
        &self,
        ids: &[u32],
        mut each: impl FnMut(TokenDifference) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reading = self.reading(self.context())?;
        let Some(&first) = ids.first() else {
            return Ok(());
        };
        each(self.token(0, first, None))?;
        self.walk(&mut reading, ids, 1, |position, base, tuned| {
            let id = ids[position];
            each(self.token(position, id, Some(two_odds(base, tuned, id))))
        })
    }

    fn token(&self, position: usize, id: u32, odds: Option<TwoOdds>) -> TokenDifference {
        TokenDifference {
            position,
            id,
            bytes: self.base.tokenizer.token_bytes(id).to_vec(),
            display: self.base.tokenizer.display(id),
            odds,
        }
    }

    fn reading(&self, context: usize) -> Result<Reading, DecodingError> {
        Ok(Reading {
            base: Window::within(self.base.model.as_ref(), context)?,
            tuned: Window::within(self.tuned.model.as_ref(), context)?,
        })
    }

    /// Reads `ids`, and hands out the logits of both for each position from `from` on, which is at least 1, up to that
    /// after the last token.
    fn walk<E: From<DecodingError>>(
        &self,
        reading: &mut Reading,
        ids: &[u32],
        from: usize,
        mut each: impl FnMut(usize, &[f32], &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: ModelError| E::from(DecodingError::Model(error));
        let (base, tuned) = (self.base.model.as_ref(), self.tuned.model.as_ref());
        let mut position = 1;
        while position < ids.len() {
            let pieces = [
                reading.base.read_on(base, ids).map_err(failed)?.hidden,
                reading.tuned.read_on(tuned, ids).map_err(failed)?.hidden,
            ];
            let count = pieces[0].as_slice().len() / pieces[0].width();
            let end = ids.len() - position;
            let wanted = from.saturating_sub(position)..count.min(end);
            for start in wanted.clone().step_by(LOGIT_ROWS) {
                let rows = start..wanted.end.min(start + LOGIT_ROWS);
                let one = logits(base, &pieces[0], &rows).map_err(failed)?;
                let other = logits(tuned, &pieces[1], &rows).map_err(failed)?;
                for ((one, other), row) in one.iter().zip(other.iter()).zip(rows) {
                    each(position + row, one, other)?;
                }
            }
            position += count;
        }
        Ok(())
    }
}

/// The logits after some of the hidden states.
fn logits(
    model: &dyn Model,
    hidden: &Rows,
    rows: &std::ops::Range<usize>,
) -> Result<Rows, ModelError> {
    let width = hidden.width();
    let part = &hidden.as_slice()[rows.start * width..rows.end * width];
    model.logits(&Rows::new(width, part.to_vec()))
}

fn two_odds(base: &[f32], tuned: &[f32], id: u32) -> TwoOdds {
    let (one, other) = (RawOdds::new(base), RawOdds::new(tuned));
    TwoOdds {
        base: token_odds_of(&one, base, id),
        tuned: token_odds_of(&other, tuned, id),
        kl: one.divergence_bits(base, &other, tuned),
        kl_reverse: other.divergence_bits(tuned, &one, base),
    }
}

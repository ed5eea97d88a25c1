//! Scoring a text that is given: what the model thinks of each of its tokens.

use super::sequence::{record, token_odds};
use super::window::Window;
use super::{DecodingError, Origin, TokenOdds, TokenRecord};
use crate::model::{LoadedModel, Rows};

/// Rows of logits held at once.
const LOGIT_ROWS: usize = 32;

/// Sums over the tokens of a text that had something to be predicted from.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Tokens that were predicted: all but the first.
    pub predicted: usize,
    /// Natural logarithm of the joint probability of those tokens.
    pub log_probability: f64,
    /// Bytes of those tokens.
    pub bytes: usize,
    /// Tokens that were the most probable ones.
    pub best: usize,
}

impl Totals {
    /// Adds a token.
    pub fn add(&mut self, record: &TokenRecord) {
        if let Some(odds) = record.odds {
            self.count(record.id, record.bytes.len(), &odds);
        }
    }

    /// Adds a token of so many bytes that something predicted.
    pub fn count(&mut self, id: u32, bytes: usize, odds: &TokenOdds) {
        self.predicted += 1;
        self.log_probability -= f64::from(odds.surprisal) * std::f64::consts::LN_2;
        self.bytes += bytes;
        self.best += usize::from(odds.best == id);
    }

    /// Mean cross-entropy in nats a token.
    pub fn loss(&self) -> f64 {
        -self.log_probability / self.predicted as f64
    }

    /// `exp` of the mean cross-entropy in nats a token.
    pub fn perplexity(&self) -> f64 {
        self.loss().exp()
    }

    /// Bits a byte, which compares across tokenizers.
    pub fn bits_per_byte(&self) -> f64 {
        -self.log_probability / std::f64::consts::LN_2 / self.bytes as f64
    }

    /// Share of tokens that were the most probable ones (0 to 1).
    pub fn accuracy(&self) -> f64 {
        self.best as f64 / self.predicted as f64
    }
}

/// Scores `ids`, which may be longer than the context: the model then sees at least half a context before each
/// token. `each` takes the tokens in order; nothing of them is kept.
///
/// # Errors
/// When the model or `each` fails.
pub fn score<E: From<DecodingError>>(
    loaded: &LoadedModel,
    ids: &[u32],
    mut each: impl FnMut(TokenRecord) -> Result<(), E>,
) -> Result<(), E> {
    let model = loaded.model.as_ref();
    let failed = |error| E::from(DecodingError::Model(error));
    let mut window = Window::new(model).map_err(failed)?;
    let Some(&first) = ids.first() else {
        return Ok(());
    };
    each(record(loaded, 0, first, Origin::Prompt, None, None))?;

    let mut position = 1;
    while position < ids.len() {
        let piece = window.read_on(model, ids).map_err(failed)?;
        let width = piece.hidden.width();
        for hidden in piece.hidden.as_slice().chunks(LOGIT_ROWS * width) {
            let logits = model
                .logits(&Rows::new(width, hidden.to_vec()))
                .map_err(failed)?;
            for row in logits.iter() {
                let Some(&id) = ids.get(position) else { break };
                let odds = Some(token_odds(row, id));
                each(record(loaded, position, id, Origin::Prompt, odds, None))?;
                position += 1;
            }
        }
    }
    Ok(())
}

//! Scoring a text that is given: what the model thinks of each of its tokens.

use super::sequence::{record, token_odds};
use super::window::CHUNK;
use super::{DecodingError, Origin, TokenOdds, TokenRecord, together};
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
    /// Sum of the squares of the tokens' log-probabilities, in nats².
    pub squares: f64,
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
        let nats = f64::from(odds.surprisal) * std::f64::consts::LN_2;
        self.predicted += 1;
        self.log_probability -= nats;
        self.squares += nats * nats;
        self.bytes += bytes;
        self.best += usize::from(odds.best == id);
    }

    /// Adds another text.
    pub fn merge(&mut self, other: &Self) {
        self.predicted += other.predicted;
        self.log_probability += other.log_probability;
        self.squares += other.squares;
        self.bytes += other.bytes;
        self.best += other.best;
    }

    /// Mean cross-entropy in nats a token.
    pub fn loss(&self) -> f64 {
        -self.log_probability / self.predicted as f64
    }

    /// The standard error of [`Totals::loss`] in nats, tokens taken as independent of each other; none of fewer than
    /// two.
    pub fn loss_error(&self) -> Option<f64> {
        let n = self.predicted as f64;
        let variance = (self.squares - n * self.loss() * self.loss()).max(0.0) / (n - 1.0);
        (self.predicted > 1).then(|| (variance / n).sqrt())
    }

    /// `exp` of the mean cross-entropy in nats a token.
    pub fn perplexity(&self) -> f64 {
        self.loss().exp()
    }

    /// The standard error of [`Totals::perplexity`], by the slope of `exp` there.
    pub fn perplexity_error(&self) -> Option<f64> {
        Some(self.perplexity() * self.loss_error()?)
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

/// How much of a text the model sees before each token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// Tokens at once, those of the model's context at most; none for all of it.
    pub context: Option<usize>,
    /// How far the view moves on when it is full; none for half of it. Each token but the first ones is predicted from
    /// `context − stride` others at least.
    pub stride: Option<usize>,
}

impl View {
    /// Its width and step in a model of this context: 1 ≤ step ≤ width.
    fn of(self, context_length: usize) -> (usize, usize) {
        let width = self
            .context
            .unwrap_or(context_length)
            .clamp(1, context_length);
        let step = self.stride.unwrap_or(width - width / 2).clamp(1, width);
        (width, step)
    }
}

/// Scores several texts, as [`score`] does each: short ones that the view holds are read together, in one pass over the
/// weights for as many as a chunk holds. `each` takes the tokens in order, with the number of their text.
///
/// # Errors
/// When the model or `each` fails.
pub fn score_each<E: From<DecodingError>>(
    loaded: &LoadedModel,
    texts: &[Vec<u32>],
    view: View,
    mut each: impl FnMut(usize, TokenRecord) -> Result<(), E>,
) -> Result<(), E> {
    let (width, _) = view.of(loaded.model.info().context_length);
    let mut next = 0;
    while next < texts.len() {
        let short = texts[next..].iter().take_while(|ids| ids.len() <= width);
        match together::packed(short.map(Vec::len)) {
            0 | 1 => {
                score(loaded, &texts[next], view, |record| each(next, record))?;
                next += 1;
            }
            several => {
                score_pass(loaded, &texts[next..next + several], |text, record| {
                    each(next + text, record)
                })?;
                next += several;
            }
        }
    }
    Ok(())
}

/// Scores texts that the model sees all of, in one pass.
fn score_pass<E: From<DecodingError>>(
    loaded: &LoadedModel,
    texts: &[Vec<u32>],
    mut each: impl FnMut(usize, TokenRecord) -> Result<(), E>,
) -> Result<(), E> {
    let model = loaded.model.as_ref();
    let failed = |error| E::from(DecodingError::Model(error));
    let ids: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let caches = ids.iter().map(|_| model.new_cache());
    let mut caches = caches.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut lent: Vec<_> = caches.iter_mut().collect();
    let hidden = model.read_each(&ids, &mut lent).map_err(failed)?;
    for (text, (ids, hidden)) in ids.iter().zip(&hidden).enumerate() {
        let Some((&first, predicted)) = ids.split_first() else {
            continue;
        };
        each(text, record(loaded, 0, first, Origin::Prompt, None, None))?;
        let mut position = 1;
        let predictors = &hidden.as_slice()[..predicted.len() * hidden.width()];
        for rows in predictors.chunks(LOGIT_ROWS * hidden.width()) {
            let rows = Rows::new(hidden.width(), rows.to_vec());
            for row in model.logits(&rows).map_err(failed)?.iter() {
                let odds = Some(token_odds(row, ids[position]));
                let record = record(loaded, position, ids[position], Origin::Prompt, odds, None);
                each(text, record)?;
                position += 1;
            }
        }
    }
    Ok(())
}

/// Scores `ids`, which may be longer than the context: the model then sees a view of it that moves on. `each` takes the
/// tokens in order; nothing of them is kept.
///
/// # Errors
/// When the model or `each` fails.
pub fn score<E: From<DecodingError>>(
    loaded: &LoadedModel,
    ids: &[u32],
    view: View,
    mut each: impl FnMut(TokenRecord) -> Result<(), E>,
) -> Result<(), E> {
    let model = loaded.model.as_ref();
    let failed = |error| E::from(DecodingError::Model(error));
    let Some(&first) = ids.first() else {
        return Ok(());
    };
    each(record(loaded, 0, first, Origin::Prompt, None, None))?;

    let (width, step) = view.of(model.info().context_length);
    let (mut begin, mut position) = (0, 1);
    while position < ids.len() {
        let mut cache = model.new_cache().map_err(failed)?;
        let end = ids.len().min(begin + width);
        let mut at = begin;
        while at < end && position < ids.len() {
            let upto = end.min(at + CHUNK);
            let hidden = model.read(&ids[at..upto], &mut cache).map_err(failed)?;
            // The row of a token predicts the one after it; those before are known.
            let known = (position - 1).saturating_sub(at).min(upto - at);
            let width = hidden.width();
            for rows in hidden.as_slice()[known * width..].chunks(LOGIT_ROWS * width) {
                let logits = model
                    .logits(&Rows::new(width, rows.to_vec()))
                    .map_err(failed)?;
                for row in logits.iter() {
                    let Some(&id) = ids.get(position) else { break };
                    let odds = Some(token_odds(row, id));
                    each(record(loaded, position, id, Origin::Prompt, odds, None))?;
                    position += 1;
                }
            }
            at = upto;
        }
        begin += step;
    }
    Ok(())
}

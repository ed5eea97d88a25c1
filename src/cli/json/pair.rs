//! A text under two models.

use serde::Serialize;

use super::Piece;
use crate::decoding::{LlamaCppFigures, Shift, ShiftedToken, TokenDifference, TokenOdds};

/// A token under two models.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference<'a> {
    /// Place in the text, from 0.
    pub position: usize,
    #[serde(flatten)]
    pub piece: Piece<'a>,
    /// What the base thought of it; null for the first token, which nothing predicts, as are the next three.
    pub base: Option<ModelOdds>,
    /// What the tuned model thought of it.
    pub tuned: Option<ModelOdds>,
    /// D(base‖tuned) of the distributions that it stands in, in bits.
    pub kl_bits: Option<f64>,
    /// D(tuned‖base), in bits.
    pub kl_reverse_bits: Option<f64>,
}

/// What one of two models thought of a token.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelOdds {
    /// Its probability (0 to 1).
    pub raw_probability: f32,
    /// 1 is the most probable; ties by id.
    pub rank: usize,
    /// −log2 of its probability, in bits.
    pub surprisal_bits: f32,
    /// Entropy of the distribution, in bits.
    pub raw_entropy_bits: f32,
    /// The most probable token.
    pub best_id: u32,
}

/// How far two models lie apart over a text.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DifferenceTotals<'a> {
    pub base: ModelFigures<'a>,
    pub tuned: ModelFigures<'a>,
    /// Tokens of the text.
    pub tokens: usize,
    /// Those that something predicts.
    pub predicted: usize,
    /// Mean of D(base‖tuned) in bits a token.
    pub mean_kl_bits: f64,
    /// Half of the tokens have a smaller one.
    pub median_kl_bits: f64,
    /// 99 % of the tokens have a smaller one.
    pub kl_99_bits: f64,
    /// The largest.
    pub max_kl_bits: f64,
    /// Mean of D(tuned‖base) in bits a token.
    pub mean_kl_reverse_bits: f64,
    /// Share of places with the same most probable token (0 to 1).
    pub top_agreement: f64,
    /// The places that changed most, the first one most.
    pub changed: Vec<ChangedPlace<'a>>,
    /// With `--llama-cpp`, the figures of llama.cpp's perplexity tool; null without.
    pub llama_cpp: Option<&'a LlamaCppFigures>,
}

/// One of two models over a text.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelFigures<'a> {
    pub name: &'a str,
    /// What the large matrices are held in.
    pub precision: &'static str,
    pub perplexity: f64,
    pub bits_per_byte: f64,
}

/// A place whose distribution changed much.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangedPlace<'a> {
    /// Place in the text, from 0.
    pub position: usize,
    /// D(base‖tuned), in bits.
    pub kl_bits: f64,
    /// The text before it, made safe and visible.
    pub before: &'a str,
    /// The token that stands there, made safe and visible as the next two.
    pub display: &'a str,
    /// The base's most probable token.
    pub base_best: &'a str,
    /// The tuned model's.
    pub tuned_best: &'a str,
    /// The token's probability under the base (0 to 1).
    pub base_probability: f32,
    /// The same under the tuned model.
    pub tuned_probability: f32,
}

/// What rose and what fell at one place (`--at`).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ShiftRecord<'a> {
    /// Place in the text, from 0.
    pub position: usize,
    /// The token that stands there.
    pub id: u32,
    /// That token made safe and visible.
    pub display: &'a str,
    /// What the base thought of it.
    pub base: ModelOdds,
    /// What the tuned model thought of it.
    pub tuned: ModelOdds,
    /// D(base‖tuned), in bits.
    pub kl_bits: f64,
    /// D(tuned‖base), in bits.
    pub kl_reverse_bits: f64,
    /// The tokens whose probability rose most from base to tuned, the largest rise first.
    pub rose: Vec<Moved<'a>>,
    /// The tokens whose probability fell most, the largest fall first.
    pub fell: Vec<Moved<'a>>,
}

/// A token whose probability is another under another model.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Moved<'a> {
    pub id: u32,
    /// Made safe and visible.
    pub display: &'a str,
    /// Probability under the base (0 to 1).
    pub base_probability: f32,
    /// Probability under the tuned model (0 to 1).
    pub tuned_probability: f32,
    /// 1 is the most probable under the base; ties by id.
    pub base_rank: usize,
    /// The same under the tuned model.
    pub tuned_rank: usize,
    /// log2 of the tuned probability over the base's, in bits.
    pub log_ratio_bits: f32,
}

impl From<TokenOdds> for ModelOdds {
    fn from(odds: TokenOdds) -> Self {
        Self {
            raw_probability: odds.probability,
            rank: odds.rank,
            surprisal_bits: odds.surprisal,
            raw_entropy_bits: odds.entropy,
            best_id: odds.best,
        }
    }
}

impl<'a> From<&'a TokenDifference> for Difference<'a> {
    fn from(token: &'a TokenDifference) -> Self {
        Self {
            position: token.position,
            piece: Piece::new(token.id, &token.bytes, &token.display),
            base: token.odds.map(|odds| odds.base.into()),
            tuned: token.odds.map(|odds| odds.tuned.into()),
            kl_bits: token.odds.map(|odds| odds.kl),
            kl_reverse_bits: token.odds.map(|odds| odds.kl_reverse),
        }
    }
}

impl<'a> From<&'a Shift> for ShiftRecord<'a> {
    fn from(shift: &'a Shift) -> Self {
        Self {
            position: shift.position,
            id: shift.id,
            display: &shift.display,
            base: shift.odds.base.into(),
            tuned: shift.odds.tuned.into(),
            kl_bits: shift.odds.kl,
            kl_reverse_bits: shift.odds.kl_reverse,
            rose: shift.rose.iter().map(Moved::from).collect(),
            fell: shift.fell.iter().map(Moved::from).collect(),
        }
    }
}

impl<'a> From<&'a ShiftedToken> for Moved<'a> {
    fn from(token: &'a ShiftedToken) -> Self {
        Self {
            id: token.id,
            display: &token.display,
            base_probability: token.base,
            tuned_probability: token.tuned,
            base_rank: token.base_rank,
            tuned_rank: token.tuned_rank,
            log_ratio_bits: token.log_ratio,
        }
    }
}

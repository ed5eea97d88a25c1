//! One token of a text, flat: a column a field.

use serde::Serialize;

use crate::decoding::{Candidate, Origin, TokenDraw, TokenOdds, TokenRecord};
use crate::sampling::StageTrace;

/// What a token stands for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Piece<'a> {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Its text; null where its bytes are no whole characters. Empty for special tokens.
    pub text: Option<&'a str>,
    /// Its bytes in UTF-8.
    pub bytes: &'a [u8],
    /// Made safe and visible: spaces as `·`, characters that other tokens complete, special tokens by name.
    pub display: &'a str,
}

impl<'a> Piece<'a> {
    /// Of a token's bytes.
    pub fn new(id: u32, bytes: &'a [u8], display: &'a str) -> Self {
        Self {
            id,
            text: std::str::from_utf8(bytes).ok(),
            bytes,
            display,
        }
    }
}

/// Where a token stands.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// Which of the texts that were given, from 0.
    pub document: usize,
    /// Which sample of it, from 0; null for tokens that were given.
    pub sample: Option<usize>,
    /// Place in the text, from 0; tokens of the prompt count.
    pub position: usize,
}

/// A token, with the odds it had when it was read or drawn.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Token<'a> {
    #[serde(flatten)]
    pub place: Place,
    #[serde(flatten)]
    pub piece: Piece<'a>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub odds: Option<Told>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub draw: Option<Drawn<'a>>,
}

/// What the model thought of a token, before the chain.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Told {
    /// Where it came from: `prompt` or `generated`.
    pub origin: Origin,
    /// Probability before the chain (0 to 1); null for the first token of a text, which nothing predicts, as are the
    /// next four.
    pub raw_probability: Option<f32>,
    /// 1 is the most probable before the chain; ties by id.
    pub rank: Option<usize>,
    /// −log2 of `raw_probability`, in bits.
    pub surprisal_bits: Option<f32>,
    /// Entropy of the distribution before the chain, in bits.
    pub raw_entropy_bits: Option<f32>,
    /// The most probable token before the chain.
    pub best_id: Option<u32>,
}

/// How the sampler came to a token.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Drawn<'a> {
    /// Probability after the chain (0 to 1).
    pub final_probability: f32,
    /// Entropy of the distribution after the chain, in bits.
    pub final_entropy_bits: f32,
    /// The uniform number in [0, 1) that was drawn; null where nothing is drawn.
    pub u: Option<f64>,
    /// Mirostat's running maximum surprisal in bits, before this token; null under other methods.
    pub mu_bits: Option<f32>,
    /// Under adaptive-p, the mean probability of the tokens drawn before (0 to 1); null under other methods.
    pub mean_probability: Option<f32>,
    /// What contrastive search weighed, the taken one first; empty under other methods.
    pub weighed: Vec<Weighed<'a>>,
    /// What each stage of the chain did, in order.
    pub trace: Vec<Stage>,
}

/// What one stage of the chain did.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stage {
    /// Its name, such as `top_k`.
    pub stage: &'static str,
    /// Tokens left after it.
    pub kept: usize,
    /// Probability that it cut, of what entered it (0 to 1).
    pub mass_cut: f32,
    /// Entropy of what left it, in bits.
    pub entropy_bits: f32,
}

/// A token that contrastive search weighed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Weighed<'a> {
    pub id: u32,
    /// Made safe and visible.
    pub display: &'a str,
    /// Probability after the chain (0 to 1).
    pub final_probability: f32,
    /// The largest cosine likeness to an earlier hidden state (−1 to 1).
    pub penalty: f32,
    /// (1 − alpha) · probability − alpha · penalty: the largest is taken.
    pub score: f32,
}

impl<'a> Token<'a> {
    /// Of what was kept of a token of `document`, in its `sample` unless it was given.
    pub fn of(record: &'a TokenRecord, document: usize, sample: Option<usize>) -> Self {
        Self {
            place: Place {
                document,
                sample,
                position: record.position,
            },
            piece: Piece::new(record.id, &record.bytes, &record.display),
            odds: Some(Told::of(record.origin, record.odds)),
            draw: record.draw.as_ref().map(Drawn::of),
        }
    }
}

impl Told {
    /// Of what was kept of a token's odds.
    pub fn of(origin: Origin, odds: Option<TokenOdds>) -> Self {
        Self {
            origin,
            raw_probability: odds.map(|odds| odds.probability),
            rank: odds.map(|odds| odds.rank),
            surprisal_bits: odds.map(|odds| odds.surprisal),
            raw_entropy_bits: odds.map(|odds| odds.entropy),
            best_id: odds.map(|odds| odds.best),
        }
    }
}

impl<'a> Drawn<'a> {
    /// Of what was kept of a draw.
    pub fn of(draw: &'a TokenDraw) -> Self {
        Self {
            final_probability: draw.probability,
            final_entropy_bits: draw.entropy,
            u: draw.u,
            mu_bits: draw.mu,
            mean_probability: draw.adaptive.map(|adaptive| adaptive.mean),
            weighed: Weighed::all(&draw.candidates),
            trace: Stage::all(&draw.trace),
        }
    }
}

impl Stage {
    /// Of a whole trace.
    pub fn all(trace: &[StageTrace]) -> Vec<Self> {
        let stage = |step: &StageTrace| Self {
            stage: step.stage.name(),
            kept: step.kept,
            mass_cut: step.mass_cut,
            entropy_bits: step.entropy,
        };
        trace.iter().map(stage).collect()
    }
}

impl<'a> Weighed<'a> {
    /// Of all that were weighed.
    pub fn all(candidates: &'a [Candidate]) -> Vec<Self> {
        let weighed = |candidate: &'a Candidate| Self {
            id: candidate.id,
            display: &candidate.display,
            final_probability: candidate.probability,
            penalty: candidate.penalty,
            score: candidate.score,
        };
        candidates.iter().map(weighed).collect()
    }
}

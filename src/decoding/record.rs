//! What is kept of each token, and what can be seen when looking back at one.

use serde::{Deserialize, Serialize};

use crate::sampling::{LogitChange, Running, StageKind, StageTrace};

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Prompt,
    /// Chosen by the sampler.
    Generated,
    /// Put there by the user in place of the sampler's choice.
    Chosen,
}

/// One token of a text, with the odds it had when it was read or drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Place in the text, from 0; prompt tokens count.
    pub position: usize,
    pub id: u32,
    /// The token's bytes, which need not be whole characters.
    pub bytes: Vec<u8>,
    /// The token made safe and visible for display.
    pub display: String,
    pub origin: Origin,
    /// The odds; none for the first token of a text, which nothing predicts.
    pub odds: Option<TokenOdds>,
    /// The draw; none for tokens that were not drawn.
    pub draw: Option<TokenDraw>,
}

/// What the model thought of a token: softmax of the logits, before the chain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TokenOdds {
    /// Raw probability (0 to 1).
    pub probability: f32,
    /// 1 is the most probable; ties by id.
    pub rank: usize,
    /// −log2 of the raw probability, in bits.
    pub surprisal: f32,
    /// Entropy in bits of the raw distribution.
    pub entropy: f32,
    /// The most probable token by the raw distribution.
    pub best: u32,
}

/// How the sampler came to a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenDraw {
    /// Probability after the chain (0 to 1).
    pub probability: f32,
    /// Entropy in bits of the distribution after the chain.
    pub entropy: f32,
    /// The uniform number in [0, 1) that was drawn; none where nothing is drawn (greedy, search, user's choice).
    pub u: Option<f64>,
    /// Mirostat's running maximum surprisal in bits, before this token.
    pub mu: Option<f32>,
    /// What adaptive-p went by; none under other methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<Adaptive>,
    /// What contrastive search weighed, the taken one first; empty under other methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// What each stage did.
    pub trace: Vec<StageTrace>,
}

impl TokenDraw {
    /// What the method that drew it knew before; where that is nothing, what is known `otherwise`.
    pub fn running(&self, otherwise: Running) -> Running {
        Running {
            mu: self.mu.unwrap_or(otherwise.mu),
            mean: self
                .adaptive
                .map_or(otherwise.mean, |adaptive| adaptive.mean),
        }
    }

    /// Whether a method drew it that steers.
    pub fn is_steered(&self) -> bool {
        self.mu.is_some() || self.adaptive.is_some()
    }
}

/// What adaptive-p went by for one token.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Adaptive {
    /// The mean probability of the tokens drawn before (0 to 1).
    pub mean: f32,
    /// The token's probability when adaptive-p's turn came (0 to 1), which the mean takes in; 0 if it was cut.
    pub probability: f32,
}

/// A token that contrastive search weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub id: u32,
    /// The token made safe and visible for display.
    pub display: String,
    /// Probability after the chain (0 to 1).
    pub probability: f32,
    /// The degeneration penalty: the largest cosine likeness to an earlier hidden state (−1 to 1).
    pub penalty: f32,
    /// (1 − alpha) · probability − alpha · penalty: the largest is taken.
    pub score: f32,
}

/// The distribution over the token at one position, under some sampler settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Index of the token that the distribution is over.
    pub position: usize,
    /// The most probable tokens by raw probability, and after them the chosen and the picked one if they are
    /// not among them.
    pub rows: Vec<Row>,
    /// Size of the whole distribution.
    pub vocabulary: usize,
    /// Tokens that the chain leaves.
    pub kept: usize,
    /// Entropy in bits before the chain.
    pub raw_entropy: f32,
    /// Entropy in bits after the chain.
    pub final_entropy: f32,
    pub trace: Vec<StageTrace>,
    /// The token that stands there, if one does.
    pub chosen: Option<u32>,
    /// The uniform number that was, or would be, drawn there.
    pub u: f64,
    /// The token that the method takes there under these settings; none where that cannot be told from the odds: beam
    /// search weighs whole texts, contrastive search likenesses that it has not measured there.
    pub pick: Option<u32>,
    /// What contrastive search weighs under these settings, the best first; empty under other methods, and where it has
    /// not measured the likenesses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Under Mirostat: the running maximum surprisal in bits that cuts there.
    pub mu: Option<f32>,
    /// Under adaptive-p: the mean probability of the tokens drawn before (0 to 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f32>,
}

/// One token of a [`Moment`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub id: u32,
    /// The token made safe and visible for display, with the character that it completes for the text before it.
    pub display: String,
    /// The model's logit.
    pub logit: f32,
    /// 1 is the most probable before the chain; ties by id.
    pub rank: usize,
    /// Probability before the chain (0 to 1).
    pub raw_probability: f32,
    /// Probability after the chain (0 to 1); 0 when cut.
    pub final_probability: f32,
    /// The stage that cut the token, if one did.
    pub cut_by: Option<StageKind>,
    /// What stages did to its logit, in the order of the chain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<LogitChange>,
}

impl Row {
    /// What was done to this token and not to all alike: what sets it apart from its neighbours in the table.
    pub fn own_changes(&self) -> impl Iterator<Item = &LogitChange> {
        let own = |change: &&LogitChange| !change.stage.changes_all();
        self.changes.iter().filter(own)
    }
}

//! What the chain leaves: a distribution over the kept tokens.

use std::ops::ControlFlow;

use super::buffers::Buffers;
use super::candidates::{Candidates, Odds, Parts};
use super::explanation::{Explanation, LogitChange};
use super::{StageKind, StageTrace, numeric, select};

/// A distribution over the tokens that the chain kept, and what each stage did.
///
/// The tokens have an order: the more probable first, of equals the lower id. (Equal means an equal logit after the
/// chain.) It is sorted only as far as someone asks, for a vocabulary is large and the draw falls near its head.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// The kept tokens, their ids ascending; the logits after the chain, which order them; their parts of the mass.
    tokens: Buffers,
    mass: f64,
    entropy: f32,
    trace: Vec<StageTrace>,
    remembered: Option<Odds>,
    explanation: Option<Explanation>,
}

impl Distribution {
    pub(super) fn new(candidates: Candidates, trace: Vec<StageTrace>) -> Self {
        let Parts {
            tokens,
            sums,
            remembered,
            explanation,
        } = candidates.into_parts();
        Self {
            tokens,
            mass: sums.mass,
            entropy: (sums.entropy() / std::f64::consts::LN_2) as f32,
            trace,
            remembered,
            explanation,
        }
    }

    /// How many tokens are left; at least 1.
    pub fn kept(&self) -> usize {
        self.tokens.ids.len()
    }

    /// Entropy in bits.
    pub fn entropy(&self) -> f32 {
        self.entropy
    }

    /// What each stage did, in the order they ran.
    pub fn trace(&self) -> &[StageTrace] {
        &self.trace
    }

    /// Probability of a token (0 to 1); 0 if it was cut.
    pub fn probability(&self, id: u32) -> f32 {
        self.tokens
            .ids
            .binary_search(&id)
            .map_or(0.0, |place| self.probability_at(place))
    }

    /// Probability of a token when the turn of a method that steers came (0 to 1): what adaptive-p's mean is made of. None
    /// under other methods, and for what was cut before.
    pub fn probability_before(&self, id: u32) -> Option<f32> {
        self.remembered.as_ref()?.probability(id)
    }

    fn probability_at(&self, place: usize) -> f32 {
        (f64::from(self.tokens.weights[place]) / self.mass) as f32
    }

    /// The most probable token.
    pub fn best(&self) -> u32 {
        self.tokens.ids[numeric::first_largest(&self.tokens.logits)]
    }

    /// The token that a uniform number in [0, 1) picks: with the tokens in order, the first at which the
    /// probability summed up so far exceeds `u`. A token of probability 0 is never picked.
    pub fn draw(&self, u: f64) -> u32 {
        let target = u * self.mass;
        let mut reached = 0.0;
        let mut last = None;
        let picked = select::visit_in_order(&self.tokens.logits, |place| {
            let weight = f64::from(self.tokens.weights[place]);
            if weight > 0.0 {
                last = Some(place);
                reached += weight;
                if reached > target {
                    return ControlFlow::Break(place);
                }
            }
            ControlFlow::Continue(())
        });
        // Rounding may leave the sum a hair below `target`: then it is the last token that can be drawn.
        match picked.or(last) {
            Some(place) => self.tokens.ids[place],
            None => self.best(),
        }
    }

    /// The `n` most probable tokens with their probabilities, in order; fewer if fewer are kept.
    pub fn top(&self, n: usize) -> Vec<(u32, f32)> {
        let places = select::leading(&self.tokens.logits, n);
        places
            .into_iter()
            .map(|place| (self.tokens.ids[place], self.probability_at(place)))
            .collect()
    }

    /// The stage that cut a token. None for a kept token, for one that the model itself gave the logit −∞ (or NaN),
    /// and for all unless the chain was run by [`super::Chain::run_explained`].
    pub fn cut_by(&self, id: u32) -> Option<StageKind> {
        self.explanation.as_ref()?.cut_by(id)
    }

    /// What stages did to the logit of a token, in the order of the chain; nothing unless the chain was run by
    /// [`super::Chain::run_explained`].
    pub fn changes(&self, id: u32) -> Vec<LogitChange> {
        let explanation = self.explanation.as_ref();
        explanation.map_or_else(Vec::new, |explanation| explanation.changes(id))
    }

    /// The logit of a token after the chain; none if it was cut.
    pub fn logit(&self, id: u32) -> Option<f32> {
        let place = self.tokens.ids.binary_search(&id).ok()?;
        Some(self.tokens.logits[place])
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        std::mem::take(&mut self.tokens).give_back();
    }
}

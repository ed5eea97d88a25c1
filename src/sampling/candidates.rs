//! The tokens still in the running while the chain works, with their logits and the softmax over them.

use pulp::{Arch, Simd};

use super::StageKind;
use super::buffers::Buffers;
use super::explanation::Explanation;
use super::numeric::{self, Sums};
use super::select;
use super::trace::StageTrace;

/// Tokens that are looked at together when some are cut.
const AT_ONCE: usize = 64;

/// One of the tokens in the running.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    pub id: u32,
    pub logit: f32,
    /// The token's part of the mass: see [`Softmax`].
    pub weight: f32,
}

impl Candidate {
    #[inline(always)]
    fn at(place: usize, ids: &[u32], logits: &[f32], weights: &[f32]) -> Self {
        Self {
            id: ids[place],
            logit: logits[place],
            weight: weights[place],
        }
    }
}

/// Tokens in the order of their ids. A probability is the quotient of a weight and the mass.
#[derive(Debug, Clone, Copy)]
pub struct Softmax<'a> {
    pub ids: &'a [u32],
    pub logits: &'a [f32],
    pub weights: &'a [f32],
    pub mass: f64,
}

/// The odds at some point of the chain, by ascending ids.
#[derive(Debug, Clone)]
pub(super) struct Odds {
    ids: Vec<u32>,
    weights: Vec<f32>,
    mass: f64,
}

impl Odds {
    /// Probability of a token (0 to 1); none if it was not in the running.
    pub fn probability(&self, id: u32) -> Option<f32> {
        let place = self.ids.binary_search(&id).ok()?;
        Some((f64::from(self.weights[place]) / self.mass) as f32)
    }
}

/// What the chain leaves.
pub(super) struct Parts {
    pub tokens: Buffers,
    pub sums: Sums,
    pub remembered: Option<Odds>,
    pub explanation: Option<Explanation>,
}

/// A set of tokens, never empty, ordered by id, with a finite logit each.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// A weight is `exp(logit - max)`, while `fresh`.
    tokens: Buffers,
    max: f32,
    sums: Sums,
    /// Whether weights, max and sums belong to the logits.
    fresh: bool,
    /// The stage at work, to which cuts are put down.
    stage: StageKind,
    /// Share of the mass that the stage at work has cut.
    mass_cut: f64,
    /// The odds that a stage wanted to be known later on.
    remembered: Option<Odds>,
    /// Which stage cut or changed each token of the vocabulary, when that is to be remembered.
    explanation: Option<Explanation>,
}

impl Candidates {
    /// The whole vocabulary. NaN counts as −∞, and what is −∞ is no candidate. If any logit is +∞, the candidates
    /// are those that are, all alike. If none is left by this, all tokens are candidates, all alike.
    pub(super) fn new(logits: &[f32], explain: bool) -> Self {
        let mut tokens = Buffers::take();
        tokens.ids.extend(0..logits.len() as u32);
        tokens.logits.extend_from_slice(logits);
        let mut candidates = Self {
            tokens,
            max: 0.0,
            sums: Sums::default(),
            fresh: false,
            stage: StageKind::LogitBias,
            mass_cut: 0.0,
            remembered: None,
            explanation: None,
        };
        if !numeric::all_finite(logits) {
            candidates.settle_infinities();
        }
        candidates.explanation = explain.then(|| Explanation::new(logits.len()));
        candidates
    }

    fn settle_infinities(&mut self) {
        let best = numeric::largest(&self.tokens.logits);
        if best == f32::NEG_INFINITY {
            self.tokens.logits.fill(0.0);
        } else if best == f32::INFINITY {
            self.retain(|token| token.logit == f32::INFINITY);
            self.tokens.logits.fill(0.0);
        } else {
            self.retain(|token| token.logit > f32::NEG_INFINITY);
        }
    }

    /// How many are in the running.
    pub fn len(&self) -> usize {
        self.tokens.ids.len()
    }

    /// Never: a stage leaves at least one.
    pub fn is_empty(&self) -> bool {
        self.tokens.ids.is_empty()
    }

    /// The logits of those in the running, in the order of their ids.
    pub fn logits(&self) -> &[f32] {
        &self.tokens.logits
    }

    /// Place of a token among the candidates.
    pub fn place(&self, id: u32) -> Option<usize> {
        // As long as nothing before it was cut, a token stands at its id.
        match self.tokens.ids.get(id as usize) {
            Some(&there) if there == id => Some(id as usize),
            _ => self.tokens.ids.binary_search(&id).ok(),
        }
    }

    /// Changes one logit, if the token is still in the running. The result is kept finite.
    pub fn change(&mut self, id: u32, new_logit: impl FnOnce(f32) -> f32) {
        if let Some(place) = self.place(id) {
            let logit = &mut self.tokens.logits[place];
            let before = *logit;
            *logit = finite(new_logit(before));
            self.fresh = false;
            if let Some(explanation) = &mut self.explanation {
                explanation.change(id, before, *logit);
            }
        }
    }

    /// Changes all logits. The results are kept finite.
    pub fn change_all(&mut self, new_logit: impl Fn(f32) -> f32) {
        let before = self
            .explanation
            .is_some()
            .then(|| self.tokens.logits.clone());
        change_each(&mut self.tokens.logits, new_logit);
        self.fresh = false;
        if let (Some(explanation), Some(before)) = (&mut self.explanation, before) {
            let after = before.into_iter().zip(&self.tokens.logits);
            for (&id, (before, &after)) in self.tokens.ids.iter().zip(after) {
                explanation.change(id, before, after);
            }
        }
    }

    /// Changes all logits, each by its token. The results are kept finite.
    pub fn change_by_id(&mut self, new_logit: impl Fn(u32, f32) -> f32) {
        self.fresh = false;
        for (&id, logit) in self.tokens.ids.iter().zip(&mut self.tokens.logits) {
            let before = *logit;
            *logit = finite(new_logit(id, before));
            if let Some(explanation) = &mut self.explanation {
                explanation.change(id, before, *logit);
            }
        }
    }

    /// Cuts these tokens; if that would leave none, cuts nothing.
    pub fn forbid(&mut self, tokens: &[u32]) {
        let mut forbidden = tokens.to_vec();
        forbidden.retain(|&id| self.place(id).is_some());
        forbidden.sort_unstable();
        forbidden.dedup();
        if forbidden.is_empty() || forbidden.len() == self.len() {
            return;
        }
        self.cut(|token| forbidden.binary_search(&token.id).is_err());
    }

    /// Cuts the tokens that are not allowed; if that would leave none, cuts nothing.
    pub fn keep_allowed(&mut self, allowed: impl Fn(u32) -> bool) {
        if self.tokens.ids.iter().any(|&id| allowed(id)) {
            self.cut(|token| allowed(token.id));
        }
    }

    /// Cuts all but the best; of equals the one of the lowest id stays.
    pub fn keep_best(&mut self) {
        let best = self.tokens.ids[numeric::first_largest(&self.tokens.logits)];
        self.cut(|token| token.id == best);
    }

    /// Cuts all but the first `count`, more probable ones first, of equals those of lower ids.
    pub fn keep_leading(&mut self, count: usize) {
        if count < self.len() {
            let last = select::leading(&self.tokens.logits, count)[count - 1];
            let (logit, id) = (self.tokens.logits[last], self.tokens.ids[last]);
            self.cut(|token| token.logit > logit || (token.logit == logit && token.id <= id));
        }
    }

    /// Keeps the odds as they are now for [`super::Distribution::probability_before`].
    pub fn remember(&mut self) {
        self.refresh();
        self.remembered = Some(Odds {
            ids: self.tokens.ids.clone(),
            weights: self.tokens.weights.clone(),
            mass: self.sums.mass,
        });
    }

    /// Cuts the tokens whose probability is below `threshold`, but never the best nor its equals.
    pub fn cut_improbable(&mut self, threshold: f64) {
        let best = self.max();
        let least = threshold * self.softmax().mass;
        self.cut(|token| f64::from(token.weight) >= least || token.logit == best);
    }

    /// Cuts the tokens for which `keep` is false, which must not be all.
    pub fn cut(&mut self, keep: impl Fn(Candidate) -> bool) {
        self.refresh();
        let (count, mass) = (self.len(), self.sums.mass);
        self.retain(keep);
        if self.len() == count {
            return;
        }
        self.sums = numeric::sums_of(&self.tokens.logits, &self.tokens.weights, self.max);
        let share = (self.sums.mass / mass).min(1.0);
        self.mass_cut = 1.0 - (1.0 - self.mass_cut) * share;
        // Weights relative to a token that is gone could all be tiny: without the best they are taken anew.
        self.fresh = self.max() == self.max;
    }

    fn retain(&mut self, keep: impl Fn(Candidate) -> bool) {
        let count = self.tokens.ids.len();
        self.tokens.weights.resize(count, 0.0);
        // Slices of one length spare the loop its bounds checks.
        let (ids, logits) = (
            &mut self.tokens.ids[..count],
            &mut self.tokens.logits[..count],
        );
        let weights = &mut self.tokens.weights[..count];
        let mut kept = 0;
        for start in (0..count).step_by(AT_ONCE) {
            let places = start..count.min(start + AT_ONCE);
            let keeps = |place| keep(Candidate::at(place, ids, logits, weights));
            // Most have none that stays, which is seen without a branch for each.
            let stays = places.clone().fold(false, |any, place| any | keeps(place));
            if !stays && self.explanation.is_none() {
                continue;
            }
            for place in places {
                let token = Candidate::at(place, ids, logits, weights);
                if keep(token) {
                    ids[kept] = token.id;
                    logits[kept] = token.logit;
                    weights[kept] = token.weight;
                    kept += 1;
                } else if let Some(explanation) = &mut self.explanation {
                    explanation.cut(token.id, self.stage);
                }
            }
        }
        debug_assert!(kept > 0, "{:?} emptied the set", self.stage);
        self.tokens.ids.truncate(kept);
        self.tokens.logits.truncate(kept);
        self.tokens.weights.truncate(kept);
    }

    /// Takes the softmax anew if the logits have changed.
    fn refresh(&mut self) {
        if !self.fresh {
            self.max = numeric::largest(&self.tokens.logits);
            self.sums =
                numeric::exponentials(&self.tokens.logits, self.max, &mut self.tokens.weights);
            self.fresh = true;
        }
    }

    /// The largest logit.
    pub fn max(&self) -> f32 {
        numeric::largest(&self.tokens.logits)
    }

    /// ln Σ exp(logit): what a logit lies below this is its surprisal in nats.
    pub fn log_total(&mut self) -> f64 {
        self.refresh();
        f64::from(self.max) + self.sums.mass.ln()
    }

    /// The softmax over the tokens that are left.
    pub fn softmax(&mut self) -> Softmax<'_> {
        self.refresh();
        Softmax {
            ids: &self.tokens.ids,
            logits: &self.tokens.logits,
            weights: &self.tokens.weights,
            mass: self.sums.mass,
        }
    }

    /// Entropy in nats.
    pub fn entropy(&mut self) -> f64 {
        self.refresh();
        self.sums.entropy()
    }

    /// From here on, cuts and changes are put down to this stage.
    pub(super) fn begin(&mut self, stage: StageKind) {
        self.stage = stage;
        self.mass_cut = 0.0;
        if self.explanation.is_some() {
            let total = self.log_total();
            self.explain(|explanation| explanation.begin(stage, total));
        }
    }

    /// What the stage that began last has done.
    pub(super) fn end(&mut self) -> StageTrace {
        if self.explanation.is_some() {
            let total = self.log_total();
            self.explain(|explanation| explanation.end(total));
        }
        StageTrace {
            stage: self.stage,
            kept: self.len(),
            mass_cut: self.mass_cut as f32,
            entropy: (self.entropy() / std::f64::consts::LN_2) as f32,
        }
    }

    fn explain(&mut self, add: impl FnOnce(&mut Explanation)) {
        if let Some(explanation) = &mut self.explanation {
            add(explanation);
        }
    }

    /// What is left, and what the stages did.
    pub(super) fn into_parts(mut self) -> Parts {
        self.refresh();
        Parts {
            tokens: self.tokens.compact(),
            sums: self.sums,
            remembered: self.remembered,
            explanation: self.explanation,
        }
    }
}

#[pulp::with_simd(change_each = Arch::new())]
#[inline(always)]
fn change_each_with_simd<S: Simd, F: Fn(f32) -> f32>(_: S, logits: &mut [f32], new_logit: F) {
    for logit in logits {
        *logit = finite(new_logit(*logit));
    }
}

/// Overflow stops at the largest finite number, so that no token enters or leaves the running by it.
fn finite(logit: f32) -> f32 {
    logit.clamp(f32::MIN, f32::MAX)
}

//! The odds before the chain.

use super::{numeric, select};

/// The softmax of a model's logits, kept as three numbers: the logits themselves are handed in again where they are
/// needed, and must be the same.
///
/// NaN counts as −∞. If logits are +∞, those share the mass; if all are −∞, all do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawOdds {
    /// The largest logit.
    max: f32,
    /// Mass relative to it.
    mass: f64,
    /// In bits.
    entropy: f32,
    best: u32,
}

impl RawOdds {
    /// The odds of these logits, one per token.
    pub fn new(logits: &[f32]) -> Self {
        let max = numeric::largest(logits);
        let best = numeric::first_place_of(max, logits);
        let (mass, entropy) = if max.is_finite() {
            let sums = numeric::sums(logits, max);
            (sums.mass, sums.entropy())
        } else {
            let alike = match max {
                f32::INFINITY => logits.iter().filter(|&&logit| logit == max).count(),
                _ => logits.len(),
            } as f64;
            (alike, alike.ln())
        };
        Self {
            max,
            mass,
            entropy: (entropy / std::f64::consts::LN_2) as f32,
            best: best as u32,
        }
    }

    /// Probability of a token (0 to 1).
    pub fn probability(&self, logits: &[f32], id: u32) -> f32 {
        (-self.surprisal_nats(logits, id)).exp() as f32
    }

    /// −log2 of the probability, in bits; finite for any finite logit, also where the probability rounds to 0.
    pub fn surprisal_bits(&self, logits: &[f32], id: u32) -> f32 {
        (self.surprisal_nats(logits, id) / std::f64::consts::LN_2) as f32
    }

    /// The natural logarithm of the probability.
    pub(super) fn log_probability(&self, logits: &[f32], id: u32) -> f64 {
        -self.surprisal_nats(logits, id)
    }

    fn surprisal_nats(&self, logits: &[f32], id: u32) -> f64 {
        let logit = clean(logits[id as usize]);
        let below = if logit == self.max || self.max == f32::NEG_INFINITY {
            0.0
        } else {
            f64::from(self.max) - f64::from(logit)
        };
        (self.mass.ln() + below).max(0.0)
    }

    /// Kullback–Leibler divergence of `other` from these odds in bits: Σ p (log2 p − log2 q) with p of these and q of
    /// `other`. What a code made for q spends above the entropy on a token drawn from p. Infinite only where `other`
    /// rules out by −∞ what these do not.
    ///
    /// # Panics
    /// If the vocabularies differ in size.
    pub fn divergence_bits(&self, logits: &[f32], other: &Self, other_logits: &[f32]) -> f64 {
        assert_eq!(logits.len(), other_logits.len(), "one vocabulary");
        let nats: f64 = (0..logits.len() as u32)
            .map(|id| {
                let surprisal = self.surprisal_nats(logits, id);
                let probability = (-surprisal).exp();
                if probability > 0.0 {
                    probability * (other.surprisal_nats(other_logits, id) - surprisal)
                } else {
                    0.0
                }
            })
            .sum();
        // Rounding alone can lead below 0.
        (nats / std::f64::consts::LN_2).max(0.0)
    }

    /// Place of a token by probability, from 1; of equals the lower id comes first.
    pub fn rank(&self, logits: &[f32], id: u32) -> usize {
        let logit = clean(logits[id as usize]);
        let (before, after) = logits.split_at(id as usize);
        let ahead = before
            .iter()
            .filter(|&&other| clean(other) >= logit)
            .count();
        let above = after.iter().filter(|&&other| other > logit).count();
        1 + ahead + above
    }

    /// Entropy in bits.
    pub fn entropy(&self) -> f32 {
        self.entropy
    }

    /// The most probable token; of equals the lowest id.
    pub fn best(&self) -> u32 {
        self.best
    }

    /// The `n` most probable tokens, in order of rank.
    pub fn top(&self, logits: &[f32], n: usize) -> Vec<u32> {
        let places = if logits.iter().any(|logit| logit.is_nan()) {
            let clean: Vec<f32> = logits.iter().copied().map(clean).collect();
            select::leading(&clean, n)
        } else {
            select::leading(logits, n)
        };
        places.into_iter().map(|place| place as u32).collect()
    }
}

fn clean(logit: f32) -> f32 {
    if logit.is_nan() {
        f32::NEG_INFINITY
    } else {
        logit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f32 = f32::INFINITY;

    #[test]
    fn known_odds() {
        let logits: Vec<f32> = [0.125_f32, 0.5, 0.125, 0.25]
            .iter()
            .map(|p| p.ln() + 3.0)
            .collect();
        let odds = RawOdds::new(&logits);
        assert!((odds.probability(&logits, 1) - 0.5).abs() < 1e-6);
        assert!((odds.surprisal_bits(&logits, 0) - 3.0).abs() < 1e-5);
        assert!((odds.entropy() - 1.75).abs() < 1e-5);
        assert_eq!(odds.best(), 1);
        assert_eq!(odds.top(&logits, 3), [1, 3, 0]);
        let ranks: Vec<usize> = (0..4).map(|id| odds.rank(&logits, id)).collect();
        assert_eq!(ranks, [3, 1, 4, 2]);
    }

    #[test]
    fn known_divergences() {
        let logits = |odds: [f32; 3]| odds.map(f32::ln);
        let of = |p: &[f32], q: &[f32]| RawOdds::new(p).divergence_bits(p, &RawOdds::new(q), q);
        let (p, q) = (logits([0.5, 0.25, 0.25]), logits([0.25, 0.25, 0.5]));
        assert!((of(&p, &q) - 0.25).abs() < 1e-6, "{}", of(&p, &q));
        let (p, q) = (logits([0.5, 0.5, 0.0]), logits([0.25, 0.25, 0.5]));
        assert!((of(&p, &q) - 1.0).abs() < 1e-6, "{}", of(&p, &q));
        assert_eq!(of(&q, &p), f64::INFINITY, "what the other rules out");
        assert_eq!(of(&q, &q), 0.0);
        // A shift of all logits changes no odds.
        assert!(of(&q, &q.map(|logit| logit + 7.0)) < 1e-7);
    }

    #[test]
    fn surprisal_goes_on_where_probability_is_lost() {
        let logits = [0.0, -1000.0];
        let odds = RawOdds::new(&logits);
        assert_eq!(odds.probability(&logits, 1), 0.0);
        assert!((odds.surprisal_bits(&logits, 1) - 1442.695).abs() < 1e-2);
    }

    #[test]
    fn infinities_share_the_mass() {
        let logits = [1.0, INF, f32::NAN, INF];
        let odds = RawOdds::new(&logits);
        assert_eq!(
            (odds.probability(&logits, 1), odds.probability(&logits, 3)),
            (0.5, 0.5)
        );
        assert_eq!(
            (odds.probability(&logits, 0), odds.probability(&logits, 2)),
            (0.0, 0.0)
        );
        assert_eq!((odds.entropy(), odds.best()), (1.0, 1));
        assert_eq!(odds.top(&logits, 4), [1, 3, 0, 2]);
        assert_eq!(odds.rank(&logits, 2), 4);
        assert_eq!(odds.surprisal_bits(&logits, 0), INF);
    }

    #[test]
    fn nothing_but_minus_infinity_is_uniform() {
        let logits = [-INF, f32::NAN, -INF, -INF];
        let odds = RawOdds::new(&logits);
        for id in 0..4 {
            assert_eq!(odds.probability(&logits, id), 0.25);
            assert_eq!(odds.rank(&logits, id), id as usize + 1);
        }
        assert_eq!((odds.entropy(), odds.best()), (2.0, 0));
    }

    #[test]
    fn nan_ties_with_minus_infinity_by_id() {
        let logits = [f32::NAN, -INF];
        let odds = RawOdds::new(&logits);
        assert_eq!((odds.best(), odds.rank(&logits, 0)), (0, 1));
        assert_eq!(odds.top(&logits, 2), [0, 1]);
    }

    #[test]
    fn minus_infinity_and_nan_have_no_probability() {
        let logits = [0.0, -INF, f32::NAN, 0.0];
        let odds = RawOdds::new(&logits);
        let probabilities: Vec<f32> = (0..4).map(|id| odds.probability(&logits, id)).collect();
        assert_eq!(probabilities, [0.5, 0.0, 0.0, 0.5]);
        assert_eq!(odds.entropy(), 1.0);
    }
}

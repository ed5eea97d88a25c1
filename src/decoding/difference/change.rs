//! What differs between two distributions over the same tokens.

use serde::Serialize;

use super::ShiftedToken;
use crate::model::LoadedModel;
use crate::sampling::RawOdds;

/// How the distribution over one place of a text changed from a base to a tuned model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Index of the token that the distributions are over.
    pub position: usize,
    /// D(base‖tuned) in bits.
    pub kl: f64,
    /// D(tuned‖base) in bits.
    pub kl_reverse: f64,
    /// The token that stands there; none at the end of a text.
    pub standing: Option<ShiftedToken>,
    /// The tokens whose probability rose most, the largest rise first.
    pub rose: Vec<ShiftedToken>,
    /// The tokens whose probability fell most, the largest fall first.
    pub fell: Vec<ShiftedToken>,
}

/// D(base‖tuned) in bits, of two rows of logits over the same tokens.
pub fn divergence_bits(base: &[f32], tuned: &[f32]) -> f64 {
    RawOdds::new(base).divergence_bits(base, &RawOdds::new(tuned), tuned)
}

impl Change {
    /// Between two rows of logits over the token at `position`, with at most `count` tokens that rose and that fell.
    /// `loaded` is the model of either, which names the tokens.
    pub fn between(
        loaded: &LoadedModel,
        (base, tuned): (&[f32], &[f32]),
        (position, standing): (usize, Option<u32>),
        count: usize,
    ) -> Self {
        let (one, other) = (RawOdds::new(base), RawOdds::new(tuned));
        let mut changes: Vec<(u32, f32)> = (0..base.len() as u32)
            .map(|id| {
                let change = other.probability(tuned, id) - one.probability(base, id);
                (id, change)
            })
            .filter(|(_, change)| *change != 0.0)
            .collect();
        changes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let token = |id: u32| ShiftedToken {
            id,
            display: loaded.tokenizer.display(id),
            base: one.probability(base, id),
            tuned: other.probability(tuned, id),
            base_rank: one.rank(base, id),
            tuned_rank: other.rank(tuned, id),
            log_ratio: one.surprisal_bits(base, id) - other.surprisal_bits(tuned, id),
        };
        let rose = changes.iter().take_while(|(_, change)| *change > 0.0);
        let fell = changes.iter().rev().take_while(|(_, change)| *change < 0.0);
        Self {
            position,
            kl: one.divergence_bits(base, &other, tuned),
            kl_reverse: other.divergence_bits(tuned, &one, base),
            standing: standing.map(token),
            rose: rose.take(count).map(|(id, _)| token(*id)).collect(),
            fell: fell.take(count).map(|(id, _)| token(*id)).collect(),
        }
    }
}

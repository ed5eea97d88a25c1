//! Figures of a whole text: how varied it is, and how sure the model was.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::TokenRecord;

/// Figures of a text's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TextStats {
    pub tokens: usize,
    /// Different tokens divided by all (Li et al. 2016, <https://arxiv.org/abs/1510.03055>); 0 to 1.
    pub distinct_1: f32,
    /// Different pairs of neighbouring tokens divided by all pairs; 0 to 1.
    pub distinct_2: f32,
    /// Share of runs of four tokens that stood in the text before; 0 to 1.
    pub repetition: f32,
    /// Mean surprisal in bits, by the raw odds.
    pub surprisal: f32,
    /// Mean entropy in bits of the raw odds.
    pub entropy: f32,
}

impl TextStats {
    /// The figures of some tokens. Tokens without odds count for the variety only.
    pub fn of<'a>(tokens: impl IntoIterator<Item = &'a TokenRecord>) -> Self {
        let mut ids = Vec::new();
        let (mut predicted, mut surprisal, mut entropy) = (0usize, 0.0f64, 0.0f64);
        for token in tokens {
            ids.push(token.id);
            if let Some(odds) = token.odds {
                predicted += 1;
                surprisal += f64::from(odds.surprisal);
                entropy += f64::from(odds.entropy);
            }
        }
        let mean = |sum: f64| (sum / predicted.max(1) as f64) as f32;
        Self {
            tokens: ids.len(),
            distinct_1: distinct(&ids, 1),
            distinct_2: distinct(&ids, 2),
            repetition: if ids.len() < 4 {
                0.0
            } else {
                1.0 - distinct(&ids, 4)
            },
            surprisal: mean(surprisal),
            entropy: mean(entropy),
        }
    }
}

/// Different runs of `n` tokens divided by all; 0 if there are none.
fn distinct(ids: &[u32], n: usize) -> f32 {
    let all = ids.len().saturating_sub(n - 1);
    let different: HashSet<&[u32]> = ids.windows(n).collect();
    different.len() as f32 / all.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::{Origin, TokenOdds};

    fn tokens(ids: &[u32]) -> Vec<TokenRecord> {
        let odds = TokenOdds {
            probability: 0.25,
            rank: 1,
            surprisal: 2.0,
            entropy: 3.0,
            best: 0,
        };
        ids.iter()
            .enumerate()
            .map(|(position, &id)| TokenRecord {
                position,
                id,
                bytes: Vec::new(),
                display: String::new(),
                origin: Origin::Generated,
                odds: (position > 0).then_some(odds),
                draw: None,
            })
            .collect()
    }

    #[test]
    fn variety_and_repetition_are_counted() {
        let stats = TextStats::of(&tokens(&[1, 2, 3, 4, 1, 2, 3, 4]));
        assert_eq!(stats.tokens, 8);
        assert_eq!(stats.distinct_1, 0.5);
        // 12 23 34 41 12 23 34: four of seven.
        assert_eq!(stats.distinct_2, 4.0 / 7.0);
        // 1234 2341 3412 4123 1234: one of five stood there before.
        assert!((stats.repetition - 0.2).abs() < 1e-6);
        assert_eq!((stats.surprisal, stats.entropy), (2.0, 3.0));
    }

    #[test]
    fn short_texts_have_figures_too() {
        assert_eq!(TextStats::of(&[]), TextStats::default());
        let stats = TextStats::of(&tokens(&[7]));
        assert_eq!(
            (stats.distinct_1, stats.distinct_2, stats.repetition),
            (1.0, 0.0, 0.0)
        );
    }
}

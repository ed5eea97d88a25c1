//! Sums over the tokens of a text under two models.

use serde::Serialize;

use super::TokenDifference;
use crate::decoding::Totals;

/// Sums over the tokens that had something to be predicted from.
#[derive(Debug, Clone, Default)]
pub struct DifferenceTotals {
    pub base: Totals,
    pub tuned: Totals,
    /// Tokens at whose place both models have the same most probable one.
    same_best: usize,
    kl_reverse: f64,
    /// D(base‖tuned) of each token in bits.
    kl: Percentiles,
}

impl DifferenceTotals {
    /// Adds a token.
    pub fn add(&mut self, token: &TokenDifference) {
        let Some(odds) = &token.odds else {
            return;
        };
        self.base.count(token.id, token.bytes.len(), &odds.base);
        self.tuned.count(token.id, token.bytes.len(), &odds.tuned);
        self.same_best += usize::from(odds.base.best == odds.tuned.best);
        self.kl_reverse += odds.kl_reverse;
        self.kl.add(odds.kl);
    }

    /// Tokens that were predicted.
    pub fn predicted(&self) -> usize {
        self.base.predicted
    }

    /// Mean D(base‖tuned) in bits a token.
    pub fn mean_kl(&self) -> f64 {
        self.kl.mean()
    }

    /// Mean D(tuned‖base) in bits a token.
    pub fn mean_kl_reverse(&self) -> f64 {
        self.kl_reverse / self.predicted() as f64
    }

    /// Share of places at which both have the same most probable token (0 to 1).
    pub fn top_agreement(&self) -> f64 {
        self.same_best as f64 / self.predicted() as f64
    }

    /// D(base‖tuned) of all tokens in bits.
    pub fn kl(&mut self) -> &mut Percentiles {
        &mut self.kl
    }
}

/// Values of which shares are asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Percentiles {
    values: Vec<f64>,
    is_sorted: bool,
}

impl Percentiles {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.values.push(value);
        self.is_sorted = false;
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// The value below which so large a share of them lies (0 to 1), between two of them by a straight line, as numpy and
    /// llama.cpp take it.
    pub fn at(&mut self, share: f64) -> f64 {
        if !self.is_sorted {
            self.values.sort_by(f64::total_cmp);
            self.is_sorted = true;
        }
        let Some(last) = self.values.len().checked_sub(1) else {
            return f64::NAN;
        };
        let place = share.clamp(0.0, 1.0) * last as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        if part == 0.0 {
            return self.values[below];
        }
        (1.0 - part) * self.values[below] + part * self.values[below + 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values() {
        let mut values = Percentiles::default();
        for value in [4.0, 1.0, 3.0, 2.0] {
            values.add(value);
        }
        assert_eq!(values.mean(), 2.5);
        let at = [0.0, 0.5, 1.0, 0.9].map(|share| values.at(share));
        assert_eq!(at[..3], [1.0, 2.5, 4.0]);
        assert!((at[3] - 3.7).abs() < 1e-12);
        values.add(f64::INFINITY);
        assert_eq!(values.at(0.5), 3.0);
        assert_eq!(values.at(1.0), f64::INFINITY);
    }
}

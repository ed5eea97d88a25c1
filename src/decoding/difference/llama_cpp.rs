//! The figures of llama.cpp's perplexity tool (`llama-perplexity --kl-divergence`), so that they can be held beside its own.
//!
//! The text is cut into windows of one length, what is left at its end is passed over; each window is read anew, begins with
//! the start token in place of its first token where the model has one, and counts from behind its middle on. Divergences
//! are D(base‖tuned) in nats. The tool keeps the base's log-probabilities in 16 bits and passes over tokens below e⁻¹⁶; here
//! nothing is rounded or left out.

use std::f64::consts::LN_2;

use serde::Serialize;

use super::{Pair, Percentiles, two_odds};
use crate::decoding::DecodingError;

/// The figures, as the tool states them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LlamaCppFigures {
    /// Tokens of a window.
    pub window: usize,
    pub windows: usize,
    /// Tokens that count.
    pub tokens: usize,
    /// Mean PPL(base).
    pub base_perplexity: Uncertain,
    /// Mean PPL(Q).
    pub tuned_perplexity: Uncertain,
    /// Mean ln(PPL(Q)/PPL(base)).
    pub log_perplexity_ratio: Uncertain,
    /// Mean KLD in nats.
    pub mean_kld: Uncertain,
    pub maximum_kld: f64,
    /// 99.9 % of the tokens have a smaller one.
    pub kld_99_9: f64,
    pub kld_99: f64,
    pub kld_90: f64,
    pub median_kld: f64,
    pub minimum_kld: f64,
    /// Mean Δp: the change of the probability of the token that stands there (−1 to 1).
    pub mean_change: Uncertain,
    /// RMS Δp (0 to 1).
    pub rms_change: Uncertain,
    /// Same top p (0 to 1).
    pub same_top: Uncertain,
}

/// A figure and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Uncertain {
    pub value: f64,
    pub error: f64,
}

/// Sums of a quantity.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    /// The mean and its standard error, which is 0 for 10 values and fewer.
    fn mean(&self) -> Uncertain {
        let value = self.sum / self.count;
        let variance = self.squares / self.count - value * value;
        let error = if variance > 0.0 && self.count > 10.0 {
            (variance / (self.count - 1.0)).sqrt()
        } else {
            0.0
        };
        Uncertain { value, error }
    }
}

impl Pair<'_> {
    /// Whether a text of so many tokens can be cut into such windows.
    ///
    /// # Errors
    /// When there are fewer than two windows, as in the tool, or one is longer than the context or shorter than 4 tokens.
    pub fn check_windows(&self, tokens: usize, window: usize) -> Result<(), DecodingError> {
        let context = self.context();
        if window > context || window < 4 {
            return Err(DecodingError::WindowSize { window, context });
        }
        if tokens < 2 * window {
            return Err(DecodingError::FewWindows { window, tokens });
        }
        Ok(())
    }

    /// Takes the figures over all whole windows of `window` tokens, telling `each` how many windows were read.
    ///
    /// # Errors
    /// As [`Self::check_windows`], and when a model or `each` fails.
    pub fn llama_cpp<E: From<DecodingError>>(
        &self,
        ids: &[u32],
        window: usize,
        mut each: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<LlamaCppFigures, E> {
        self.check_windows(ids.len(), window)?;
        let starts = self.base.tokenizer.start_ids();
        let mut reading = self.reading(window)?;
        let (mut base, mut tuned, mut ratio) =
            (Moments::default(), Moments::default(), Moments::default());
        let (mut kld, mut change, mut squared) =
            (Moments::default(), Moments::default(), Moments::default());
        let mut klds = Percentiles::default();
        let mut same = 0.0;
        let windows = ids.len() / window;
        for (index, ids) in ids.chunks_exact(window).enumerate() {
            let mut ids = ids.to_vec();
            if let [.., start] = starts {
                ids[0] = *start;
            }
            reading.base.forget(0, 0);
            reading.tuned.forget(0, 0);
            self.walk(
                &mut reading,
                &ids,
                window / 2 + 1,
                |position, one, other| {
                    let odds = two_odds(one, other, ids[position]);
                    let [before, after] =
                        [odds.base, odds.tuned].map(|odds| f64::from(odds.surprisal) * LN_2);
                    base.add(before);
                    tuned.add(after);
                    ratio.add(after - before);
                    kld.add(odds.kl * LN_2);
                    klds.add(odds.kl * LN_2);
                    let moved =
                        f64::from(odds.tuned.probability) - f64::from(odds.base.probability);
                    change.add(moved);
                    squared.add(moved * moved);
                    same += f64::from(u8::from(odds.base.best == odds.tuned.best));
                    Ok::<_, E>(())
                },
            )?;
            each(index + 1, windows)?;
        }
        let count = kld.count;
        let rms = squared.mean().value.sqrt();
        let same = same / count;
        Ok(LlamaCppFigures {
            window,
            windows,
            tokens: count as usize,
            base_perplexity: exponential(base.mean()),
            tuned_perplexity: exponential(tuned.mean()),
            // The tool takes it from both variances and their covariance, which is the same.
            log_perplexity_ratio: ratio.mean(),
            mean_kld: kld.mean(),
            maximum_kld: klds.at(1.0),
            kld_99_9: klds.at(0.999),
            kld_99: klds.at(0.99),
            kld_90: klds.at(0.9),
            median_kld: klds.at(0.5),
            minimum_kld: klds.at(0.0),
            mean_change: change.mean(),
            rms_change: Uncertain {
                value: rms,
                error: if rms > 0.0 {
                    0.5 / rms * squared.mean().error
                } else {
                    0.0
                },
            },
            same_top: Uncertain {
                value: same,
                error: (same * (1.0 - same) / (count - 1.0)).sqrt(),
            },
        })
    }
}

/// A perplexity from a mean surprisal in nats.
fn exponential(mean: Uncertain) -> Uncertain {
    let value = mean.value.exp();
    Uncertain {
        value,
        error: value * mean.error,
    }
}

//! What a method that steers carries from one token to the next.

use super::{Method, SamplerSettings};

/// What the methods that steer know of the text so far. It is kept with every token, so that a text can be cut, looked
/// back at, and drawn otherwise from any place on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Running {
    /// Mirostat's maximum surprisal in bits.
    pub mu: f32,
    /// Adaptive-p's mean probability of the tokens that were drawn, the latest weighing most (0 to 1).
    pub mean: f32,
}

impl Running {
    /// Before the first token: μ = 2τ, and a mean as if the target had been met all along; both as in llama.cpp.
    pub fn start(settings: &SamplerSettings) -> Self {
        Self {
            mu: 2.0 * settings.mirostat_tau,
            mean: settings.adaptive_target,
        }
    }

    /// After a token was drawn that had the probability `drawn` in the end and `before` when the method's turn came.
    /// Mirostat: μ ← μ − η (s − τ) with the surprisal s = −log2 `drawn` in bits. Adaptive-p: the mean, an exponential
    /// moving average, takes in `before`. Other methods change nothing.
    #[must_use]
    pub fn after(self, settings: &SamplerSettings, drawn: f32, before: f32) -> Self {
        match settings.method {
            Method::MirostatV1 | Method::MirostatV2 => {
                let error = -drawn.log2() - settings.mirostat_tau;
                Self {
                    mu: self.mu - settings.mirostat_eta * error,
                    ..self
                }
            }
            Method::AdaptiveP => {
                let decay = settings.adaptive_decay;
                Self {
                    mean: decay * self.mean + (1.0 - decay) * before,
                    ..self
                }
            }
            Method::Sample | Method::Greedy | Method::Beam | Method::Contrastive => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_starts_at_twice_tau_and_falls_when_the_text_surprises() {
        for method in [Method::MirostatV1, Method::MirostatV2] {
            let settings = SamplerSettings {
                method,
                mirostat_tau: 3.0,
                mirostat_eta: 0.1,
                ..SamplerSettings::neutral()
            };
            let start = Running::start(&settings);
            assert_eq!(start.mu, 6.0);
            // Surprisals of 5 bits and of 1.
            let surprised = start.after(&settings, 1.0 / 32.0, 1.0);
            let bored = start.after(&settings, 0.5, 1.0);
            assert!((surprised.mu - 5.8).abs() < 1e-6 && (bored.mu - 6.2).abs() < 1e-6);
            assert_eq!(surprised.mean, start.mean);
        }
    }

    #[test]
    fn the_mean_starts_at_the_target_and_follows_what_was_drawn() {
        let settings = SamplerSettings {
            method: Method::AdaptiveP,
            adaptive_target: 0.5,
            adaptive_decay: 0.9,
            ..SamplerSettings::neutral()
        };
        let start = Running::start(&settings);
        assert_eq!(start.mean, 0.5);
        assert!((start.after(&settings, 0.2, 1.0).mean - 0.55).abs() < 1e-6);
        // llama.cpp keeps two sums instead: Σ p · decay^i, from target / (1 − decay) on, and Σ decay^i.
        let (mut sum, mut weights) = (0.5 / (1.0 - 0.9), 1.0 / (1.0 - 0.9));
        let mut running = start;
        for probability in [0.9, 0.1, 0.35, 0.8, 0.02, 0.6] {
            running = running.after(&settings, 0.5, probability);
            (sum, weights) = (probability + 0.9 * sum, 1.0 + 0.9 * weights);
            assert!((running.mean - sum / weights).abs() < 1e-5);
        }
        assert_eq!(running.mu, start.mu);
        let plain = SamplerSettings::neutral();
        assert_eq!(start.after(&plain, 0.1, 0.1), start);
    }
}

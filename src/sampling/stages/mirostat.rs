use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::Method;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::{Candidates, Context, Descriptor, Effect, SamplerSettings, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Mirostat,
    name: "mirostat",
    short: "mirostat",
    one_line: "Cuts by surprisal so that the text keeps a chosen level of surprise.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.method != Method::MirostatV2,
    knobs: &[
        real!(mirostat_tau, In(StageKind::Mirostat), 0.0 ..= 100.0, slider 0.0 ..= 10.0 step 0.1,
            neutral 5.0, "a number from 0 to 100",
            "The surprise per token, in bits, that mirostat steers to."),
        real!(mirostat_eta, In(StageKind::Mirostat), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 0.1, PROBABILITY,
            "How fast mirostat corrects itself."),
    ],
    compile: |_, _| Ok(Box::new(MirostatV2)),
};

/// Cuts tokens whose surprisal −log2 p exceeds μ; if that would be all, keeps the best (of equals the lowest id).
///
/// Source: llama.cpp's `mirostat-v2` sampler; Basu et al., "Mirostat" (2020). After the draw μ moves by [`next_mu`].
#[derive(Debug)]
pub(super) struct MirostatV2;

impl Stage for MirostatV2 {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let least = f64::from(-context.mu).exp2();
        let softmax = candidates.softmax();
        if softmax
            .weights
            .iter()
            .any(|&weight| f64::from(weight) >= least * softmax.mass)
        {
            candidates.cut_improbable(least);
        } else {
            candidates.keep_best();
        }
    }
}

/// μ before the first token: 2τ.
pub fn initial_mu(settings: &SamplerSettings) -> f32 {
    2.0 * settings.mirostat_tau
}

/// μ after a token: μ − η (s − τ). The surprisal s in bits is that of the final probability, after the cut.
pub fn next_mu(settings: &SamplerSettings, mu: f32, surprisal_bits: f32) -> f32 {
    mu - settings.mirostat_eta * (surprisal_bits - settings.mirostat_tau)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use super::*;
    use crate::sampling::{Method, StageKind};

    #[test]
    fn the_surprising_is_cut() {
        let chain = chain(&SamplerSettings {
            method: Method::MirostatV2,
            ..SamplerSettings::neutral()
        });
        // Surprisals of 1, 2, 3 and 3 bits.
        let logits = [0.5_f32, 0.25, 0.125, 0.125].map(f32::ln);
        for (mu, kept) in [(3.5, 4), (2.5, 2), (1.5, 1), (0.5, 1), (-4.0, 1)] {
            let result = chain.run(&logits, &Context { mu, ..at(&[]) });
            assert_eq!(result.kept(), kept, "{mu}");
            assert_eq!(result.trace()[0].stage, StageKind::Mirostat);
        }
        assert_eq!(
            chain
                .run(&[1.0, 1.0], &Context { mu: 0.5, ..at(&[]) })
                .kept(),
            1
        );
    }

    #[test]
    fn mu_starts_at_twice_tau_and_falls_when_the_text_surprises() {
        let settings = SamplerSettings {
            mirostat_tau: 3.0,
            mirostat_eta: 0.1,
            ..SamplerSettings::neutral()
        };
        assert_eq!(initial_mu(&settings), 6.0);
        assert!((next_mu(&settings, 6.0, 5.0) - 5.8).abs() < 1e-6);
        assert!((next_mu(&settings, 6.0, 1.0) - 6.2).abs() < 1e-6);
    }
}

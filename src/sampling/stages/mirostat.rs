use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::Method;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// How many of the most probable tokens the exponent is estimated from, as in the source.
const HEAD: usize = 100;

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Mirostat,
    name: "mirostat",
    short: "mirostat",
    one_line: "Cuts by surprisal so that the text keeps a chosen level of surprise.",
    effect: Effect::Cuts,
    is_neutral: |settings| !settings.method.is_mirostat(),
    knobs: &[
        real!(mirostat_tau, In(StageKind::Mirostat), 0.0 ..= 100.0, slider 0.0 ..= 10.0 step 0.1,
            neutral 5.0, "a number from 0 to 100",
            "The surprise per token, in bits, that mirostat steers to."),
        real!(mirostat_eta, In(StageKind::Mirostat), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 0.1, PROBABILITY,
            "How fast mirostat corrects itself."),
    ],
    compile: |settings, vocabulary| {
        Ok(match settings.method {
            Method::MirostatV1 => Box::new(MirostatV1(vocabulary.size())),
            _ => Box::new(MirostatV2),
        })
    },
};

/// Keeps the k most probable tokens, where k follows from μ and from how steeply the odds fall: with the logits sorted,
/// bᵢ = lᵢ − lᵢ₊₁ and tᵢ = ln((i + 1) / i) over the first 100 give Zipf's exponent s = Σ tᵢbᵢ / Σ tᵢ², and
/// k = ((ε · 2^μ) / (1 − N^−ε))^(1/s) with ε = s − 1 and a vocabulary of N; rounded down, at least 1. Of equals the
/// lower ids stay.
///
/// Source: llama.cpp's `mirostat` sampler; Basu et al., "Mirostat" (2020). At ε = 0, where the formula has no value, its
/// limit 2^μ / ln N is taken. After the draw μ moves by [`crate::sampling::Running::after`].
#[derive(Debug)]
struct MirostatV1(usize);

impl Stage for MirostatV1 {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let logits = candidates.logits();
        let head: Vec<f64> = select::leading(logits, HEAD)
            .into_iter()
            .map(|place| f64::from(logits[place]))
            .collect();
        let (mut products, mut squares) = (0.0, 0.0);
        for (pair, rank) in head.windows(2).zip(1_u32..) {
            let t = (f64::from(rank + 1) / f64::from(rank)).ln();
            products += t * (pair[0] - pair[1]);
            squares += t * t;
        }
        // One token alone tells of no exponent, and is kept.
        if squares > 0.0 {
            let count = count(products / squares, f64::from(context.running.mu), self.0);
            candidates.keep_leading(count);
        }
    }
}

/// k of [`MirostatV1`] for the exponent s.
fn count(s: f64, mu: f64, vocabulary: usize) -> usize {
    let (epsilon, vocabulary) = (s - 1.0, vocabulary as f64);
    let share = if epsilon.abs() < 1e-9 {
        vocabulary.ln().recip()
    } else {
        epsilon / (1.0 - vocabulary.powf(-epsilon))
    };
    // Out of the range of whole numbers it is the largest of them.
    ((share * mu.exp2()).powf(s.recip()) as usize).max(1)
}

/// Cuts tokens whose surprisal −log2 p exceeds μ; if that would be all, keeps the best (of equals the lowest id).
///
/// Source: llama.cpp's `mirostat-v2` sampler; Basu et al., "Mirostat" (2020). After the draw μ moves by
/// [`crate::sampling::Running::after`].
#[derive(Debug)]
struct MirostatV2;

impl Stage for MirostatV2 {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let least = f64::from(-context.running.mu).exp2();
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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use super::*;
    use crate::sampling::{Running, SamplerSettings};

    fn with(mu: f32) -> Context<'static> {
        Context {
            running: Running { mu, mean: 0.0 },
            ..at(&[])
        }
    }

    fn by(method: Method) -> SamplerSettings {
        SamplerSettings {
            method,
            ..SamplerSettings::neutral()
        }
    }

    #[test]
    fn the_surprising_is_cut() {
        let chain = chain(&by(Method::MirostatV2));
        // Surprisals of 1, 2, 3 and 3 bits.
        let logits = [0.5_f32, 0.25, 0.125, 0.125].map(f32::ln);
        for (mu, kept) in [(3.5, 4), (2.5, 2), (1.5, 1), (0.5, 1), (-4.0, 1)] {
            let result = chain.run(&logits, &with(mu));
            assert_eq!(result.kept(), kept, "{mu}");
            assert_eq!(result.trace()[0].stage, StageKind::Mirostat);
        }
        assert_eq!(chain.run(&[1.0, 1.0], &with(0.5)).kept(), 1);
    }

    #[test]
    fn version_one_keeps_as_many_as_zipfs_law_says() {
        // Odds of rank^-2: s is 2, ε is 1, and k the root of 2^μ / (1 − 1/28), for the 28 tokens of the tests.
        let logits: Vec<f32> = (1..=20).map(|rank| -2.0 * (rank as f32).ln()).collect();
        let chain = chain(&by(Method::MirostatV1));
        for (mu, kept) in [(-3.0, 1), (2.0, 2), (4.0, 4), (6.0, 8), (30.0, 20)] {
            let expected = (2.0_f64.powf(mu) / (1.0 - 1.0 / 28.0)).sqrt() as usize;
            assert_eq!(expected.clamp(1, 20), kept);
            assert_eq!(chain.run(&logits, &with(mu as f32)).kept(), kept, "{mu}");
        }
    }

    #[test]
    fn version_one_has_an_answer_where_the_formula_has_none() {
        let chain = chain(&by(Method::MirostatV1));
        assert_eq!(chain.run(&[1.0], &with(3.0)).kept(), 1);
        // All alike: s is 0. Enough surprise allowed keeps all, less keeps one.
        assert_eq!(chain.run(&[1.0; 9], &with(10.0)).kept(), 9);
        assert_eq!(chain.run(&[1.0; 9], &with(1.0)).kept(), 1);
        // s is 1.
        assert_eq!(count(1.0, 4.0, 100), (16.0 / 100.0_f64.ln()) as usize);
        let near = |s| count(s, 10.0, 100);
        assert!(near(1.0).abs_diff(near(1.000_01)) <= 1);
    }
}

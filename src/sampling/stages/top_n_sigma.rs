use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::TopNSigma,
    name: "top-n-sigma",
    short: "top-n-sigma",
    one_line: "Keeps logits within a few standard deviations of the best, whatever the temperature.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.top_n_sigma == 0.0,
    knobs: &[
        real!(top_n_sigma, In(StageKind::TopNSigma), 0.0 ..= 100.0, slider 0.0 ..= 5.0 step 0.1,
            neutral 0.0, "a number from 0 to 100",
            "Keeps logits within this many standard deviations of the best; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(TopNSigma(settings.top_n_sigma))),
};

/// Keeps l ≥ max(l) − n · σ, where σ is the standard deviation of the logits that are left (of the population).
///
/// Source: llama.cpp's `top-n-sigma` sampler; Tang et al., "Top-nσ: Not All Logits Are You Need" (2024).
#[derive(Debug)]
pub(super) struct TopNSigma(pub f32);

impl Stage for TopNSigma {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let max = candidates.max();
        let deviation = standard_deviation(candidates.logits());
        let threshold = (f64::from(max) - f64::from(self.0) * deviation).min(f64::from(max));
        candidates.cut(|token| f64::from(token.logit) >= threshold);
    }
}

fn standard_deviation(values: &[f32]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
    let squares: f64 = values
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2))
        .sum();
    (squares / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    fn kept(n: f32, logits: &[f32]) -> usize {
        let chain = chain(&SamplerSettings {
            top_n_sigma: n,
            ..SamplerSettings::neutral()
        });
        chain.run(logits, &at(&[])).kept()
    }

    #[test]
    fn logits_within_some_deviations_stay() {
        // Mean 5, deviation 2.
        let logits = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(kept(0.5, &logits), 1);
        assert_eq!(kept(1.0, &logits), 2);
        assert_eq!(kept(2.0, &logits), 4);
        assert_eq!(kept(2.5, &logits), 7);
        assert_eq!(kept(3.5, &logits), 8);
    }

    #[test]
    fn equal_logits_all_stay() {
        assert_eq!(kept(0.1, &[0.3; 7]), 7);
    }

    #[test]
    fn what_the_model_ruled_out_does_not_count() {
        assert_eq!(kept(0.9, &[f32::NEG_INFINITY, 1.0, 3.0]), 1);
        assert_eq!(kept(2.0, &[f32::NEG_INFINITY, 1.0, 3.0]), 2);
    }
}

use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::Method;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// How far from the aim a probability counts as one step away.
const WIDTH: f64 = 0.3;
/// The logit of a token that is exactly at the aim.
const PEAK: f64 = 5.0;
/// How steeply logits fall with the distance.
const SHARPNESS: f64 = 10.0;

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::AdaptiveP,
    name: "adaptive-p",
    short: "adaptive-p",
    one_line: "Favours tokens near a probability, so that the text keeps a chosen mean.",
    effect: Effect::ChangesAll,
    is_neutral: |settings| settings.method != Method::AdaptiveP,
    knobs: &[
        real!(adaptive_target, In(StageKind::AdaptiveP), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 0.5, PROBABILITY,
            "The mean probability of the drawn tokens that adaptive-p steers to."),
        real!(adaptive_decay, In(StageKind::AdaptiveP), 0.0 ..= 0.99, slider 0.0 ..= 0.99 step 0.01,
            neutral 0.9, "a number from 0 to 0.99",
            "How long adaptive-p remembers: 0 the last token alone, 0.9 some ten, 0.99 some hundred."),
    ],
    compile: |settings, _| Ok(Box::new(AdaptiveP(settings.adaptive_target))),
};

/// l ← 5 − 10 d² / (1 + d) with d = |p − aim| / 0.3, where the aim 2 · target − mean (held to 0 to 1) makes up for the
/// mean so far. It cuts nothing and comes last.
///
/// Source: llama.cpp's `adaptive-p` sampler (pull request 17927). The mean moves by [`crate::sampling::Running::after`].
#[derive(Debug)]
pub(super) struct AdaptiveP(pub f32);

impl Stage for AdaptiveP {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let target = f64::from(self.0);
        let aim = (2.0 * target - f64::from(context.running.mean)).clamp(0.0, 1.0);
        candidates.remember();
        let total = candidates.log_total();
        candidates.change_all(|logit| {
            let probability = (f64::from(logit) - total).exp();
            let distance = (probability - aim).abs() / WIDTH;
            (PEAK - SHARPNESS * distance.powi(2) / (1.0 + distance)) as f32
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::{Context, Method, Running, SamplerSettings, StageKind};

    fn settings(target: f32) -> SamplerSettings {
        SamplerSettings {
            method: Method::AdaptiveP,
            adaptive_target: target,
            ..SamplerSettings::neutral()
        }
    }

    fn with(mean: f32) -> Context<'static> {
        Context {
            running: Running { mu: 0.0, mean },
            ..at(&[])
        }
    }

    #[test]
    fn what_is_nearest_to_the_target_is_favoured() {
        let logits = [0.6_f32, 0.3, 0.1].map(f32::ln);
        for (target, best) in [(0.7, 0), (0.32, 1), (0.1, 2)] {
            let result = chain(&settings(target)).run(&logits, &with(target));
            assert_eq!((result.best(), result.kept()), (best, 3));
            assert_eq!(result.trace().last().unwrap().stage, StageKind::AdaptiveP);
        }
    }

    #[test]
    fn the_aim_makes_up_for_the_mean() {
        let logits = [0.6_f32, 0.3, 0.1].map(f32::ln);
        let best = |mean| chain(&settings(0.35)).run(&logits, &with(mean)).best();
        assert_eq!((best(0.1), best(0.4), best(0.6)), (0, 1, 2));
    }

    #[test]
    fn the_probability_before_is_remembered() {
        let chain = chain(&SamplerSettings {
            top_k: 2,
            ..settings(0.3)
        });
        let result = chain.run(&[0.6_f32, 0.3, 0.1].map(f32::ln), &with(0.3));
        let before = |id| result.probability_before(id).unwrap();
        assert!((before(0) - 2.0 / 3.0).abs() < 1e-6 && (before(1) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(result.probability_before(2), None, "it was cut");
        assert!(result.probability(1) > result.probability(0));
    }
}

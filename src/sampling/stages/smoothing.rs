use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, SamplerSettings, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Smoothing,
    name: "smoothing",
    short: "smoothing",
    one_line: "Brings the good tokens nearer to each other and pushes the bad ones away, along a parabola.",
    effect: Effect::ChangesAll,
    is_neutral: |settings| settings.smoothing_factor == 0.0,
    knobs: &[
        real!(smoothing_factor, In(StageKind::Smoothing), 0.0 ..= 100.0, slider 0.0 ..= 3.0 step 0.05,
            neutral 0.0, "a number from 0 to 100",
            "How steeply logits fall with the square of their distance from the best; 0 is off."),
        real!(smoothing_curve, In(StageKind::Smoothing), 1.0 ..= 10.0, slider 1.0 ..= 3.0 step 0.1,
            neutral 1.0, "a number from 1 to 10",
            "Above 1 the far ones fall with the cube as well; above 3 the best need not stay the best."),
    ],
    compile: |settings, _| Ok(Box::new(Smoothing::new(settings))),
};

/// l ← max − k · f · d² + s · f · d³ with d = l − max, k = (3 − curve) / 2, s = (curve − 1) / 2 and the factor f.
///
/// Source: kalomaze's quadratic sampling as in text-generation-webui (`QuadraticSamplingLogitsWarper`) and Aphrodite
/// (`smoothing_factor`, `smoothing_curve`).
#[derive(Debug)]
pub(super) struct Smoothing {
    /// k · f, and s · f.
    square: f64,
    cube: f64,
}

impl Smoothing {
    fn new(settings: &SamplerSettings) -> Self {
        let (factor, curve) = (
            f64::from(settings.smoothing_factor),
            f64::from(settings.smoothing_curve),
        );
        Self {
            square: factor * (3.0 - curve) / 2.0,
            cube: factor * (curve - 1.0) / 2.0,
        }
    }
}

impl Stage for Smoothing {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let max = f64::from(candidates.max());
        // In f64 no cube of a difference of f32 overflows.
        candidates.change_all(|logit| {
            let below = f64::from(logit) - max;
            (max - self.square * below.powi(2) + self.cube * below.powi(3)) as f32
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use super::*;

    fn smoothed(factor: f32, curve: f32, logits: &[f32]) -> Vec<f32> {
        let chain = chain(&SamplerSettings {
            smoothing_factor: factor,
            smoothing_curve: curve,
            ..SamplerSettings::neutral()
        });
        probabilities(&chain.run(logits, &at(&[])), logits.len())
    }

    #[test]
    fn distances_are_squared_and_cubed() {
        let logits = [3.0, 2.0, 1.0];
        // −0.5 · d²
        assert_eq!(smoothed(0.5, 1.0, &logits), softmax(&[0.0, -0.5, -2.0]));
        // A curve of 2: half of the square, half of the cube.
        assert_eq!(smoothed(1.0, 2.0, &logits), softmax(&[0.0, -1.0, -6.0]));
        // A curve of 3: the cube alone.
        assert_eq!(smoothed(1.0, 3.0, &logits), softmax(&[0.0, -1.0, -8.0]));
    }

    #[test]
    fn the_largest_distances_stay_numbers() {
        for curve in [1.0, 3.0, 10.0] {
            let odds = smoothed(100.0, curve, &[f32::MAX, f32::MIN, 0.0]);
            assert!((odds.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{odds:?}");
        }
    }
}

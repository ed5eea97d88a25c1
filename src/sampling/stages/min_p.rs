use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::MinP,
    name: "min-p",
    short: "min-p",
    one_line: "Keeps tokens that are not too improbable next to the best.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.min_p == 0.0,
    knobs: &[
        real!(min_p, In(StageKind::MinP), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 0.0, PROBABILITY,
            "Keeps tokens at least this many times as probable as the best; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(MinP(settings.min_p))),
};

/// Keeps p ≥ min_p · max(p).
///
/// Source: transformers' `MinPLogitsWarper`; Nguyen et al., "Turning Up the Heat: Min-p Sampling" (2024).
#[derive(Debug)]
pub(super) struct MinP(pub f32);

impl Stage for MinP {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        // The weight of the best is 1.
        let best = 1.0 / candidates.softmax().mass;
        candidates.cut_improbable(f64::from(self.0) * best);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    #[test]
    fn tokens_are_measured_by_the_best() {
        let logits = [0.5_f32, 0.24, 0.01, 0.25].map(f32::ln);
        for (min_p, kept) in [(0.01, 4), (0.03, 3), (0.49, 2), (0.51, 1), (1.0, 1)] {
            let chain = chain(&SamplerSettings {
                min_p,
                ..SamplerSettings::neutral()
            });
            assert_eq!(chain.run(&logits, &at(&[])).kept(), kept, "{min_p}");
        }
    }
}

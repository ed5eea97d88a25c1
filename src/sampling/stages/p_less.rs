use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::PLess,
    name: "p-less",
    short: "p-less",
    one_line: "Keeps tokens at least as probable as two draws are likely to agree.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.p_less == 0.0,
    knobs: &[
        real!(p_less, In(StageKind::PLess), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.05,
            neutral 0.0, PROBABILITY,
            "Keeps p from this many times the sum of all squared p on; 1 is as published, 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(PLess(settings.p_less))),
};

/// Keeps p ≥ c · Σ p², where the sum is the chance that two draws give the same token. It never exceeds the best p.
///
/// Source: Tan, Wu and Howard, "p-less Sampling" (arXiv 2509.23234), which has no setting: there c is 1. The factor is
/// ours, so that there is something between on and off.
#[derive(Debug)]
pub(super) struct PLess(pub f32);

impl Stage for PLess {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let softmax = candidates.softmax();
        let squares: f64 = softmax
            .weights
            .iter()
            .map(|&weight| f64::from(weight).powi(2))
            .sum();
        let collision = squares / softmax.mass.powi(2);
        candidates.cut_improbable(f64::from(self.0) * collision);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    fn kept(p_less: f32, logits: &[f32]) -> usize {
        let chain = chain(&SamplerSettings {
            p_less,
            ..SamplerSettings::neutral()
        });
        chain.run(logits, &at(&[])).kept()
    }

    #[test]
    fn what_is_as_probable_as_a_collision_stays() {
        // Squares of 0.16, 0.09, 0.04 and 0.01: 0.3.
        let logits = [0.4_f32, 0.31, 0.19, 0.1].map(f32::ln);
        assert_eq!(kept(1.0, &logits), 2);
        assert_eq!(kept(0.6, &logits), 3);
        assert_eq!(kept(0.3, &logits), 4);
    }

    #[test]
    fn equal_tokens_all_stay() {
        assert_eq!(kept(1.0, &[0.7; 23]), 23);
    }
}

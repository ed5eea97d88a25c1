use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::EpsilonCutoff,
    name: "epsilon-cutoff",
    short: "epsilon-cutoff",
    one_line: "Cuts tokens below a fixed probability.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.epsilon_cutoff == 0.0,
    knobs: &[
        real!(epsilon_cutoff, In(StageKind::EpsilonCutoff), 0.0 ..= 1.0, slider 0.0 ..= 0.02 step 0.0005,
            neutral 0.0, PROBABILITY,
            "Cuts tokens less probable than this; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(EpsilonCutoff(settings.epsilon_cutoff))),
};

/// Keeps p ≥ ε, and always the best and its equals.
///
/// Source: transformers' `EpsilonLogitsWarper`; Hewitt et al., "Truncation Sampling as Language Model Desmoothing"
/// (2022).
#[derive(Debug)]
pub(super) struct EpsilonCutoff(pub f32);

impl Stage for EpsilonCutoff {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        candidates.cut_improbable(f64::from(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    #[test]
    fn the_improbable_goes_but_never_the_best() {
        let logits = [0.5_f32, 0.24, 0.01, 0.25].map(f32::ln);
        for (epsilon_cutoff, kept) in [(0.005, 4), (0.02, 3), (0.245, 2), (0.3, 1), (0.9, 1)] {
            let chain = chain(&SamplerSettings {
                epsilon_cutoff,
                ..SamplerSettings::neutral()
            });
            assert_eq!(
                chain.run(&logits, &at(&[])).kept(),
                kept,
                "{epsilon_cutoff}"
            );
        }
    }

    #[test]
    fn equals_of_the_best_stay() {
        let chain = chain(&SamplerSettings {
            epsilon_cutoff: 0.9,
            ..SamplerSettings::neutral()
        });
        assert_eq!(chain.run(&[1.0, 1.0, 0.5], &at(&[])).kept(), 2);
    }
}

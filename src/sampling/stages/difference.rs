use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Difference,
    name: "difference",
    short: "difference",
    one_line: "Turns what sets the model apart from the one that it was made of up or down.",
    effect: Effect::Mixes,
    is_neutral: |settings| settings.difference_weight == 1.0,
    knobs: &[
        real!(difference_weight, In(StageKind::Difference), -100.0 ..= 100.0, slider -1.0 ..= 3.0 step 0.1,
            neutral 1.0, "a number from -100 to 100",
            "How much of the way from the base model (--base) to this one: 0 is the base, 1 is off, 2 is twice as far."),
    ],
    compile: |settings, _| {
        Ok(Box::new(Difference {
            weight: f64::from(settings.difference_weight),
        }))
    },
};

/// l ← b + w · (l − b), with b the base model's logit after the same text. A token that it rules out keeps l.
///
/// With w above 1 this is the arithmetic of DExperts (Liu et al. 2021, <https://arxiv.org/abs/2105.03023>) and of proxy
/// tuning (Liu et al. 2024, <https://arxiv.org/abs/2401.08565>), with one model in two parts.
#[derive(Debug)]
pub(super) struct Difference {
    weight: f64,
}

impl Stage for Difference {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let Some(base) = context.second else {
            return;
        };
        candidates.change_by_id(|id, logit| {
            let other = f64::from(base[id as usize]);
            if other.is_finite() {
                (other + self.weight * (f64::from(logit) - other)) as f32
            } else {
                logit
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use crate::sampling::{Context, SamplerSettings};

    #[test]
    fn weights_lead_from_the_base_to_the_model_and_beyond() {
        let (logits, base) = ([1.0, 3.0, 0.0], [2.0, 0.0, 0.0]);
        let mixed = |weight| {
            let chain = chain(&SamplerSettings {
                difference_weight: weight,
                ..SamplerSettings::neutral()
            });
            let context = Context {
                second: Some(&base),
                ..at(&[])
            };
            probabilities(&chain.run(&logits, &context), 3)
        };
        assert_eq!(mixed(0.0), softmax(&base));
        assert_eq!(mixed(0.5), softmax(&[1.5, 1.5, 0.0]));
        assert_eq!(mixed(1.0), softmax(&logits));
        assert_eq!(mixed(2.0), softmax(&[0.0, 6.0, 0.0]));
        assert_eq!(mixed(-1.0), softmax(&[3.0, -3.0, 0.0]));
    }
}

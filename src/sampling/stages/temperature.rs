use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// Below this a temperature is taken as 0: no two logits that differ would both keep a probability, and the
/// quotients would leave the range of `f32`.
const COLDEST: f32 = 1e-6;

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Temperature,
    name: "temperature",
    short: "temp",
    one_line: "Sharpens the odds below 1, flattens them above, takes the best at 0.",
    effect: Effect::ChangesAll,
    is_neutral: |settings| settings.temperature == 1.0,
    knobs: &[
        real!(temperature, In(StageKind::Temperature), 0.0 ..= 100.0, slider 0.0 ..= 2.0 step 0.05,
            neutral 1.0, "a number from 0 (greedy) to 100",
            "Below 1 the likely gets likelier, above 1 the odds even out; 0 always takes the best."),
    ],
    compile: |settings, _| Ok(Box::new(Temperature(settings.temperature))),
};

/// l ← l / T. At T = 0 all but the best token are cut (of equals, the lowest id stays).
///
/// Source: transformers' `TemperatureLogitsWarper`; T = 0, an error there, is greedy as in llama.cpp.
#[derive(Debug)]
pub(super) struct Temperature(pub f32);

impl Stage for Temperature {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        if self.0 < COLDEST {
            candidates.keep_best();
        } else {
            candidates.change_all(|logit| logit / self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use crate::sampling::SamplerSettings;

    fn at_temperature(temperature: f32, logits: &[f32]) -> Vec<f32> {
        let chain = chain(&SamplerSettings {
            temperature,
            ..SamplerSettings::neutral()
        });
        probabilities(&chain.run(logits, &at(&[])), logits.len())
    }

    #[test]
    fn logits_are_divided() {
        assert_eq!(
            at_temperature(0.5, &[1.0, -1.5, 0.25]),
            softmax(&[2.0, -3.0, 0.5])
        );
    }

    #[test]
    fn zero_is_greedy_and_takes_the_first_of_equals() {
        assert_eq!(at_temperature(0.0, &[1.0, 2.0, 2.0]), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn the_coldest_and_the_largest_logits_stay_numbers() {
        assert_eq!(at_temperature(1e-6, &[3e38, -3e38, 1.0]), [1.0, 0.0, 0.0]);
        assert_eq!(at_temperature(1e-30, &[1.0, 1.5]), [0.0, 1.0]);
    }
}

use super::temperature::Temperature;
use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, SamplerSettings, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::DynamicTemperature,
    name: "dynamic-temperature",
    short: "dynatemp",
    one_line: "Cools where the model is sure and heats where it is not; takes the place of temperature.",
    effect: Effect::ChangesAll,
    is_neutral: |settings| settings.dynatemp_range == 0.0,
    knobs: &[
        real!(dynatemp_range, In(StageKind::DynamicTemperature), 0.0 ..= 100.0, slider 0.0 ..= 2.0 step 0.05,
            neutral 0.0, "a number from 0 to 100",
            "How far the temperature moves with the entropy, down where it is low and up where it is high; 0 is off."),
        real!(dynatemp_exponent, In(StageKind::DynamicTemperature), 0.0 ..= 100.0, slider 0.0 ..= 4.0 step 0.1,
            neutral 1.0, "a number from 0 to 100",
            "Above 1 a token must be very uncertain before the temperature rises, below 1 a little is enough."),
    ],
    compile: |settings, _| Ok(Box::new(DynamicTemperature::new(settings))),
};

/// l ← l / T' with T' = low + (high − low) · (H / ln n)^exponent, where H is the entropy of the n tokens that are left,
/// low = max(0, T − range) and high = T + range around the `temperature` T. One token alone is left as it is, and T' = 0
/// keeps the best.
///
/// Source: llama.cpp's `temp-ext` sampler (`--dynatemp-range`, `--dynatemp-exp`), which there, too, is the temperature's.
#[derive(Debug)]
pub(super) struct DynamicTemperature {
    low: f64,
    high: f64,
    exponent: f64,
}

impl DynamicTemperature {
    fn new(settings: &SamplerSettings) -> Self {
        let (middle, range) = (
            f64::from(settings.temperature),
            f64::from(settings.dynatemp_range),
        );
        Self {
            low: (middle - range).max(0.0),
            high: middle + range,
            exponent: f64::from(settings.dynatemp_exponent),
        }
    }
}

impl Stage for DynamicTemperature {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        if candidates.len() == 1 {
            return;
        }
        let most = (candidates.len() as f64).ln();
        // Rounding can lead a hair out of 0 to 1.
        let uncertainty = (candidates.entropy() / most).clamp(0.0, 1.0);
        let temperature = self.low + (self.high - self.low) * uncertainty.powf(self.exponent);
        Temperature(temperature as f32).apply(candidates, context);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use super::*;

    fn run(settings: &SamplerSettings, logits: &[f32]) -> Vec<f32> {
        probabilities(&chain(settings).run(logits, &at(&[])), logits.len())
    }

    fn dynamic(temperature: f32, range: f32, exponent: f32) -> SamplerSettings {
        SamplerSettings {
            temperature,
            dynatemp_range: range,
            dynatemp_exponent: exponent,
            ..SamplerSettings::neutral()
        }
    }

    #[test]
    fn the_uncertain_is_heated_and_the_sure_cooled() {
        // All alike: the entropy is the largest there can be, the temperature at its top, and nothing to be seen.
        assert_eq!(run(&dynamic(1.0, 0.5, 1.0), &[2.0; 4]), [0.25; 4]);
        // Two of four alike, the others out of sight: an entropy of 1 of 2 bits, halfway from 0.5 to 1.5.
        let halves = [0.0, 0.0, -80.0, -80.0];
        let close = |found: Vec<f32>, expected: Vec<f32>| {
            let pairs = found.into_iter().zip(expected);
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
        };
        close(run(&dynamic(1.0, 0.5, 1.0), &halves), softmax(&halves));
        let sure = [9.0, 0.0, -1.0];
        let cooled = run(&dynamic(1.0, 0.9, 1.0), &sure);
        assert!(cooled[0] > softmax(&sure)[0]);
    }

    #[test]
    fn it_takes_the_place_of_temperature_while_it_acts() {
        let settings = dynamic(2.0, 0.5, 1.0);
        assert!(!settings.is_active(StageKind::Temperature));
        let stages: Vec<_> = chain(&settings)
            .run(&[1.0, 0.0], &at(&[]))
            .trace()
            .iter()
            .map(|step| step.stage)
            .collect();
        assert_eq!(stages, [StageKind::DynamicTemperature]);
        let off = SamplerSettings {
            disabled: vec![StageKind::DynamicTemperature],
            ..settings
        };
        assert!(off.is_active(StageKind::Temperature));
        assert_eq!(run(&off, &[1.0, 0.0]), softmax(&[0.5, 0.0]));
    }

    #[test]
    fn a_temperature_that_reaches_zero_is_greedy_and_one_token_stays_as_it_is() {
        // No entropy at all, and a range as wide as the temperature.
        assert_eq!(run(&dynamic(0.5, 0.5, 1.0), &[900.0, 0.0]), [1.0, 0.0]);
        let alone = SamplerSettings {
            top_k: 1,
            order: vec![StageKind::TopK, StageKind::DynamicTemperature],
            ..dynamic(0.5, 0.5, 1.0)
        };
        let result = chain(&alone).run_explained(&[3.0, 0.0], &at(&[]));
        assert_eq!(result.logit(0), Some(3.0));
    }
}

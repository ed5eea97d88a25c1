use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::FrequencyPresence,
    name: "frequency-presence",
    short: "freq",
    one_line: "Lowers tokens for every time, or for the first time, that they occurred.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.frequency_penalty == 0.0 && settings.presence_penalty == 0.0,
    knobs: &[
        real!(frequency_penalty, In(StageKind::FrequencyPresence), -100.0 ..= 100.0, slider -2.0 ..= 2.0 step 0.05,
            neutral 0.0, "a number from -100 to 100",
            "Lowers a token's logit by this each time it occurred; 0 is off."),
        real!(presence_penalty, In(StageKind::FrequencyPresence), -100.0 ..= 100.0, slider -2.0 ..= 2.0 step 0.05,
            neutral 0.0, "a number from -100 to 100",
            "Lowers a token's logit by this if it occurred at all; 0 is off."),
    ],
    compile: |settings, _| {
        Ok(Box::new(FrequencyPresence {
            frequency: settings.frequency_penalty,
            presence: settings.presence_penalty,
            window: settings.penalty_window,
        }))
    },
};

/// l ← l − c · frequency − presence for each token that occurs c > 0 times among the last `window` of the text.
/// Negative values favour what was said.
///
/// Source: llama.cpp's `penalties` sampler, after OpenAI's API.
#[derive(Debug)]
pub(super) struct FrequencyPresence {
    pub frequency: f32,
    pub presence: f32,
    /// 0 is the whole text.
    pub window: usize,
}

impl Stage for FrequencyPresence {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let mut seen = context.recent(self.window).to_vec();
        seen.sort_unstable();
        for occurrences in seen.chunk_by(|a, b| a == b) {
            let penalty = occurrences.len() as f32 * self.frequency + self.presence;
            candidates.change(occurrences[0], |logit| logit - penalty);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use crate::sampling::SamplerSettings;

    #[test]
    fn each_occurrence_and_the_first_one_cost() {
        let settings = SamplerSettings {
            frequency_penalty: 0.5,
            presence_penalty: 0.25,
            penalty_window: 4,
            ..SamplerSettings::neutral()
        };
        let result = chain(&settings).run(&[1.0, 2.0, 3.0], &at(&[0, 0, 2, 1, 2, 2]));
        assert_eq!(probabilities(&result, 3), softmax(&[1.0, 1.25, 1.25]));
    }
}

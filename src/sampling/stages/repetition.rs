use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{FROM_0, real, whole};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Repetition,
    name: "repetition",
    short: "rep",
    one_line: "Makes every token that was seen less likely, to break loops.",
    effect: Effect::ChangesSome,
    is_neutral: |settings| settings.repetition_penalty == 1.0,
    knobs: &[
        real!(repetition_penalty, In(StageKind::Repetition), 0.01 ..= 100.0, slider 0.5 ..= 2.0 step 0.01,
            neutral 1.0, "a number from 0.01 to 100",
            "Divides the logits of tokens that were seen (multiplies negative ones); 1 is off."),
        whole!(penalty_window, In(StageKind::Repetition), from 0, slider to 1024 step 16,
            neutral 64, FROM_0,
            "How many of the last tokens the repetition, frequency and presence penalties see; 0 is all."),
    ],
    compile: |settings, _| {
        Ok(Box::new(Repetition {
            penalty: settings.repetition_penalty,
            window: settings.penalty_window,
        }))
    },
};

/// For each token among the last `window` of the text: l ← l / penalty if l ≥ 0, else l ← l · penalty.
///
/// Source: transformers' `RepetitionPenaltyLogitsProcessor`, after Keskar et al., "CTRL" (2019), whose division alone
/// would make tokens of negative logit likelier. The window is llama.cpp's.
#[derive(Debug)]
pub(super) struct Repetition {
    pub penalty: f32,
    /// 0 is the whole text.
    pub window: usize,
}

impl Stage for Repetition {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let mut seen = context.recent(self.window).to_vec();
        seen.sort_unstable();
        seen.dedup();
        for id in seen {
            candidates.change(id, |logit| {
                if logit < 0.0 {
                    logit * self.penalty
                } else {
                    logit / self.penalty
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities, softmax};
    use crate::sampling::SamplerSettings;

    #[test]
    fn seen_tokens_pay_once_within_the_window() {
        let mut settings = SamplerSettings {
            repetition_penalty: 2.0,
            penalty_window: 3,
            ..SamplerSettings::neutral()
        };
        let (logits, history) = ([1.0, -1.0, 2.0, 3.0], [3, 1, 2, 2]);
        let windowed = chain(&settings).run(&logits, &at(&history));
        assert_eq!(probabilities(&windowed, 4), softmax(&[1.0, -2.0, 1.0, 3.0]));
        settings.penalty_window = 0;
        let whole = chain(&settings).run(&logits, &at(&history));
        assert_eq!(probabilities(&whole, 4), softmax(&[1.0, -2.0, 1.0, 1.5]));
    }

    #[test]
    fn tokens_beyond_the_vocabulary_are_passed_over() {
        let settings = SamplerSettings {
            repetition_penalty: 2.0,
            ..SamplerSettings::neutral()
        };
        let result = chain(&settings).run(&[1.0, 2.0], &at(&[7, 9]));
        assert_eq!(probabilities(&result, 2), softmax(&[1.0, 2.0]));
    }
}

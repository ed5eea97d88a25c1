use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::{Candidates, Context, Descriptor, Effect, RawOdds, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Guidance,
    name: "guidance",
    short: "guidance",
    one_line: "Leads away from what the model would say after the negative prompt.",
    effect: Effect::Mixes,
    is_neutral: |settings| settings.guidance_scale == 1.0,
    knobs: &[
        real!(guidance_scale, In(StageKind::Guidance), 0.0 ..= 100.0, slider 0.0 ..= 5.0 step 0.1,
            neutral 1.0, "a number from 0 to 100",
            "How far the prompt is followed against the negative prompt, which is read too; 1 is off, 0 is that one alone."),
    ],
    compile: |settings, _| {
        Ok(Box::new(Guidance {
            scale: f64::from(settings.guidance_scale),
        }))
    },
};

/// l ← n + scale · (ln p − n), with n the logarithm of the token's probability after the negative prompt and what was
/// generated. A token that is ruled out there keeps ln p.
///
/// Source: Sanchez et al. 2023 (<https://arxiv.org/abs/2306.17806>), as transformers has it
/// (`UnbatchedClassifierFreeGuidanceLogitsProcessor`).
#[derive(Debug)]
pub(super) struct Guidance {
    scale: f64,
}

impl Stage for Guidance {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let Some(negative) = context.second else {
            return;
        };
        let odds = RawOdds::new(negative);
        let total = candidates.log_total();
        candidates.change_by_id(|id, logit| {
            let own = f64::from(logit) - total;
            let other = odds.log_probability(negative, id);
            if other.is_finite() {
                (other + self.scale * (own - other)) as f32
            } else {
                own as f32
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities};
    use crate::sampling::{Context, SamplerSettings};

    fn guided(scale: f32, logits: &[f32], negative: &[f32]) -> Vec<f32> {
        let chain = chain(&SamplerSettings {
            guidance_scale: scale,
            ..SamplerSettings::neutral()
        });
        let context = Context {
            second: Some(negative),
            ..at(&[])
        };
        probabilities(&chain.run(logits, &context), logits.len())
    }

    #[test]
    fn odds_are_multiplied_by_what_sets_them_apart() {
        let logits = [0.5_f32.ln(), 0.5_f32.ln()];
        // Ratios of 1 and of 3: twice as far from the second one is a ratio of 1/3.
        let negative = [3.0_f32.ln(), 0.0];
        let odds = guided(2.0, &logits, &negative);
        assert!((odds[1] / odds[0] - 3.0).abs() < 1e-5, "{odds:?}");
        // Nothing but the negative prompt.
        let odds = guided(0.0, &logits, &negative);
        assert!((odds[0] / odds[1] - 3.0).abs() < 1e-5, "{odds:?}");
    }

    #[test]
    fn what_the_other_context_rules_out_keeps_its_logarithm() {
        // The first keeps ln 1/2; the other, which is certain there, gets three times that.
        let odds = guided(3.0, &[0.0, 0.0], &[f32::NEG_INFINITY, 5.0]);
        assert!((odds[0] / odds[1] - 4.0).abs() < 1e-5, "{odds:?}");
    }
}

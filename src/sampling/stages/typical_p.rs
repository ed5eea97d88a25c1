use std::ops::ControlFlow;

use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::TypicalP,
    name: "typical-p",
    short: "typical-p",
    one_line: "Keeps the tokens whose surprisal is nearest to what the model expects on average.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.typical_p == 1.0,
    knobs: &[
        real!(typical_p, In(StageKind::TypicalP), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 1.0, PROBABILITY,
            "Keeps the most typical tokens that together have this probability; 1 is off."),
    ],
    compile: |settings, _| Ok(Box::new(TypicalP(settings.typical_p))),
};

/// Orders tokens by how far their surprisal is from the entropy H, |−ln p − H|, and keeps the shortest head whose
/// probabilities sum up to at least `typical_p`; at least one. Those as far off as the last of them stay too. The best
/// token may be cut.
///
/// Source: transformers' `TypicalLogitsWarper`; Meister et al., "Locally Typical Sampling" (2022).
#[derive(Debug)]
pub(super) struct TypicalP(pub f32);

impl Stage for TypicalP {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        // −ln p − H = (ln Σeˡ − H) − l
        let typical = (candidates.log_total() - candidates.entropy()) as f32;
        let closeness = |logit: f32| -(typical - logit).abs();
        let keys: Vec<f32> = candidates.logits().iter().copied().map(closeness).collect();
        let softmax = candidates.softmax();
        let wanted = f64::from(self.0) * softmax.mass;
        let mut reached = 0.0;
        let border = select::visit_in_order(&keys, |place| {
            reached += f64::from(softmax.weights[place]);
            if reached >= wanted {
                ControlFlow::Break(keys[place])
            } else {
                ControlFlow::Continue(())
            }
        });
        if let Some(border) = border {
            candidates.cut(|token| closeness(token.logit) >= border);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities};
    use crate::sampling::SamplerSettings;

    fn kept(typical_p: f32, weights: &[f32]) -> Vec<usize> {
        let logits: Vec<f32> = weights.iter().map(|weight| weight.ln()).collect();
        let chain = chain(&SamplerSettings {
            typical_p,
            ..SamplerSettings::neutral()
        });
        let probabilities = probabilities(&chain.run(&logits, &at(&[])), logits.len());
        (0..logits.len())
            .filter(|&id| probabilities[id] > 0.0)
            .collect()
    }

    #[test]
    fn what_is_nearest_to_the_entropy_stays() {
        // Surprisals 1.20, 0.69, 1.61 nats; entropy 1.03: distances 0.17, 0.34, 0.58.
        let weights = [0.3, 0.5, 0.2];
        assert_eq!(kept(0.0, &weights), [0]);
        assert_eq!(kept(0.29, &weights), [0]);
        assert_eq!(kept(0.31, &weights), [0, 1]);
        assert_eq!(kept(0.79, &weights), [0, 1]);
        assert_eq!(kept(0.81, &weights), [0, 1, 2]);
    }

    #[test]
    fn equals_stay_together() {
        assert_eq!(kept(0.1, &[1.0; 5]), [0, 1, 2, 3, 4]);
    }
}

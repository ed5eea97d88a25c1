use std::ops::ControlFlow;

use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::TopP,
    name: "top-p",
    short: "top-p",
    one_line: "Keeps the fewest tokens that together reach a probability.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.top_p == 1.0,
    knobs: &[
        real!(top_p, In(StageKind::TopP), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 1.0, PROBABILITY,
            "Keeps the fewest tokens that together have this probability; 1 is off."),
    ],
    compile: |settings, _| Ok(Box::new(TopP(settings.top_p))),
};

/// Keeps the shortest head of the tokens, ordered by probability, whose probabilities sum up to at least `top_p`; at
/// least one. Of equals at the border the lower ids stay (transformers leaves this to its sort).
///
/// Source: transformers' `TopPLogitsWarper`; Holtzman et al., "The Curious Case of Neural Text Degeneration" (2019).
#[derive(Debug)]
pub(super) struct TopP(pub f32);

impl Stage for TopP {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let softmax = candidates.softmax();
        let wanted = f64::from(self.0) * softmax.mass;
        let mut reached = 0.0;
        let border = select::visit_in_order(softmax.logits, |place| {
            reached += f64::from(softmax.weights[place]);
            if reached >= wanted {
                ControlFlow::Break(place)
            } else {
                ControlFlow::Continue(())
            }
        });
        // Rounding can keep the sum of all from reaching a `top_p` of nearly 1: then all stay.
        if let Some(place) = border {
            let (last_logit, last_id) = (softmax.logits[place], softmax.ids[place]);
            candidates.cut(|token| {
                token.logit > last_logit || (token.logit == last_logit && token.id <= last_id)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities};
    use crate::sampling::SamplerSettings;

    fn kept(top_p: f32, weights: &[f32]) -> Vec<usize> {
        let logits: Vec<f32> = weights.iter().map(|weight| weight.ln()).collect();
        let chain = chain(&SamplerSettings {
            top_p,
            ..SamplerSettings::neutral()
        });
        let probabilities = probabilities(&chain.run(&logits, &at(&[])), logits.len());
        (0..logits.len())
            .filter(|&id| probabilities[id] > 0.0)
            .collect()
    }

    #[test]
    fn the_head_that_reaches_the_mass_stays() {
        let weights = [0.1, 0.4, 0.2, 0.3];
        assert_eq!(kept(0.0, &weights), [1]);
        assert_eq!(kept(0.39, &weights), [1]);
        assert_eq!(kept(0.41, &weights), [1, 3]);
        assert_eq!(kept(0.89, &weights), [1, 2, 3]);
        assert_eq!(kept(0.91, &weights), [0, 1, 2, 3]);
    }

    #[test]
    fn of_equals_the_lower_ids_stay() {
        assert_eq!(kept(0.5, &[1.0; 4]), [0, 1]);
        assert_eq!(kept(0.51, &[1.0; 4]), [0, 1, 2]);
    }
}

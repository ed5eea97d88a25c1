use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{FROM_0, whole};
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::TopK,
    name: "top-k",
    short: "top-k",
    one_line: "Keeps a fixed number of the most probable tokens.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.top_k == 0,
    knobs: &[
        whole!(top_k, In(StageKind::TopK), from 0, slider to 200 step 1,
            neutral 0, FROM_0,
            "Keeps this many of the most probable tokens; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(TopK(settings.top_k))),
};

/// Keeps the k tokens of the largest logits. Those that equal the k-th stay too, so that more than k may be left.
///
/// Source: transformers' `TopKLogitsWarper` (llama.cpp keeps exactly k).
#[derive(Debug)]
pub(super) struct TopK(pub usize);

impl Stage for TopK {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        if self.0 < candidates.len() {
            let threshold = select::nth_largest(candidates.logits(), self.0.max(1));
            candidates.cut(|token| token.logit >= threshold);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities};
    use crate::sampling::SamplerSettings;

    fn kept(k: usize, logits: &[f32]) -> Vec<usize> {
        let chain = chain(&SamplerSettings {
            top_k: k,
            ..SamplerSettings::neutral()
        });
        let probabilities = probabilities(&chain.run(logits, &at(&[])), logits.len());
        (0..logits.len())
            .filter(|&id| probabilities[id] > 0.0)
            .collect()
    }

    #[test]
    fn the_best_stay_and_ties_with_them() {
        let logits = [1.0, 3.0, 2.0, 2.0, -1.0];
        assert_eq!(kept(1, &logits), [1]);
        assert_eq!(kept(2, &logits), [1, 2, 3]);
        assert_eq!(kept(3, &logits), [1, 2, 3]);
        assert_eq!(kept(4, &logits), [0, 1, 2, 3]);
        assert_eq!(kept(9, &logits), [0, 1, 2, 3, 4]);
    }
}

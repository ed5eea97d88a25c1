use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::Xtc,
    name: "xtc",
    short: "xtc",
    one_line: "Sometimes cuts the most obvious tokens, to surprise without losing sense.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.xtc_probability == 0.0 || settings.xtc_threshold > 0.5,
    knobs: &[
        real!(xtc_probability, In(StageKind::Xtc), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.05,
            neutral 0.0, PROBABILITY,
            "How often the most obvious tokens are cut; 0 is off."),
        real!(xtc_threshold, In(StageKind::Xtc), 0.0 ..= 1.0, slider 0.0 ..= 0.5 step 0.01,
            neutral 0.1, PROBABILITY,
            "Tokens from this probability up are obvious; the least of them stays."),
    ],
    compile: |settings, _| {
        Ok(Box::new(Xtc {
            probability: settings.xtc_probability,
            threshold: settings.xtc_threshold,
        }))
    },
};

/// "Exclude top choices": with the given probability, of the tokens with p ≥ threshold all are cut but the last in
/// order (the least probable; of equals the highest id). With fewer than two such tokens nothing happens.
///
/// Source: llama.cpp's `xtc` sampler. It acts where the context's uniform number is below `probability`, so never at
/// 0 and always at 1.
#[derive(Debug)]
pub(super) struct Xtc {
    pub probability: f32,
    pub threshold: f32,
}

impl Stage for Xtc {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        if context.xtc_u >= f64::from(self.probability) {
            return;
        }
        let softmax = candidates.softmax();
        let least = f64::from(self.threshold) * softmax.mass;
        let obvious = softmax
            .weights
            .iter()
            .filter(|&&weight| f64::from(weight) >= least)
            .count();
        if obvious < 2 {
            return;
        }
        let order = select::leading(softmax.logits, obvious);
        let place = order[obvious - 1];
        let (logit, id) = (softmax.logits[place], softmax.ids[place]);
        candidates.cut(|token| token.logit < logit || (token.logit == logit && token.id >= id));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain, probabilities};
    use crate::sampling::{Context, SamplerSettings};

    fn kept(xtc_probability: f32, xtc_threshold: f32, xtc_u: f64, weights: &[f32]) -> Vec<usize> {
        let logits: Vec<f32> = weights.iter().map(|weight| weight.ln()).collect();
        let chain = chain(&SamplerSettings {
            xtc_probability,
            xtc_threshold,
            ..SamplerSettings::neutral()
        });
        let result = chain.run(&logits, &Context { xtc_u, ..at(&[]) });
        let probabilities = probabilities(&result, logits.len());
        (0..logits.len())
            .filter(|&id| probabilities[id] > 0.0)
            .collect()
    }

    const WEIGHTS: [f32; 4] = [0.1, 0.4, 0.2, 0.3];

    #[test]
    fn all_obvious_tokens_but_the_least_go() {
        assert_eq!(kept(1.0, 0.15, 0.99, &WEIGHTS), [0, 2]);
        assert_eq!(kept(1.0, 0.25, 0.99, &WEIGHTS), [0, 2, 3]);
        assert_eq!(kept(1.0, 0.35, 0.99, &WEIGHTS), [0, 1, 2, 3]);
        assert_eq!(kept(1.0, 0.0, 0.99, &WEIGHTS), [0]);
    }

    #[test]
    fn chance_decides_whether_it_acts() {
        assert_eq!(kept(0.5, 0.15, 0.49, &WEIGHTS), [0, 2]);
        assert_eq!(kept(0.5, 0.15, 0.5, &WEIGHTS), [0, 1, 2, 3]);
    }

    #[test]
    fn of_equals_the_highest_id_stays() {
        assert_eq!(kept(1.0, 0.2, 0.0, &[1.0; 4]), [3]);
    }

    #[test]
    fn above_a_half_there_is_nothing_to_choose_from() {
        assert_eq!(kept(1.0, 0.51, 0.0, &[1.0; 2]), [0, 1]);
        assert_eq!(kept(1.0, 0.5, 0.0, &[1.0; 2]), [1]);
    }
}

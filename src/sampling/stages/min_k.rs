use std::ops::ControlFlow;

use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::real;
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::MinK,
    name: "min-k",
    short: "min-k",
    one_line: "Cuts at the steepest fall of the sorted logits, whatever the temperature.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.min_k == 0.0,
    knobs: &[
        real!(min_k, In(StageKind::MinK), 0.0 ..= 100_000.0, slider 0.0 ..= 100.0 step 1.0,
            neutral 0.0, "a number from 0 to 100000",
            "Where logits lie within a range R, at least this over R tokens stay; 3 is as published, 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(MinK(settings.min_k))),
};

/// Keeps the k tokens of the largest logits, and those that equal the k-th: k = max(k₁, ⌊τ / R⌋). With the logits
/// sorted, l₁ ≥ … ≥ lₙ, R = l₁ − lₙ is their range, and k₁ the (first) place i of the largest (lᵢ − lᵢ₊₁) / (R · i).
/// Where all are equal, all stay. Whatever divides all logits changes no k₁.
///
/// Source: Ding et al., "Min-k Sampling: Decoupling Truncation from Temperature Scaling via Relative Logit Dynamics"
/// (arXiv 2604.11012).
#[derive(Debug)]
pub(super) struct MinK(pub f32);

impl Stage for MinK {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let logits = candidates.logits();
        let smallest = logits.iter().copied().fold(f32::INFINITY, f32::min);
        let range = f64::from(candidates.max()) - f64::from(smallest);
        if range == 0.0 {
            return;
        }
        let fallback = (f64::from(self.0) / range) as usize;
        let count = cliff(logits, f64::from(smallest)).max(fallback);
        if count < logits.len() {
            let threshold = select::nth_largest(logits, count);
            candidates.cut(|token| token.logit >= threshold);
        }
    }
}

/// After how many of the sorted logits the fall is steepest, weighed by 1 / place. They are not all equal.
fn cliff(logits: &[f32], smallest: f64) -> usize {
    let (mut before, mut place) = (None, 0_usize);
    let (mut steepest, mut cliff) = (0.0, 1);
    let _: Option<()> = select::visit_in_order(logits, |index| {
        let logit = f64::from(logits[index]);
        if let Some(before) = before {
            let fall = (before - logit) / place as f64;
            if fall > steepest {
                (steepest, cliff) = (fall, place);
            }
        }
        (before, place) = (Some(logit), place + 1);
        // No later fall is deeper than all that is left to fall, nor weighs more than this place's.
        if (logit - smallest) / place as f64 <= steepest {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    cliff
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::{SamplerSettings, StageKind};

    fn kept(min_k: f32, logits: &[f32]) -> usize {
        let chain = chain(&SamplerSettings {
            min_k,
            ..SamplerSettings::neutral()
        });
        chain.run(logits, &at(&[])).kept()
    }

    #[test]
    fn the_steepest_fall_is_where_it_cuts() {
        assert_eq!(kept(1.0, &[9.0, 1.0, 0.0]), 1);
        assert_eq!(kept(1.0, &[0.0, 9.0, 8.5, 1.0]), 2);
        // A fall of 3 behind the third place weighs as one of 1 behind the first: the earlier one counts.
        assert_eq!(kept(1.0, &[9.0, 8.0, 7.5, 4.5, 4.0]), 1);
        assert_eq!(kept(1.0, &[9.0, 8.0, 7.5, 4.4, 4.0]), 3);
    }

    #[test]
    fn where_all_is_flat_many_stay() {
        assert_eq!(kept(3.0, &[0.3; 9]), 9);
        // A range of 0.5: six.
        let slope: Vec<f32> = (0..51).map(|i| i as f32 * 0.01).collect();
        assert_eq!(kept(3.0, &slope), 6);
    }

    #[test]
    fn the_temperature_makes_no_difference() {
        let logits: Vec<f32> = (0..500).map(|i| ((i * i) % 97) as f32 * 0.25).collect();
        let at_temperature = |temperature| {
            let settings = SamplerSettings {
                min_k: 0.5,
                temperature,
                order: vec![StageKind::Temperature, StageKind::MinK],
                ..SamplerSettings::neutral()
            };
            chain(&settings).run(&logits, &at(&[])).kept()
        };
        assert_eq!(at_temperature(0.5), at_temperature(8.0));
    }
}

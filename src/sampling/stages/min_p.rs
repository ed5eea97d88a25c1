use super::{Candidates, Context, Stage};

/// Keeps p ≥ min_p · max(p).
///
/// Source: transformers' `MinPLogitsWarper`; Nguyen et al., "Turning Up the Heat: Min-p Sampling" (2024).
#[derive(Debug)]
pub(super) struct MinP(pub f32);

impl Stage for MinP {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        // The weight of the best is 1.
        let best = 1.0 / candidates.softmax().mass;
        candidates.cut_improbable(f64::from(self.0) * best);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    #[test]
    fn tokens_are_measured_by_the_best() {
        let logits = [0.5_f32, 0.24, 0.01, 0.25].map(f32::ln);
        for (min_p, kept) in [(0.01, 4), (0.03, 3), (0.49, 2), (0.51, 1), (1.0, 1)] {
            let chain = chain(&SamplerSettings {
                min_p,
                ..SamplerSettings::neutral()
            });
            assert_eq!(chain.run(&logits, &at(&[])).kept(), kept, "{min_p}");
        }
    }
}

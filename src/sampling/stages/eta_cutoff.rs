use super::{Candidates, Context, Stage};

/// Keeps p ≥ min(ε, √ε · exp(−H)) with the entropy H in nats, and always the best and its equals.
///
/// Source: transformers' `EtaLogitsWarper`; Hewitt et al., "Truncation Sampling as Language Model Desmoothing" (2022).
#[derive(Debug)]
pub(super) struct EtaCutoff(pub f32);

impl Stage for EtaCutoff {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let epsilon = f64::from(self.0);
        let eta = epsilon.min(epsilon.sqrt() * (-candidates.entropy()).exp());
        candidates.cut_improbable(eta);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    #[test]
    fn an_unsure_model_keeps_what_a_sure_one_would_lose() {
        let kept = |eta_cutoff, logits: &[f32]| {
            let chain = chain(&SamplerSettings {
                eta_cutoff,
                ..SamplerSettings::neutral()
            });
            chain.run(logits, &at(&[])).kept()
        };
        // A sure model: exp(−H) is near 1, ε itself decides.
        let sure = [0.98_f32, 0.012, 0.008].map(f32::ln);
        assert_eq!(kept(0.01, &sure), 2);
        // 200 equals and a token of a 20th of their weight: ε = 0.01 alone would cut it (and all others but for the
        // best), √0.01 · exp(−H) is about 0.0005, and 0.00025 lies below.
        let mut unsure = vec![0.0; 200];
        unsure.push(0.05_f32.ln());
        assert_eq!(kept(0.01, &unsure), 200);
        assert_eq!(kept(0.001, &unsure), 201);
    }
}

use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::EtaCutoff,
    name: "eta-cutoff",
    short: "eta-cutoff",
    one_line: "Cuts tokens below a probability that falls when the model is unsure.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.eta_cutoff == 0.0,
    knobs: &[
        real!(eta_cutoff, In(StageKind::EtaCutoff), 0.0 ..= 1.0, slider 0.0 ..= 0.02 step 0.0005,
            neutral 0.0, PROBABILITY,
            "Cuts tokens less probable than this, or than less where the model is unsure; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(EtaCutoff(settings.eta_cutoff))),
};

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

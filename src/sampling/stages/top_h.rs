use crate::sampling::KnobOwner::Stage as In;
use crate::sampling::knob::{PROBABILITY, real};
use crate::sampling::select;
use crate::sampling::{Candidates, Context, Descriptor, Effect, Stage, StageKind};

/// How many of the most probable tokens are looked at, as in the source.
const HEAD: usize = 100;

/// What it is called, and how it is set.
pub(super) const DESCRIPTOR: Descriptor = Descriptor {
    kind: StageKind::TopH,
    name: "top-h",
    short: "top-h",
    one_line: "Keeps the most probable tokens that together make up a share of the entropy.",
    effect: Effect::Cuts,
    is_neutral: |settings| settings.top_h == 0.0,
    knobs: &[
        real!(top_h, In(StageKind::TopH), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.01,
            neutral 0.0, PROBABILITY,
            "Keeps the most probable tokens, while their entropy is at most this share of the whole; 0 is off."),
    ],
    compile: |settings, _| Ok(Box::new(TopH(settings.top_h))),
};

/// Of the 100 most probable tokens, with probabilities p and the entropy H among themselves, keeps the longest head
/// whose Σ −p ln p is at most `top_h` · H; at least one. Of equals the lower ids come first (transformers leaves this to
/// its sort).
///
/// Source: transformers' `TopHLogitsWarper`; Baghaei Potraghloo et al., "Top-H Decoding" (2025).
#[derive(Debug)]
pub(super) struct TopH(pub f32);

impl Stage for TopH {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let softmax = candidates.softmax();
        let head = select::leading(softmax.logits, HEAD);
        let weight = |place: &usize| f64::from(softmax.weights[*place]);
        let mass: f64 = head.iter().map(weight).sum();
        let terms: Vec<f64> = head
            .iter()
            .map(|place| match weight(place) / mass {
                0.0 => 0.0,
                p => -p * p.ln(),
            })
            .collect();
        let most = f64::from(self.0) * terms.iter().sum::<f64>();
        let mut reached = 0.0;
        let kept = terms
            .iter()
            .take_while(|&&term| {
                reached += term;
                reached <= most
            })
            .count();
        let last = head[kept.max(1) - 1];
        let (last_logit, last_id) = (softmax.logits[last], softmax.ids[last]);
        candidates.cut(|token| {
            token.logit > last_logit || (token.logit == last_logit && token.id <= last_id)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, chain};
    use crate::sampling::SamplerSettings;

    fn kept(top_h: f32, logits: &[f32]) -> usize {
        let chain = chain(&SamplerSettings {
            top_h,
            ..SamplerSettings::neutral()
        });
        chain.run(logits, &at(&[])).kept()
    }

    #[test]
    fn a_share_of_the_entropy_stays() {
        // Terms of 0.5, 0.5, 0.375 and 0.375 bits: 1.75 in all.
        let logits = [0.125_f32, 0.5, 0.125, 0.25].map(f32::ln);
        let shares = [
            (0.01, 1),
            (0.28, 1),
            (0.3, 1),
            (0.58, 2),
            (0.8, 3),
            (1.0, 4),
        ];
        for (top_h, expected) in shares {
            assert_eq!(kept(top_h, &logits), expected, "{top_h}");
        }
    }

    #[test]
    fn no_more_than_a_hundred_are_looked_at() {
        assert_eq!(kept(1.0, &[0.25; 300]), 100);
        // Half of the entropy is half of the hundred, and rounding decides over the last of them.
        assert_eq!(kept(0.505, &[0.25; 300]), 50);
        assert_eq!(kept(1.0, &[0.25; 60]), 60);
    }
}

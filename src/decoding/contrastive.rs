//! Contrastive search (Su et al. 2022, <https://arxiv.org/abs/2202.06417>; `k` and `alpha` as in KerasHub).
//!
//! Of the `k` most probable tokens v, take the one with the largest
//! `(1 − alpha) · p(v) − alpha · max_j cos(h_v, h_j)`, where h_v is the final hidden state after reading v and h_j
//! those of all tokens of the text: probable, but unlike what was said.

use super::chooser::{Choice, Chooser};
use super::sequence::{Sequence, token_odds};
use super::{Candidate, DecodingError};
use crate::model::LoadedModel;
use crate::sampling::{Distribution, Running, SamplerSettings};

/// Chooses the token after `sequence`, which must have been read, of which the first `prompt_len` tokens are the prompt.
pub(super) fn choose(
    loaded: &LoadedModel,
    sequence: &mut Sequence,
    chooser: &Chooser,
    (prompt_len, running): (usize, Running),
    logits: &[f32],
) -> Result<Choice, DecodingError> {
    let settings = chooser.settings();
    let (k, alpha) = (settings.contrastive_k.max(1), settings.contrastive_alpha);
    let distribution = chooser.distribution(logits, sequence.ids(), prompt_len, running, false)?;

    let mut candidates = Vec::with_capacity(k);
    for (id, probability) in distribution.top(k) {
        let hidden = sequence.hidden_if(loaded, id)?;
        let penalty = sequence
            .hidden_states()
            .map(|earlier| cosine(hidden.row(0), earlier))
            .fold(-1.0, f32::max);
        candidates.push(Candidate {
            id,
            display: loaded.tokenizer.display(id),
            probability,
            penalty,
            score: score(alpha, probability, penalty),
        });
    }
    best_first(&mut candidates);
    let id = candidates
        .first()
        .map_or(distribution.best(), |best| best.id);
    let mut draw = chooser.draw_of(&distribution, id, None, running);
    draw.candidates = candidates;
    Ok(Choice {
        id,
        odds: token_odds(logits, id),
        draw,
    })
}

/// What the search weighs under `settings` where it `measured` likenesses before, the best first. Empty where one of
/// the `k` most probable tokens is not among those: the model would have to read it there.
pub(super) fn weighed(
    settings: &SamplerSettings,
    distribution: &Distribution,
    measured: &[Candidate],
) -> Vec<Candidate> {
    let weigh = |(id, probability)| {
        let known = measured.iter().find(|candidate| candidate.id == id)?;
        Some(Candidate {
            probability,
            score: score(settings.contrastive_alpha, probability, known.penalty),
            ..known.clone()
        })
    };
    let top = distribution.top(settings.contrastive_k.max(1));
    let mut candidates: Vec<Candidate> = top
        .into_iter()
        .map(weigh)
        .collect::<Option<_>>()
        .unwrap_or_default();
    best_first(&mut candidates);
    candidates
}

fn score(alpha: f32, probability: f32, penalty: f32) -> f32 {
    (1.0 - alpha) * probability - alpha * penalty
}

/// Stable, so that of equals the more probable one is taken.
fn best_first(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
}

/// Cosine of the angle between two vectors; 0 if one is zero.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| -> f32 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::cosine;

    #[test]
    fn cosine_of_known_angles() {
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
        assert_eq!(cosine(&[3.0, 4.0], &[6.0, 8.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[-2.0, 0.0]), -1.0);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
    }
}

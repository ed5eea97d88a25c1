//! Texts of one prompt that are compared: what each is drawn with, what they have in common, and where they part.

use serde::{Deserialize, Serialize};

use super::{Interval, TextStats, TokenRecord};
use crate::sampling::{Method, SamplerSettings};

/// How one of several texts beside each other is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneSettings {
    pub sampler: SamplerSettings,
    pub seed: u64,
}

/// Why two texts are not drawn by the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoCommonDraws {
    #[error("drawn by another seed")]
    OtherSeed,
    #[error("other tokens: a position is another place")]
    OtherTokens,
    #[error("nothing is drawn: the best token is taken")]
    Greedy,
    #[error("nothing is drawn: beams are searched")]
    Beams,
    #[error("nothing is drawn: contrastive search weighs likeness")]
    Contrastive,
}

impl LaneSettings {
    /// Whether the token at each position is drawn by the number of the seed and the position that draws `first`'s. That
    /// number does not depend on what was said before, so it stays the same after the texts have parted.
    ///
    /// # Errors
    /// With what keeps them from it.
    pub fn draws_as(&self, first: &Self) -> Result<(), NoCommonDraws> {
        for method in [self.sampler.method, first.sampler.method] {
            match method {
                Method::Greedy => return Err(NoCommonDraws::Greedy),
                Method::Beam => return Err(NoCommonDraws::Beams),
                Method::Contrastive => return Err(NoCommonDraws::Contrastive),
                Method::Sample | Method::MirostatV1 | Method::MirostatV2 | Method::AdaptiveP => {}
            }
        }
        if self.seed == first.seed {
            Ok(())
        } else {
            Err(NoCommonDraws::OtherSeed)
        }
    }
}

/// The position at which a text says something else than `first`: none where one begins with the other.
pub fn parted(first: &[TokenRecord], other: &[TokenRecord]) -> Option<usize> {
    first
        .iter()
        .zip(other)
        .position(|(one, another)| one.id != another.id)
}

/// As [`parted`] for a text of other tokens: the position in `other` of the token that has the first byte that differs.
pub fn parted_in_text(first: &[TokenRecord], other: &[TokenRecord]) -> Option<usize> {
    let mut said = first.iter().flat_map(|token| token.bytes.iter());
    other.iter().position(|token| {
        token
            .bytes
            .iter()
            .any(|byte| said.next().is_some_and(|there| there != byte))
    })
}

/// Figures of the tokens of a text after its prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LaneFigures {
    #[serde(flatten)]
    pub text: TextStats,
    /// Mean number of tokens that the chain left to draw from; none where nothing was drawn.
    pub left: Option<f32>,
    /// Mean surprisal in bits of its tokens under the raw odds of the first lane's model, once that is known.
    pub reference: Option<f32>,
}

impl LaneFigures {
    /// The figures of `tokens`, of a model whose vocabulary has so many tokens. `is_reference` says whether that is the
    /// first lane's model.
    pub fn of(tokens: &[TokenRecord], vocabulary: usize, is_reference: bool) -> Self {
        let text = TextStats::of(tokens);
        let left = |token: &TokenRecord| {
            let draw = token.draw.as_ref()?;
            Some(draw.trace.last().map_or(vocabulary, |stage| stage.kept))
        };
        let drawn: Vec<usize> = tokens.iter().filter_map(left).collect();
        let mean = drawn.iter().sum::<usize>() as f64 / drawn.len().max(1) as f64;
        Self {
            text,
            left: (!drawn.is_empty()).then_some(mean as f32),
            reference: (is_reference && !tokens.is_empty()).then_some(text.surprisal),
        }
    }
}

/// Means over several runs of a lane, each with an interval where there are several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LaneMeans {
    pub tokens: Option<Interval>,
    pub reference: Option<Interval>,
    pub surprisal: Option<Interval>,
    pub entropy: Option<Interval>,
    pub left: Option<Interval>,
    pub repetition: Option<Interval>,
    pub distinct_1: Option<Interval>,
    pub distinct_2: Option<Interval>,
}

impl LaneMeans {
    /// The means of the figures of `runs`.
    pub fn of(runs: &[LaneFigures]) -> Self {
        let of = |value: &dyn Fn(&LaneFigures) -> Option<f32>| {
            let values = runs.iter().filter_map(value).map(f64::from);
            Interval::of(&values.collect::<Vec<_>>())
        };
        Self {
            tokens: of(&|it| Some(it.text.tokens as f32)),
            reference: of(&|it| it.reference),
            surprisal: of(&|it| Some(it.text.surprisal)),
            entropy: of(&|it| Some(it.text.entropy)),
            left: of(&|it| it.left),
            repetition: of(&|it| Some(it.text.repetition)),
            distinct_1: of(&|it| Some(it.text.distinct_1)),
            distinct_2: of(&|it| Some(it.text.distinct_2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::{Origin, TokenDraw, TokenOdds};
    use crate::sampling::{StageKind, StageTrace};

    fn token(id: u32, text: &str, kept: Option<usize>) -> TokenRecord {
        let stage = |kept| StageTrace {
            stage: StageKind::TopK,
            kept,
            mass_cut: 0.0,
            entropy: 0.0,
        };
        TokenRecord {
            position: 0,
            id,
            bytes: text.as_bytes().to_vec(),
            display: text.to_owned(),
            origin: Origin::Generated,
            odds: Some(TokenOdds {
                probability: 0.25,
                rank: 1,
                surprisal: 2.0,
                entropy: 3.0,
                best: 0,
            }),
            draw: Some(TokenDraw {
                probability: 0.5,
                entropy: 1.0,
                u: Some(0.5),
                mu: None,
                adaptive: None,
                candidates: Vec::new(),
                trace: kept.map(stage).into_iter().collect(),
            }),
        }
    }

    fn texts(texts: &[&str]) -> Vec<TokenRecord> {
        let token = |(id, text): (usize, &&str)| token(id as u32, text, None);
        texts.iter().enumerate().map(token).collect()
    }

    #[test]
    fn texts_part_at_the_first_token_that_differs() {
        let ids = |ids: &[u32]| -> Vec<_> { ids.iter().map(|&id| token(id, "x", None)).collect() };
        assert_eq!(parted(&ids(&[1, 2, 3]), &ids(&[1, 2, 4, 3])), Some(2));
        assert_eq!(parted(&ids(&[1, 2, 3]), &ids(&[1, 2])), None);
        assert_eq!(parted(&ids(&[]), &ids(&[1])), None);
    }

    #[test]
    fn texts_of_other_tokens_part_at_the_first_byte_that_differs() {
        let first = texts(&["Once", " upon", " a", " time"]);
        let cut = |other: &[&str]| parted_in_text(&first, &texts(other));
        assert_eq!(cut(&["On", "ce up", "on a ti", "me"]), None);
        assert_eq!(cut(&["On", "ce up", "on a ti", "ger"]), Some(3));
        assert_eq!(cut(&["Once upon a time, there"]), None, "it goes on longer");
        assert_eq!(cut(&["", "once"]), Some(1));
    }

    #[test]
    fn common_draws_want_the_same_seed_and_methods_that_draw() {
        let lane = |method, seed| LaneSettings {
            sampler: SamplerSettings {
                method,
                ..SamplerSettings::default()
            },
            seed,
        };
        let first = lane(Method::Sample, 1);
        let draws_as = |method, seed| lane(method, seed).draws_as(&first);
        assert_eq!(draws_as(Method::MirostatV2, 1), Ok(()));
        assert_eq!(draws_as(Method::AdaptiveP, 1), Ok(()));
        assert_eq!(draws_as(Method::Sample, 2), Err(NoCommonDraws::OtherSeed));
        assert_eq!(draws_as(Method::Beam, 1), Err(NoCommonDraws::Beams));
        let contrastive = lane(Method::Contrastive, 1);
        assert_eq!(
            first.draws_as(&contrastive),
            Err(NoCommonDraws::Contrastive)
        );
        assert_eq!(draws_as(Method::Greedy, 1), Err(NoCommonDraws::Greedy));
    }

    #[test]
    fn figures_count_what_the_chain_left() {
        let tokens = [
            token(1, "a", Some(4)),
            token(2, "b", None),
            token(1, "a", Some(8)),
        ];
        let figures = LaneFigures::of(&tokens, 90, true);
        assert_eq!(figures.left, Some(34.0), "without a stage, all are left");
        assert_eq!(figures.reference, Some(2.0));
        assert_eq!(figures.text.distinct_1, 2.0 / 3.0);
        assert_eq!(LaneFigures::of(&tokens, 90, false).reference, None);
        assert_eq!(LaneFigures::of(&[], 90, true), LaneFigures::default());
    }
}

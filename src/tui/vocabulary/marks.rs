//! What the text is coloured by, and where one class ends and the next begins.

use super::theme::Likelihood;
pub use crate::config::Marking;
use crate::decoding::TokenOdds;

impl Marking {
    /// The next one, going round.
    pub fn next(self) -> Self {
        match self {
            Self::Probability => Self::Rank,
            Self::Rank => Self::Surprisal,
            Self::Surprisal => Self::Entropy,
            Self::Entropy => Self::Divergence,
            Self::Divergence => Self::Probability,
        }
    }

    /// What it is called on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Rank => "rank",
            Self::Surprisal => "surprisal",
            Self::Entropy => "entropy",
            Self::Divergence => "KL beside",
        }
    }
}

/// The three borders between the four classes of each figure, from the most expected class on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Raw probabilities (0 to 1), falling.
    pub probability: [f32; 3],
    /// Ranks from 1, rising.
    pub rank: [f32; 3],
    /// Bits, rising.
    pub surprisal: [f32; 3],
    /// Bits, rising.
    pub entropy: [f32; 3],
    /// Bits, rising.
    pub divergence: [f32; 3],
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            probability: [0.5, 0.1, 0.01],
            rank: [1.0, 5.0, 50.0],
            surprisal: [1.0, 3.0, 7.0],
            entropy: [1.0, 3.0, 5.0],
            divergence: [0.03, 0.3, 1.0],
        }
    }
}

impl Thresholds {
    /// The class of a token; `divergence` is that of its place in bits. None where the figure is not known.
    pub fn class(
        &self,
        marking: Marking,
        odds: &TokenOdds,
        divergence: Option<f32>,
    ) -> Option<Likelihood> {
        let (value, borders) = match marking {
            Marking::Divergence => (divergence?, self.divergence),
            Marking::Probability => {
                let within = |border: &f32| odds.probability >= *border;
                return Some(class_at(self.probability.iter().position(within)));
            }
            Marking::Rank => (odds.rank as f32, self.rank),
            Marking::Surprisal => (odds.surprisal, self.surprisal),
            Marking::Entropy => (odds.entropy, self.entropy),
        };
        Some(class_at(borders.iter().position(|border| value <= *border)))
    }

    /// What each class holds, for the legend.
    pub fn labels(&self, marking: Marking) -> [String; 4] {
        let (borders, sign, last): (_, _, fn(f32) -> String) = match marking {
            Marking::Probability => (self.probability, "≥", |border| {
                format!("<{}%", short(border * 100.0))
            }),
            Marking::Rank => (self.rank, "≤", |border| format!(">{}", short(border))),
            Marking::Surprisal => (self.surprisal, "≤", |border| {
                format!(">{}b", short(border))
            }),
            Marking::Entropy => (self.entropy, "≤", |border| format!(">{}b", short(border))),
            Marking::Divergence => (self.divergence, "≤", |border| {
                format!(">{}b", short(border))
            }),
        };
        let within = |border: f32| match marking {
            Marking::Probability => format!("{sign}{}%", short(border * 100.0)),
            Marking::Rank => format!("{sign}{}", short(border)),
            Marking::Surprisal | Marking::Entropy | Marking::Divergence => {
                format!("{sign}{}b", short(border))
            }
        };
        let [a, b, c] = borders;
        [within(a), within(b), within(c), last(c)]
    }

    /// Moves the borders of a figure so that more tokens stand out, or fewer.
    pub fn shift(&mut self, marking: Marking, more: bool) {
        let (borders, lowest, highest) = match marking {
            Marking::Probability => (&mut self.probability, 1e-6, 1.0),
            Marking::Rank => (&mut self.rank, 1.0, 1e6),
            Marking::Surprisal => (&mut self.surprisal, 0.01, 40.0),
            Marking::Entropy => (&mut self.entropy, 0.01, 40.0),
            Marking::Divergence => (&mut self.divergence, 1e-4, 40.0),
        };
        let up = more == (marking == Marking::Probability);
        let factor = if up { 1.25 } else { 0.8 };
        for border in borders {
            *border = (*border * factor).clamp(lowest, highest);
            if marking == Marking::Rank {
                *border = if up { border.ceil() } else { border.floor() };
            }
        }
    }
}

fn class_at(index: Option<usize>) -> Likelihood {
    index.map_or(Likelihood::Surprising, |at| Likelihood::ALL[at])
}

/// At most three digits that matter.
fn short(value: f32) -> String {
    let digits = match value {
        v if v >= 10.0 => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odds(probability: f32, rank: usize, surprisal: f32, entropy: f32) -> TokenOdds {
        TokenOdds {
            probability,
            rank,
            surprisal,
            entropy,
            best: 0,
        }
    }

    #[test]
    fn each_figure_has_its_classes() {
        let thresholds = Thresholds::default();
        let class =
            |marking, divergence| thresholds.class(marking, &odds(0.2, 1, 9.0, 2.0), divergence);
        let known = |marking| class(marking, None).unwrap();
        assert_eq!(known(Marking::Probability), Likelihood::Likely);
        assert_eq!(known(Marking::Rank), Likelihood::Expected);
        assert_eq!(known(Marking::Surprisal), Likelihood::Surprising);
        assert_eq!(known(Marking::Entropy), Likelihood::Likely);
        assert_eq!(class(Marking::Divergence, None), None);
        let far = class(Marking::Divergence, Some(1.5));
        assert_eq!(far, Some(Likelihood::Surprising));
        let broken = thresholds.class(Marking::Probability, &odds(f32::NAN, 1, 0.0, 0.0), None);
        assert_eq!(broken, Some(Likelihood::Surprising));
    }

    #[test]
    fn labels_say_the_borders() {
        let thresholds = Thresholds::default();
        assert_eq!(
            thresholds.labels(Marking::Probability),
            ["≥50%", "≥10%", "≥1%", "<1%"]
        );
        assert_eq!(thresholds.labels(Marking::Rank), ["≤1", "≤5", "≤50", ">50"]);
        assert_eq!(
            thresholds.labels(Marking::Surprisal),
            ["≤1b", "≤3b", "≤7b", ">7b"]
        );
        assert_eq!(
            thresholds.labels(Marking::Divergence),
            ["≤0.03b", "≤0.3b", "≤1b", ">1b"]
        );
    }

    #[test]
    fn more_tokens_stand_out_after_a_shift_to_more() {
        for marking in [
            Marking::Probability,
            Marking::Rank,
            Marking::Surprisal,
            Marking::Entropy,
            Marking::Divergence,
        ] {
            let mut thresholds = Thresholds::default();
            let tokens: Vec<TokenOdds> = (1..200)
                .map(|at| odds(1.0 / at as f32, at, (at as f32).log2(), (at as f32).log2()))
                .collect();
            let outstanding = |thresholds: &Thresholds| {
                let stands_out = |odds: &&TokenOdds| {
                    let class = thresholds.class(marking, odds, Some(odds.surprisal / 4.0));
                    class == Some(Likelihood::Surprising)
                };
                tokens.iter().filter(stands_out).count()
            };
            let before = outstanding(&thresholds);
            thresholds.shift(marking, true);
            assert!(outstanding(&thresholds) > before, "{marking:?}");
            thresholds.shift(marking, false);
            thresholds.shift(marking, false);
            assert!(outstanding(&thresholds) < before, "{marking:?}");
        }
    }
}

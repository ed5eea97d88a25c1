//! What the losses of the steps say where nothing is validated.

use super::kinds::{Measured, Verdict};
use crate::training::{Curve, History};

/// Fewest steps that say something.
const FEWEST: usize = 20;
/// Parts of the run, of which the first, the last and the last but one are compared.
const PARTS: usize = 5;
/// The share of the loss by which one part must lie below the one before it.
const FALL: f64 = 0.003;

/// The verdict.
pub(super) fn judge(history: &History) -> Verdict {
    let points = history.points(Curve::Loss, 0..=u64::MAX);
    let losses: Vec<f64> = points.iter().map(|point| point.mean).collect();
    let losses: Vec<f64> = losses.into_iter().filter(|loss| loss.is_finite()).collect();
    if losses.len() < FEWEST {
        return Verdict::TooEarly { validations: 0 };
    }
    let part = losses.len() / PARTS;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let end = losses.len();
    let before = mean(&losses[end - 2 * part..end - part]);
    let to = mean(&losses[end - part..]);
    let of = Measured::Training;
    if before - to > FALL * before {
        Verdict::Learning {
            of,
            from: mean(&losses[..part.div_ceil(4)]),
            to,
            falling: true,
        }
    } else {
        Verdict::AtRest {
            of,
            best: to,
            step: None,
        }
    }
}

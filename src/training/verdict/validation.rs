//! What the validations say.

use super::diverging::lower;
use super::kinds::{Divergence, Measured, Verdict};
use crate::training::{Curve, History};

/// Shares of the loss: a fall that is sure after one validation, a rise that is one, a rise of both losses that is no
/// chance, and less than what a run at rest falls by.
const FALL: f64 = 0.01;
const RISE: f64 = 0.01;
const BOTH_RISE: f64 = 0.03;
const REST: f64 = 0.005;
/// A rise must be this many times what validations jitter by.
const JITTERS: f64 = 3.0;
/// Fewest validations over which a run can be at rest, and the share of all that it must be.
const FEWEST: usize = 4;
const SHARE: usize = 3;

/// The verdict; none where nothing is validated.
pub(super) fn judge(history: &History) -> Option<Verdict> {
    let all: Vec<(u64, f64)> = history
        .validations()
        .map(|validation| (validation.step, validation.loss))
        .filter(|(_, loss)| loss.is_finite())
        .collect();
    let (&(first_step, first), &(last, newest)) = (all.first()?, all.last()?);
    let validations = all.iter().filter(|(step, _)| *step > 0).count();
    let (place, &(step, best)) = (0..)
        .zip(&all)
        .min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1))?;
    let has_fallen = first_step == 0 && newest < first * (1.0 - FALL);
    if validations < 2 && !(validations == 1 && has_fallen) {
        return Some(Verdict::TooEarly { validations });
    }
    // The mean of two: a single validation may be high by chance.
    let since: Vec<f64> = all[place + 1..].iter().map(|(_, loss)| *loss).collect();
    let rise = match since[..] {
        [.., before, last] => (before + last) / 2.0 - best,
        _ => 0.0,
    };
    let least = (RISE * best).max(JITTERS * jitter(&all));
    if rise > least {
        if !training_rises(history, step, last, rise / 2.0) {
            let rise = newest - best;
            return Some(Verdict::Memorising { best, step, rise });
        }
        if rise > BOTH_RISE * best {
            let how = Divergence::Rise {
                from: best,
                to: newest,
            };
            let step = history.newest();
            let try_rate = step.and_then(|step| lower(step.learning_rate));
            return Some(Verdict::Diverging { how, try_rate });
        }
    }
    let of = Measured::Validation;
    if best >= first {
        let step = Some(step);
        return Some(Verdict::AtRest { of, best, step });
    }
    let lately = FEWEST.max(all.len() / SHARE);
    if let Some(before) = all.len().checked_sub(lately + 1) {
        let lowest = |part: &[(u64, f64)]| {
            part.iter()
                .map(|(_, loss)| *loss)
                .fold(f64::INFINITY, f64::min)
        };
        let (before, lately) = (lowest(&all[..=before]), lowest(&all[before + 1..]));
        if before - lately < REST * before {
            let step = Some(step);
            return Some(Verdict::AtRest { of, best, step });
        }
    }
    Some(Verdict::Learning {
        of,
        from: first,
        to: newest,
        falling: newest <= best,
    })
}

/// By how much a validation lies beside the line between its neighbours, in the middle of all; 0 where that is not known.
fn jitter(all: &[(u64, f64)]) -> f64 {
    let triples = all.windows(3);
    let mut beside: Vec<f64> = triples
        .map(|three| (three[1].1 - (three[0].1 + three[2].1) / 2.0).abs())
        .collect();
    beside.sort_unstable_by(f64::total_cmp);
    let middle = beside.len().saturating_sub(1) / 2;
    beside.get(middle).copied().unwrap_or(0.0)
}

/// Whether the training loss has risen by more than `by` since the step of the best validation.
fn training_rises(history: &History, best: u64, last: u64, by: f64) -> bool {
    let mean = |from: u64, to: u64| {
        let points = history.points(Curve::Loss, from..=to);
        let means: Vec<f64> = points.iter().map(|point| point.mean).collect();
        means.iter().sum::<f64>() / means.len() as f64
    };
    let steps = (last - best).div_ceil(2);
    let now = mean(last.saturating_sub(steps) + 1, last);
    // Where the model before training was the best, its first steps are the beginning.
    let before = match best {
        0 => mean(1, steps.clamp(1, 5)),
        best => mean(best.saturating_sub(steps) + 1, best),
    };
    now > before + by
}

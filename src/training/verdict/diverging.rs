//! Whether the loss has left the range that it began in.

use super::kinds::{Divergence, Verdict};
use crate::training::{Curve, FinishReason, History, StepMetrics};

/// Newest steps whose median is the present level.
const LEVEL: usize = 5;
/// A level so far above the beginning is that of a model that is being destroyed.
const TIMES: f64 = 1.5;
const ABOVE: f64 = 1.0;
/// A single step must be higher: one strange batch is no divergence.
const ONE_TIMES: f64 = 2.0;
/// From one step to the next: less is not told as a jump.
const JUMP: f64 = 3.0;
/// The highest rate that is worth a try after a divergence.
const MODEST: f64 = 1e-3;

/// The verdict, if the run diverges.
pub(super) fn judge(history: &History) -> Option<Verdict> {
    let ended = history.finished().map(|finished| finished.reason);
    let ended = ended == Some(FinishReason::Diverged);
    let recent: Vec<&StepMetrics> = history.recent().collect();
    let Some(newest) = recent.last() else {
        let how = Divergence::NotNumbers { after: 0 };
        let try_rate = None;
        return ended.then_some(Verdict::Diverging { how, try_rate });
    };
    let start = start(history);
    let lost = !newest.loss.is_finite();
    let from = recent.len().saturating_sub(LEVEL);
    let level = median(recent[from..].iter().map(|step| step.loss));
    let high = |loss: f64, times: f64| start.is_some_and(|start| loss > times * start + ABOVE);
    let is_out = high(newest.loss, ONE_TIMES) || (recent.len() >= LEVEL && high(level, TIMES));
    if !(ended || lost || is_out) {
        return None;
    }
    let jump = jump(&recent);
    let (how, culprit) = match (jump, start) {
        (_, _) if lost => {
            let after = recent.iter().rfind(|step| step.loss.is_finite());
            let after = after.map_or(0, |step| step.step);
            (Divergence::NotNumbers { after }, newest.learning_rate)
        }
        (Some((factor, step)), _) => {
            let before = recent.iter().rfind(|metrics| metrics.step < step);
            let rate = before.map_or(newest.learning_rate, |before| before.learning_rate);
            (Divergence::Jump { factor, step }, rate)
        }
        (None, Some(from)) if is_out => {
            (Divergence::Rise { from, to: level }, newest.learning_rate)
        }
        // It ended with losses that were still sound: the next one, or its gradients, were no numbers.
        (None, _) => {
            let after = newest.step;
            (Divergence::NotNumbers { after }, newest.learning_rate)
        }
    };
    let try_rate = lower(culprit);
    Some(Verdict::Diverging { how, try_rate })
}

/// The loss at the beginning: of the model before training, or else of the first step.
fn start(history: &History) -> Option<f64> {
    let before = history.validations().next();
    let before = before.filter(|validation| validation.step == 0);
    let before = before.map(|validation| validation.loss);
    let first = history.points(Curve::Loss, 0..=u64::MAX);
    let first = first.first().map(|point| point.mean);
    let both = before.into_iter().chain(first);
    both.filter(|loss| loss.is_finite()).reduce(f64::max)
}

/// The greatest factor between two steps that follow each other, with the later one's number.
fn jump(recent: &[&StepMetrics]) -> Option<(f64, u64)> {
    let pairs = recent.windows(2);
    let factors = pairs.map(|pair| (pair[1].loss / pair[0].loss, pair[1].step));
    let finite = factors.filter(|(factor, _)| factor.is_finite() && *factor >= JUMP);
    finite.max_by(|a, b| a.0.total_cmp(&b.0))
}

/// A tenth of a rate, or less, with one digit.
pub(super) fn lower(rate: f64) -> Option<f64> {
    let rate = (rate / 10.0).min(MODEST);
    (rate > 0.0).then(|| format!("{rate:.0e}").parse().ok())?
}

/// What is no number counts as the highest.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let number = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
    let mut values: Vec<f64> = values.map(number).collect();
    values.sort_unstable_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_to_try_is_a_tenth_and_modest() {
        assert_eq!(lower(1e-3), Some(1e-4));
        assert_eq!(lower(8.2e-4), Some(8e-5));
        assert_eq!(lower(5.0), Some(1e-3));
        assert_eq!(lower(0.0), None);
    }
}

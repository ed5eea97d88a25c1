//! What a few wild values must not do to a picture.

/// Values whose median stands for the one in their middle.
const AROUND: usize = 5;
/// How far above the medians a value may lie, in multiples of their range.
const ROOM: f64 = 2.0;

/// How high a linear axis should reach, so that single spikes do not flatten all else: to the highest value that lies
/// no farther above the running medians than twice their range. Each list is a curve in order; values that are no
/// numbers are passed over. None where there are no values.
pub fn ceiling(curves: &[Vec<f64>]) -> Option<f64> {
    let finite = |curve: &Vec<f64>| -> Vec<f64> {
        let values = curve.iter().copied();
        values.filter(|value| value.is_finite()).collect()
    };
    let curves: Vec<Vec<f64>> = curves.iter().map(finite).collect();
    let limits = curves.iter().filter_map(|curve| {
        let medians = (0..curve.len()).map(|at| median(curve, at));
        let (low, high) = medians
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), median| {
                (low.min(median), high.max(median))
            });
        (low <= high).then_some(high + ROOM * (high - low))
    });
    let limit = limits.reduce(f64::max)?;
    let below = curves.iter().flatten().filter(|value| **value <= limit);
    below.copied().reduce(f64::max)
}

/// The median of the values around one of them.
fn median(curve: &[f64], at: usize) -> f64 {
    let from = at.saturating_sub(AROUND / 2);
    let mut near = curve[from..curve.len().min(at + AROUND / 2 + 1)].to_vec();
    near.sort_unstable_by(f64::total_cmp);
    near[(near.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A loss that falls from 11 to 4, with some noise.
    fn losses(steps: usize) -> Vec<f64> {
        (1..=steps)
            .map(|step| 4.0 + 7.0 / (step as f64).sqrt() + 0.2 * (step as f64 * 1.7).sin())
            .collect()
    }

    #[test]
    fn a_spike_is_cut_off_and_what_is_none_is_not() {
        for steps in [10, 100, 2000] {
            let calm = losses(steps);
            let highest = calm.iter().copied().fold(0.0, f64::max);
            assert_eq!(ceiling(std::slice::from_ref(&calm)), Some(highest));
            for height in [60.0, 3.8e14] {
                let mut spiked = calm.clone();
                spiked[steps / 2] = height;
                assert_eq!(ceiling(&[spiked, vec![5.0]]), Some(highest));
            }
        }
        // A curve that rises for good is no spike.
        let rises: Vec<f64> = (0..100).map(|step| 2.0_f64.powi(step)).collect();
        assert_eq!(ceiling(std::slice::from_ref(&rises)), rises.last().copied());
        assert_eq!(ceiling(&[vec![f64::NAN], vec![]]), None);
    }
}

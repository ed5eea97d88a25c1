//! A curve's mean over the steps before, by which one sees where it goes.

use crate::training::history::Point;

/// The exponential mean of a curve at each of its points, in which a value counts 1/e after so many steps. As in Adam
/// it is divided by the weights that it has so far, so that the beginning does not pull it. None where the point has no
/// number; the mean goes on behind it.
pub fn smoothed(
    points: &[Point],
    steps: f64,
) -> impl Iterator<Item = (&Point, Option<f64>)> + use<'_> {
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut before = points.first().map_or(0, |point| point.first);
    points.iter().map(move |point| {
        if point.gap {
            return (point, None);
        }
        let passed = point.last.saturating_sub(before).max(1) as f64;
        before = point.last;
        let keep = (-passed / steps.max(f64::MIN_POSITIVE)).exp();
        sum = sum * keep + point.mean * (1.0 - keep);
        weights = weights * keep + (1.0 - keep);
        (point, Some(sum / weights))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::history::StepPlace;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(at, &mean): (u64, &f64)| Point {
            first: at,
            last: at,
            end: StepPlace::default(),
            mean,
            min: mean,
            max: mean,
            gap: mean.is_nan(),
        };
        (1..).zip(values).map(point).collect()
    }

    #[test]
    fn it_begins_at_the_first_value_and_lies_between_the_others() {
        let points = points(&[4.0, 4.0, 4.0, f64::NAN, 2.0, 4.0]);
        let means: Vec<Option<f64>> = smoothed(&points, 2.0).map(|(_, mean)| mean).collect();
        assert!(
            means[..3]
                .iter()
                .all(|mean| mean.is_some_and(|mean| (mean - 4.0).abs() < 1e-12))
        );
        assert_eq!(means[3], None);
        let (low, next) = (means[4].expect("a mean"), means[5].expect("a mean"));
        assert!(2.0 < low && low < next && next < 4.0, "{low} {next}");
    }
}

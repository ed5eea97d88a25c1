//! Round places on the axis below the chart.

use crate::chart::Across;
use crate::text::numbers::duration;

/// Fewest and most ticks, where there is room for them.
const FEWEST: usize = 4;
const MOST: usize = 6;
/// Seconds that are round as a time.
const TIMES: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    10_800.0, 21_600.0, 43_200.0, 86_400.0,
];

/// Round places between two, with their labels, four to six of them unless there is room for fewer (`most`) or nothing
/// lies between them.
pub fn ticks(across: Across, (from, to): (f64, f64), most: usize) -> Vec<(f64, String)> {
    let most = most.clamp(2, MOST);
    let count = |step: f64| ((to / step).floor() - (from / step).ceil() + 1.0).max(0.0) as usize;
    let steps = candidates(across, to - from);
    let few = || steps.iter().filter(|step| count(**step) <= most);
    let wanted = few().find(|step| count(**step) >= FEWEST.min(most));
    // The one with the most ticks that there is room for.
    let Some(&step) = wanted.or_else(|| few().max_by_key(|step| count(**step))) else {
        return Vec::new();
    };
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    let places = (first..=last).map(|number| number as f64 * step);
    places.map(|at| (at, label(across, at, step))).collect()
}

/// Distances between ticks that read well, the roundest first.
fn candidates(across: Across, range: f64) -> Vec<f64> {
    if across == Across::Time && range > 4.0 {
        return TIMES.to_vec();
    }
    let power = range.max(1e-9).log10().floor() as i32;
    let mut steps = Vec::new();
    for factor in [1.0, 2.0, 5.0, 2.5, 4.0, 3.0] {
        for power in [power, power - 1, power - 2] {
            steps.push(factor * 10f64.powi(power));
        }
    }
    // There is nothing between two steps or two tokens.
    if matches!(across, Across::Steps | Across::Tokens) {
        steps.retain(|step| *step >= 1.0 && step.fract() == 0.0);
    }
    steps
}

fn label(across: Across, at: f64, step: f64) -> String {
    let scaled = |unit: f64, name: &str| {
        let digits = (0..3).find(|digits| {
            let shown = at / unit * 10f64.powi(*digits);
            (shown - shown.round()).abs() < 1e-6
        });
        format!("{:.*}{name}", digits.unwrap_or(2) as usize, at / unit)
    };
    match across {
        Across::Time if step >= 1.0 => duration(at)
            .replace(" min 0 s", " min")
            .replace(" h 0 min", " h"),
        Across::Time => format!("{at:.1} s"),
        Across::Epochs => scaled(1.0, ""),
        Across::Steps | Across::Tokens => match at {
            at if at >= 1e9 => scaled(1e9, "G"),
            at if at >= 1e6 => scaled(1e6, "M"),
            at if at >= 1e4 => scaled(1e3, "k"),
            at => format!("{at:.0}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(across: Across, ends: (f64, f64)) -> Vec<String> {
        let ticks = ticks(across, ends, 6);
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn labels_are_round_and_read_well() {
        let steps = |ends| labels(Across::Steps, ends);
        assert_eq!(steps((1.0, 256.0)), ["50", "100", "150", "200", "250"]);
        assert_eq!(steps((1.0, 100.0)), ["20", "40", "60", "80", "100"]);
        assert_eq!(steps((1.0, 20_000.0)), ["5000", "10k", "15k", "20k"]);
        assert_eq!(steps((1.0, 4.0)), ["1", "2", "3", "4"]);
        let time = |ends| labels(Across::Time, ends);
        assert_eq!(
            time((0.0, 300.0)),
            ["0 s", "1 min", "2 min", "3 min", "4 min", "5 min"]
        );
        assert_eq!(
            labels(Across::Epochs, (0.0, 2.0)),
            ["0", "0.5", "1", "1.5", "2"]
        );
        assert_eq!(
            labels(Across::Tokens, (0.0, 2.4e6)),
            ["0", "0.5M", "1M", "1.5M", "2M"].map(|label| if label == "0.5M" {
                "500k"
            } else {
                label
            })
        );
    }

    proptest! {
        #[test]
        fn there_are_four_to_six_of_them(from in 0u32..100_000, length in 12u32..1_000_000) {
            let ends = (f64::from(from), f64::from(from) + f64::from(length));
            let ticks = ticks(Across::Steps, ends, 6);
            prop_assert!((3..=6).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(from > 1 || ticks.len() >= 4, "{ticks:?}");
            prop_assert!(ticks.iter().all(|(at, _)| at.fract() == 0.0 && (ends.0..=ends.1).contains(at)));
        }
    }
}

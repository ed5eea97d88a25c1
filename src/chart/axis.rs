//! An axis with round ticks, linear or logarithmic.

/// A marked value.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: String,
}

/// From values to pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    log: bool,
    pub ticks: Vec<Tick>,
}

impl Axis {
    /// An axis over finite values, above 0 if it is logarithmic, with at most about `most` ticks.
    pub fn new(low: f64, high: f64, log: bool, most: usize) -> Self {
        let (low, high) = match (low < high, log) {
            (true, _) => (low, high),
            // A single value is drawn in the middle.
            (false, true) => (low / 2.0, low * 2.0),
            (false, false) if low == 0.0 => (-1.0, 1.0),
            (false, false) => (low - low.abs() / 2.0, low + low.abs() / 2.0),
        };
        let ticks = if log {
            decades(low, high, most)
        } else {
            even(low, high, most)
        };
        Self {
            low,
            high,
            log,
            ticks,
        }
    }

    /// An axis of shares from 0 to `high` (1 at most), whose ticks are percentages.
    pub fn percent(high: f64, most: usize) -> Self {
        let high = high.min(1.0);
        let ticks = even(0.0, high * 100.0, most).into_iter();
        let ticks = ticks.map(|tick| Tick {
            value: tick.value / 100.0,
            label: tick.label + " %",
        });
        Self {
            low: 0.0,
            high,
            log: false,
            ticks: ticks.collect(),
        }
    }

    /// Where a value lies between the axis' ends, from 0 to 1. What lies outside is put on the edge.
    pub fn share(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.log { value.ln() } else { value };
        let (low, high) = (scale(self.low), scale(self.high));
        (scale(value.clamp(self.low, self.high)) - low) / (high - low)
    }

    /// The pixel of a value between the pixels of the axis' ends. What lies outside is put on the edge.
    pub fn pixel(&self, value: f64, (first, last): (i32, i32)) -> i32 {
        first + (f64::from(last - first) * self.share(value)).round() as i32
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn even(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let least = (high - low) / most.max(1) as f64;
    let mut power = least.log10().floor() as i32;
    let mut factor = 10;
    for smaller in [1, 2, 5] {
        if f64::from(smaller) * ten(power) >= least {
            factor = smaller;
            break;
        }
    }
    if factor == 10 {
        (factor, power) = (1, power + 1);
    }
    let step = f64::from(factor) * ten(power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let highest = low.abs().max(high.abs());
    (first..=last)
        .map(|number| {
            let mantissa = number * i64::from(factor);
            Tick {
                value: mantissa as f64 * ten(power),
                label: label(mantissa, power, highest),
            }
        })
        .collect()
}

/// Powers of ten and what lies between them, as much as there is room for; even ticks where that is too little.
fn decades(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let between: [&[i64]; 4] = [
        &[1, 2, 3, 4, 5, 6, 7, 8, 9],
        &[1, 2, 3, 5],
        &[1, 2, 5],
        &[1],
    ];
    let of = |mantissas: &[i64], stride: usize| -> Vec<Tick> {
        (first..=last)
            .step_by(stride)
            .flat_map(|power| {
                mantissas.iter().map(move |mantissa| Tick {
                    value: *mantissa as f64 * ten(power),
                    label: label(*mantissa, power, *mantissa as f64 * ten(power)),
                })
            })
            .filter(|tick| (low..=high).contains(&tick.value))
            .collect()
    };
    let fitting = between.iter().map(|mantissas| of(mantissas, 1));
    let ticks = fitting
        .into_iter()
        .find(|ticks| ticks.len() <= most)
        .unwrap_or_else(|| of(&[1], (last - first) as usize / most.max(1) + 1));
    match ticks.len() {
        0..3 => even(low, high, most),
        _ => ticks,
    }
}

fn ten(power: i32) -> f64 {
    10f64.powi(power)
}

/// `mantissa · 10^power` as people write it beside numbers up to `highest`.
fn label(mantissa: i64, power: i32, highest: f64) -> String {
    if mantissa == 0 {
        return "0".to_owned();
    }
    let shifted = |by: i32| {
        let decimals = (by - power).max(0) as usize;
        let text = format!("{:.decimals$}", mantissa as f64 * ten(power - by));
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    };
    match highest {
        0.0..0.01 => {
            let digits = mantissa.unsigned_abs().ilog10() as i32;
            format!("{}e{}", shifted(power + digits), power + digits)
        }
        0.0..10.0 => format!(
            "{:.*}",
            (-power).max(0) as usize,
            mantissa as f64 * ten(power)
        ),
        0.0..1e4 => shifted(0),
        0.0..1e6 => shifted(3) + "k",
        0.0..1e9 => shifted(6) + "M",
        0.0..1e12 => shifted(9) + "G",
        _ => format!("{mantissa}e{power}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_read_well() {
        for (low, high, expected) in [
            (0.0, 1000.0, &["0", "200", "400", "600", "800", "1000"][..]),
            (1.9, 4.2, &["2.0", "2.5", "3.0", "3.5", "4.0"]),
            (0.0, 1e-3, &["0", "2e-4", "4e-4", "6e-4", "8e-4", "1e-3"]),
            (
                0.0,
                60_000.0,
                &["0", "10k", "20k", "30k", "40k", "50k", "60k"],
            ),
            (0.0, 2.5e6, &["0", "0.5M", "1M", "1.5M", "2M", "2.5M"]),
        ] {
            assert_eq!(labels(&Axis::new(low, high, false, 6)), expected);
        }
        for (low, high, expected) in [
            (1.0, 9000.0, &["1", "10", "100", "1000"][..]),
            (1.9, 9.1, &["2", "3", "4", "5", "6", "7", "8", "9"]),
            (
                4.2,
                4.9,
                &["4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9"],
            ),
            (1e-5, 1e-2, &["1e-5", "1e-4", "1e-3", "0.01"]),
        ] {
            assert_eq!(labels(&Axis::new(low, high, true, 8)), expected);
        }
    }

    #[test]
    fn shares_end_where_all_is() {
        let whole = Axis::percent(1.4, 5);
        assert_eq!(
            labels(&whole),
            ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]
        );
        assert_eq!(whole.pixel(1.0, (0, 100)), 100);
        assert_eq!(
            labels(&Axis::percent(0.03, 4)),
            ["0 %", "1 %", "2 %", "3 %"]
        );
    }

    #[test]
    fn one_value_lies_in_the_middle() {
        for (value, log) in [(3.0, false), (0.0, false), (-2.0, false), (3.0, true)] {
            assert_eq!(Axis::new(value, value, log, 6).pixel(value, (0, 100)), 50);
        }
    }

    proptest! {
        #[test]
        fn ticks_are_few_in_order_and_told_apart(
            low in -1e6..1e6f64, span in prop_oneof![1e-3..1.0f64, 1.0..1e9f64], log: bool, most in 3usize..12,
        ) {
            let low = if log { low.abs() + 1e-6 } else { low };
            let axis = Axis::new(low, low + span, log, most);
            prop_assert!(axis.ticks.len() <= most + 1, "{} of {most}", axis.ticks.len());
            prop_assert!(axis.ticks.windows(2).all(|pair| pair[0].value < pair[1].value));
            for pair in axis.ticks.windows(2) {
                prop_assert!(pair[0].label != pair[1].label, "{:?}", axis.ticks);
            }
            prop_assert!((axis.pixel(low, (10, 90)), axis.pixel(low + span, (10, 90))) == (10, 90));
        }
    }
}

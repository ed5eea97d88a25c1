//! A mean over several runs, and how far it can be trusted.

use serde::Serialize;

/// The 97.5 % points of Student's t for 1 to 30 degrees of freedom, as scipy gives them (`tests/reference/student.py`).
const STUDENT: [f64; 30] = [
    12.706_204_736_175,
    4.302_652_729_749,
    3.182_446_305_284,
    2.776_445_105_198,
    2.570_581_835_636,
    2.446_911_851_145,
    2.364_624_251_593,
    2.306_004_135_204,
    2.262_157_162_798,
    2.228_138_851_986,
    2.200_985_160_092,
    2.178_812_829_667,
    2.160_368_656_463,
    2.144_786_687_918,
    2.131_449_545_560,
    2.119_905_299_221,
    2.109_815_577_833,
    2.100_922_040_241,
    2.093_024_054_408,
    2.085_963_447_266,
    2.079_613_844_728,
    2.073_873_067_904,
    2.068_657_610_419,
    2.063_898_561_628,
    2.059_538_552_753,
    2.055_529_438_643,
    2.051_830_516_480,
    2.048_407_141_795,
    2.045_229_642_133,
    2.042_272_456_301,
];

/// A mean of some values, with a 95 % interval around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub mean: f64,
    /// How far the interval reaches to each side; none of a single value.
    pub half: Option<f64>,
    /// How many values.
    pub count: usize,
}

impl Interval {
    /// The mean of `values` and `t s / sqrt(n)` to each side, with the standard deviation `s` of the sample and Student's t
    /// for n - 1 degrees of freedom (Student 1908, "The probable error of a mean"). None of no values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let half = (count > 1).then(|| student(count - 1) * (squares / (n - 1.0) / n).sqrt());
        Some(Self { mean, half, count })
    }
}

/// The 97.5 % point of Student's t. Beyond the table by its expansion around the normal distribution's (Abramowitz and
/// Stegun 1964, 26.7.5), to 5 digits.
fn student(freedom: usize) -> f64 {
    if let Some(point) = STUDENT.get(freedom - 1) {
        return *point;
    }
    let (z, n) = (1.959_963_984_540_054_f64, freedom as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    z + first / n + second / n.powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_scipy() {
        let values = [3.1, 4.0, 2.7, 3.3, 5.2];
        let interval = Interval::of(&values).unwrap();
        assert!((interval.mean - 3.660_000_000_000).abs() < 1e-12);
        assert!((interval.half.unwrap() - 1.218_476_710_287).abs() < 1e-9);
        let many: Vec<f64> = (0..60).map(|at| f64::from(at % 7)).collect();
        let half = Interval::of(&many).and_then(|it| it.half).unwrap();
        assert!((half - 0.518_184_969_659).abs() < 1e-5, "{half}");
    }

    #[test]
    fn one_value_has_no_interval_and_none_no_mean() {
        let one = Interval::of(&[2.5]).unwrap();
        assert_eq!((one.mean, one.half, one.count), (2.5, None, 1));
        assert_eq!(Interval::of(&[]), None);
        assert_eq!(Interval::of(&[2.0, 2.0]).unwrap().half, Some(0.0));
    }
}

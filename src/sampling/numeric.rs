//! The arithmetic under softmax: largest value, exponentials, and the sums that mass and entropy come from.
//!
//! The loops are written so that the compiler turns them into vector instructions, those that the processor is found to
//! have (pulp); their results are the same on all. `f32::exp` would be a call per element into the platform's C library,
//! several times slower and not the same on every platform.

use pulp::{Arch, Simd};

/// Below this, `exp` is taken as 0: it would leave the normal range of `f32`.
const LOWEST_EXPONENT: f32 = -87.0;

/// Elements summed in `f32` before the sum moves to `f64`.
const BLOCK: usize = 256;
const LANES: usize = 16;

/// The sums of a softmax relative to the largest logit: with `x = logit - max`, `mass` is Σ eˣ and `moment` Σ x·eˣ.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub mass: f64,
    pub moment: f64,
}

impl Sums {
    /// Entropy in nats: H = ln Σeˣ − (Σ x·eˣ) / Σeˣ.
    pub fn entropy(self) -> f64 {
        (self.mass.ln() - self.moment / self.mass).max(0.0)
    }

    /// Counts the tokens of one block.
    #[inline(always)]
    fn add_block(&mut self, logits: &[f32], weights: &[f32], max: f32) {
        let mut products = [0.0; BLOCK];
        for ((product, &logit), &weight) in products.iter_mut().zip(logits).zip(weights) {
            *product = larger(logit - max, LOWEST_EXPONENT) * weight;
        }
        self.mass += total(weights);
        self.moment += total(&products[..weights.len()]);
    }
}

/// The sum of one block.
#[inline(always)]
fn total(values: &[f32]) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    lanes.iter().chain(rest).copied().map(f64::from).sum()
}

/// eˣ for x ≤ 0, within 2 units in the last place; 0 below −87.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2, eˣ = 2ⁿ·eʳ, and eʳ by its Taylor polynomial of degree 7 (error under 6e-9).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = larger(x, LOWEST_EXPONENT);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (clamped - n * LN_2_HIGH) - n * LN_2_LOW;
    // In two halves, whose terms the processor works out side by side.
    let r2 = r * r;
    let low = (1.0 + r) + r2 * (1.0 / 2.0 + r * (1.0 / 6.0));
    let high = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0));
    let polynomial = low + r2 * r2 * high;
    let power_of_two = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    if x < LOWEST_EXPONENT {
        0.0
    } else {
        polynomial * power_of_two
    }
}

/// Writes `exp(logit - max)` for every logit and returns the sums. The logits are finite and `max` is the largest.
pub(super) fn exponentials(logits: &[f32], max: f32, weights: &mut Vec<f32>) -> Sums {
    weights.clear();
    weights.resize(logits.len(), 0.0);
    weigh(logits, max, weights)
}

#[pulp::with_simd(weigh = Arch::new())]
#[inline(always)]
fn weigh_with_simd<S: Simd>(_: S, logits: &[f32], max: f32, weights: &mut [f32]) -> Sums {
    let mut sums = Sums::default();
    for (logits, weights) in logits.chunks(BLOCK).zip(weights.chunks_mut(BLOCK)) {
        for (weight, &logit) in weights.iter_mut().zip(logits) {
            *weight = exp(logit - max);
        }
        sums.add_block(logits, weights, max);
    }
    sums
}

/// The sums alone, for logits of which some may be −∞ or NaN (both count for nothing).
#[pulp::with_simd(sums = Arch::new())]
#[inline(always)]
pub(super) fn sums_with_simd<S: Simd>(_: S, logits: &[f32], max: f32) -> Sums {
    let mut sums = Sums::default();
    let mut weights = [0.0; BLOCK];
    for logits in logits.chunks(BLOCK) {
        for (weight, &logit) in weights.iter_mut().zip(logits) {
            // Also NaN becomes −∞ here.
            *weight = exp(larger(logit - max, f32::NEG_INFINITY));
        }
        sums.add_block(logits, &weights[..logits.len()], max);
    }
    sums
}

/// The sums of tokens whose weights are known.
#[pulp::with_simd(sums_of = Arch::new())]
#[inline(always)]
pub(super) fn sums_of_with_simd<S: Simd>(_: S, logits: &[f32], weights: &[f32], max: f32) -> Sums {
    let mut sums = Sums::default();
    for (logits, weights) in logits.chunks(BLOCK).zip(weights.chunks(BLOCK)) {
        sums.add_block(logits, weights, max);
    }
    sums
}

/// The larger one; `b` if `a` is NaN. One instruction, where `f32::max` takes several to get NaN right on both sides.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The largest value; −∞ of none. NaN is passed over.
#[pulp::with_simd(largest = Arch::new())]
#[inline(always)]
pub(super) fn largest_with_simd<S: Simd>(_: S, values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = larger(chunk[lane], lanes[lane]);
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

/// The first place of the largest value. NaN counts as −∞: with nothing else, all are equal and the first is meant.
pub(super) fn first_largest(values: &[f32]) -> usize {
    first_place_of(largest(values), values)
}

/// The first place of `max`, which is the [`largest`] of these values.
pub(super) fn first_place_of(max: f32, values: &[f32]) -> usize {
    if max == f32::NEG_INFINITY {
        // A NaN before the first −∞ is equal to it, though not by `==`.
        return 0;
    }
    let block = first_block(max, values);
    let place = values[block..].iter().position(|&value| value == max);
    place.map_or(0, |place| block + place)
}

/// Where the first block begins that has this value; the end of all if none does.
#[pulp::with_simd(first_block = Arch::new())]
#[inline(always)]
fn first_block_with_simd<S: Simd>(_: S, wanted: f32, values: &[f32]) -> usize {
    let mut start = 0;
    for block in values.chunks(BLOCK) {
        let mut there = false;
        for &value in block {
            there |= value == wanted;
        }
        if there {
            break;
        }
        start += block.len();
    }
    start
}

/// Whether no value is NaN or infinite.
#[pulp::with_simd(all_finite = Arch::new())]
#[inline(always)]
pub(super) fn all_finite_with_simd<S: Simd>(_: S, values: &[f32]) -> bool {
    // A finite value has its exponent bits not all set.
    let magnitude = |value: &f32| (value.to_bits() & 0x7fff_ffff) as i32;
    values.iter().map(magnitude).fold(0, i32::max) < f32::INFINITY.to_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_of_the_last_place() {
        for step in 0..=870_000 {
            let x = -(step as f32) * 1e-4;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(
                error < 2.0 * f64::from(f32::EPSILON),
                "exp({x}) is off by {error}"
            );
        }
    }

    #[test]
    fn exp_has_its_ends() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-87.5), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

    #[test]
    fn sums_give_the_entropy_of_a_known_distribution() {
        let logits: Vec<f32> = [0.5_f64, 0.25, 0.125, 0.125]
            .iter()
            .map(|p| p.ln() as f32)
            .collect();
        let mut weights = Vec::new();
        let sums = exponentials(&logits, largest(&logits), &mut weights);
        assert!((sums.entropy() / std::f64::consts::LN_2 - 1.75).abs() < 1e-6);
        assert!((sums.mass - 2.0).abs() < 1e-6);
    }

    #[test]
    fn the_three_ways_to_sum_agree_across_block_borders() {
        let logits: Vec<f32> = (0..1003)
            .map(|i| ((i * 37) % 101) as f32 * 0.17 - 9.0)
            .collect();
        let max = largest(&logits);
        let mut weights = Vec::new();
        let with_weights = exponentials(&logits, max, &mut weights);
        assert_eq!(with_weights, sums(&logits, max));
        assert_eq!(with_weights, sums_of(&logits, &weights, max));
        let exact: f64 = logits.iter().map(|&l| f64::from(l - max).exp()).sum();
        assert!((with_weights.mass - exact).abs() < 1e-5 * exact);
    }

    #[test]
    fn sums_pass_over_what_is_no_number() {
        let plain = sums(&[1.0, 2.0], 2.0);
        assert_eq!(sums(&[1.0, f32::NAN, 2.0, f32::NEG_INFINITY], 2.0), plain);
    }

    #[test]
    fn largest_passes_over_nan() {
        assert_eq!(largest(&[f32::NAN, 1.0, 3.0, f32::NAN, 3.0]), 3.0);
        assert_eq!(first_largest(&[f32::NAN, 1.0, 3.0, f32::NAN, 3.0]), 2);
        assert_eq!(largest(&[]), f32::NEG_INFINITY);
        assert_eq!(first_largest(&[f32::NEG_INFINITY; 3]), 0);
        assert_eq!(first_largest(&[f32::NAN, f32::NEG_INFINITY]), 0);
    }

    #[test]
    fn finite_means_no_nan_and_no_infinity() {
        assert!(all_finite(&[f32::MAX, f32::MIN, 0.0, -0.0]));
        for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!all_finite(&[0.0, odd, 1.0]));
        }
    }
}

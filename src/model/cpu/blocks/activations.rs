//! Rows of activations in blocks of 8-bit numbers, for products of whole numbers with a matrix in blocks.

use pulp::{Arch, Simd};

use super::forms::BLOCK;

/// 32 activations, `scale small` each, rounded to the nearest: each is off by at most half of its block's largest
/// over 127.
#[derive(Clone, Copy)]
pub(super) struct Activations {
    pub(super) small: [i8; BLOCK],
    pub(super) scale: f32,
    /// The sum of what they stand for, to be multiplied by a block's least number.
    pub(super) sum: f32,
}

impl Activations {
    const NONE: Self = Self {
        small: [0; BLOCK],
        scale: 0.0,
        sum: 0.0,
    };

    /// Numbers in blocks.
    ///
    /// # Panics
    /// When they are no whole number of blocks.
    pub(super) fn of(x: &[f32]) -> Vec<Self> {
        let (blocks, rest) = x.as_chunks::<BLOCK>();
        assert!(rest.is_empty(), "no whole blocks");
        let mut all = vec![Self::NONE; blocks.len()];
        round(blocks, &mut all);
        all
    }

    #[inline(always)]
    fn block(numbers: &[f32; BLOCK]) -> Self {
        let mut largest = 0f32;
        for number in numbers {
            let size = number.abs();
            // Not `max`, which would hide a NaN: what is no number must end in products that are none.
            largest = if size > largest || size.is_nan() {
                size
            } else {
                largest
            };
        }
        let scale = largest / 127.0;
        let share = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let (mut small, mut sum) = ([0; BLOCK], 0i32);
        for at in 0..BLOCK {
            small[at] = (numbers[at] * share).round_ties_even() as i8;
            sum += i32::from(small[at]);
        }
        Self {
            small,
            scale,
            sum: scale * sum as f32,
        }
    }
}

#[pulp::with_simd(round = Arch::new())]
#[inline(always)]
fn round_with_simd<S: Simd>(_: S, numbers: &[[f32; BLOCK]], blocks: &mut [Activations]) {
    for (numbers, block) in numbers.iter().zip(blocks) {
        *block = Activations::block(numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_off_by_half_a_step_at_most() {
        let x: Vec<f32> = (0..4 * BLOCK as i32)
            .map(|at| (at * at % 101 - 50) as f32 * 0.013)
            .collect();
        for (numbers, block) in x.chunks(BLOCK).zip(Activations::of(&x)) {
            let mut sum = 0.0;
            for (number, small) in numbers.iter().zip(block.small) {
                let rounded = block.scale * f32::from(small);
                assert!((number - rounded).abs() <= block.scale * 0.5001);
                sum += rounded;
            }
            assert!((sum - block.sum).abs() < 1e-4);
        }
    }

    #[test]
    fn zeros_and_what_is_no_number_stay_so() {
        let mut x = [0.0; 2 * BLOCK];
        x[BLOCK + 3] = f32::NAN;
        let [zeros, none] = Activations::of(&x).try_into().ok().expect("two blocks");
        assert_eq!(
            (zeros.small, zeros.scale, zeros.sum),
            ([0; BLOCK], 0.0, 0.0)
        );
        assert!(none.scale.is_nan());
    }
}

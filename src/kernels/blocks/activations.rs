//! Rows of activations in blocks of 8-bit numbers, for products of whole numbers with a matrix in blocks.

use pulp::{Arch, Simd};

use super::forms::{BLOCK, Form};
use super::packed::RUN;
use crate::kernels::for_each_chunk;

/// 32 activations, `scale small` each, rounded to the nearest: each is off by at most half of its block's largest
/// over 127.
#[derive(Clone, Copy)]
pub(super) struct Activations {
    pub(super) small: [i8; BLOCK],
    pub(super) scale: f32,
    /// The sum of all: what a number that is added to each weight adds to a product.
    pub(super) total: f32,
    /// What takes off from a product of small numbers what [`Form::OFFSET`] has added.
    pub(super) offset: i32,
}

impl Activations {
    const NONE: Self = Self {
        small: [0; BLOCK],
        scale: 0.0,
        total: 0.0,
        offset: 0,
    };

    /// Numbers in blocks, to be multiplied with weights of a form.
    ///
    /// # Panics
    /// When they are no whole number of blocks.
    pub(super) fn of<F: Form>(x: &[f32]) -> Vec<Self> {
        /// Blocks that a thread takes at once; fewer are not worth another's time.
        const AT_ONCE: usize = 128;
        let (numbers, rest) = x.as_chunks::<BLOCK>();
        assert!(rest.is_empty(), "no whole blocks");
        let mut blocks = vec![Self::NONE; numbers.len()];
        if numbers.len() <= AT_ONCE {
            round(numbers, F::OFFSET, &mut blocks);
            return blocks;
        }
        for_each_chunk(&mut blocks, AT_ONCE, |index, part| {
            round(&numbers[index * AT_ONCE..][..part.len()], F::OFFSET, part);
        });
        blocks
    }

    /// The small numbers from `start` on, as one number of the same bytes.
    #[inline(always)]
    pub(super) fn run(&self, start: usize) -> i32 {
        let run: &[i8; RUN] = self.small[start..]
            .first_chunk()
            .expect("a run inside of a block");
        // SAFETY: four bytes. Put together one by one, they are loaded by many instructions.
        unsafe { run.as_ptr().cast::<i32>().read_unaligned() }
    }

    #[inline(always)]
    fn block(numbers: &[f32; BLOCK], offset: i32) -> Self {
        /// Adding `1.5 * 2^23` rounds to a whole number and leaves that number in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        // Without signs the bits are in the order of the numbers, and those of a NaN are above them all: what is no
        // number must end in products that are none.
        let mut largest = 0;
        for number in numbers {
            largest = largest.max(number.abs().to_bits());
        }
        let largest = f32::from_bits(largest);
        let scale = largest / 127.0;
        let share = if scale > 0.0 { 127.0 / largest } else { 0.0 };
        let (mut small, mut sum) = ([0; BLOCK], 0i32);
        for at in 0..BLOCK {
            let rounded = (numbers[at] * share + ROUND).to_bits().cast_signed();
            small[at] = rounded as i8;
            // What is no number is any, and may overflow.
            sum = sum.wrapping_add(rounded.wrapping_sub(ROUND.to_bits().cast_signed()));
        }
        Self {
            small,
            scale,
            total: scale * sum as f32,
            offset: sum.wrapping_mul(-offset),
        }
    }
}

#[pulp::with_simd(round = Arch::new())]
#[inline(always)]
fn round_with_simd<S: Simd>(
    _: S,
    numbers: &[[f32; BLOCK]],
    offset: i32,
    blocks: &mut [Activations],
) {
    for (numbers, block) in numbers.iter().zip(blocks) {
        *block = Activations::block(numbers, offset);
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::{Q4_0, Q8_0};
    use super::*;

    #[test]
    fn each_is_off_by_half_a_step_at_most() {
        // More than one thread takes at once.
        let x: Vec<f32> = (0..600 * BLOCK as i32)
            .map(|at| (at % 7919 * at % 101 - 50) as f32 * 0.013)
            .collect();
        for (numbers, block) in x.chunks(BLOCK).zip(Activations::of::<Q4_0>(&x)) {
            for (number, small) in numbers.iter().zip(block.small) {
                let rounded = block.scale * f32::from(small);
                assert!((number - rounded).abs() <= block.scale * 0.5001);
            }
            let sum: i32 = block.small.iter().map(|small| i32::from(*small)).sum();
            assert_eq!(
                (block.total, block.offset),
                (block.scale * sum as f32, -8 * sum)
            );
        }
    }

    #[test]
    fn zeros_and_what_is_no_number_stay_so() {
        let mut x = [0.0; 2 * BLOCK];
        x[BLOCK + 3] = f32::NAN;
        let [zeros, none] = Activations::of::<Q8_0>(&x)
            .try_into()
            .ok()
            .expect("two blocks");
        assert_eq!(
            (zeros.small, zeros.scale, zeros.total),
            ([0; BLOCK], 0.0, 0.0)
        );
        assert!(none.scale.is_nan());
    }
}

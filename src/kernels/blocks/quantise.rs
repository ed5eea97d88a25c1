//! Making blocks of numbers.

use half::f16;
use pulp::{Arch, Simd};

use super::forms::{BLOCK, Form, Q4_0, Q8_0};
use crate::kernels::for_each_piece;

/// Blocks that a thread makes at once.
const AT_ONCE: usize = 1024;

/// Numbers as blocks of [`Q8_0`]: each a share of its block's largest, in 127ths, rounded to the nearest. As ggml's
/// `quantize_row_q8_0_ref`, but that a number halfway goes to the even one.
///
/// # Panics
/// When they are no whole number of blocks.
pub(super) fn q8_0(numbers: &[f32]) -> Vec<u8> {
    by_threads(
        numbers,
        size_of::<<Q8_0 as Form>::Bytes>(),
        |numbers, blocks| {
            all_q8_0(numbers.as_chunks().0, blocks.as_chunks_mut().0);
        },
    )
}

/// Numbers as blocks of [`Q4_0`]. Of some scales that take the number farthest from zero to about -8, it is the one with
/// the least squared error, after the best for what the numbers are then rounded to.
///
/// # Panics
/// When they are no whole number of blocks.
pub(super) fn q4_0(numbers: &[f32]) -> Vec<u8> {
    by_threads(
        numbers,
        size_of::<<Q4_0 as Form>::Bytes>(),
        |numbers, blocks| {
            all_q4_0(numbers.as_chunks().0, blocks.as_chunks_mut().0);
        },
    )
}

fn by_threads(numbers: &[f32], bytes: usize, work: impl Fn(&[f32], &mut [u8]) + Sync) -> Vec<u8> {
    assert!(numbers.len().is_multiple_of(BLOCK), "no whole blocks");
    let mut blocks = vec![0; numbers.len() / BLOCK * bytes];
    let pieces = numbers.chunks(AT_ONCE * BLOCK);
    for_each_piece(
        pieces.zip(blocks.chunks_mut(AT_ONCE * bytes)),
        |_, (numbers, blocks)| work(numbers, blocks),
    );
    blocks
}

#[pulp::with_simd(all_q8_0 = Arch::new())]
#[inline(always)]
fn all_q8_0_with_simd<S: Simd>(
    _: S,
    numbers: &[[f32; BLOCK]],
    blocks: &mut [<Q8_0 as Form>::Bytes],
) {
    for (numbers, block) in numbers.iter().zip(blocks) {
        // As in `Activations`: the bits of a NaN are above those of any number, so that it is not lost.
        let mut largest = 0;
        for number in numbers {
            largest = largest.max(number.abs().to_bits());
        }
        let scale = f32::from_bits(largest) / 127.0;
        let share = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        [block[0], block[1]] = f16::from_f32(scale).to_le_bytes();
        for (at, number) in numbers.iter().enumerate() {
            block[2 + at] = ((number * share).round_ties_even() as i8).cast_unsigned();
        }
    }
}

#[pulp::with_simd(all_q4_0 = Arch::new())]
#[inline(always)]
fn all_q4_0_with_simd<S: Simd>(
    _: S,
    numbers: &[[f32; BLOCK]],
    blocks: &mut [<Q4_0 as Form>::Bytes],
) {
    /// What the number farthest from zero becomes, with each of the scales that are tried.
    const FARTHEST: [f32; 8] = [-7.0, -7.5, -8.0, -8.5, -9.0, -9.5, -10.0, -10.5];
    for (numbers, block) in numbers.iter().zip(blocks) {
        let (mut most, mut least) = (0f32, 0f32);
        for &number in numbers {
            most = most.max(number);
            least = least.min(number);
        }
        let farthest = if most > -least { most } else { least };
        let (mut kept, mut scale, mut share) = (0.0, 0.0, 0.0);
        if farthest != 0.0 {
            for whole in FARTHEST {
                // The squared error of rounding to `q` with the best scale, `xq / qq`, is the numbers' square less this.
                let tried = whole / farthest;
                let (mut xq, mut qq) = ([0f32; 16], [0f32; 16]);
                for at in 0..BLOCK {
                    let q = rounded(numbers[at] * tried);
                    xq[at % 16] += numbers[at] * q;
                    qq[at % 16] += q * q;
                }
                let (xq, qq): (f32, f32) = (xq.iter().sum(), qq.iter().sum());
                if xq * xq / qq > kept {
                    (kept, scale, share) = (xq * xq / qq, xq / qq, tried);
                }
            }
        }
        if !numbers.iter().sum::<f32>().is_finite() {
            // What is no number must end in products that are none.
            scale = f32::NAN;
        }
        [block[0], block[1]] = f16::from_f32(scale).to_le_bytes();
        for at in 0..BLOCK / 2 {
            let bits = |number: f32| (rounded(number * share) + 8.0) as u8;
            block[2 + at] = bits(numbers[at]) | bits(numbers[BLOCK / 2 + at]) << 4;
        }
    }
}

/// To the nearest of what four bits hold.
#[inline(always)]
fn rounded(number: f32) -> f32 {
    number.round_ties_even().clamp(-8.0, 7.0)
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::{GgmlDType, QTensor};
    use candle_core::{Device, Result, Tensor};

    use super::*;

    #[test]
    fn wide_blocks_are_candles() -> Result<()> {
        for count in [0, 1, 2, 7, 64] {
            let numbers = Tensor::randn(0.1f32, 2.0, (count, BLOCK), &Device::Cpu)?;
            let ours = q8_0(&numbers.flatten_all()?.to_vec1()?);
            if count > 0 {
                let candles = QTensor::quantize(&numbers, GgmlDType::Q8_0)?;
                assert_eq!(ours, *candles.data()?);
            }
        }
        Ok(())
    }

    fn squared_error(numbers: &[f32], blocks: &[u8]) -> f32 {
        let blocks = Q4_0::blocks(blocks).iter();
        let ours = blocks.flat_map(|block| {
            let parts = Q4_0::parts(block);
            let scale = super::super::forms::half(parts.scale);
            parts.small.map(|small| scale * f32::from(small))
        });
        let errors = numbers.iter().zip(ours).map(|(a, b)| (a - b) * (a - b));
        errors.sum()
    }

    #[test]
    fn narrow_blocks_lose_less_than_candles() -> Result<()> {
        let numbers = Tensor::randn(0f32, 2.0, (64, BLOCK), &Device::Cpu)?;
        let candles = QTensor::quantize(&numbers, GgmlDType::Q4_0)?;
        let numbers = numbers.flatten_all()?.to_vec1()?;
        let (ours, theirs) = (
            squared_error(&numbers, &q4_0(&numbers)),
            squared_error(&numbers, &candles.data()?),
        );
        assert!(ours < 0.95 * theirs, "{ours} against {theirs}");
        Ok(())
    }

    #[test]
    fn what_four_bits_hold_is_kept() {
        let numbers: Vec<f32> = (0..64).map(|at| (at % 16 - 8) as f32 * 0.25).collect();
        assert_eq!(squared_error(&numbers, &q4_0(&numbers)), 0.0);
        assert_eq!(squared_error(&[0.0; BLOCK], &q4_0(&[0.0; BLOCK])), 0.0);
    }

    #[test]
    fn what_is_no_number_is_not_taken_for_one() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut numbers = [0.5; BLOCK];
            numbers[7] = bad;
            for blocks in [q8_0(&numbers), q4_0(&numbers)] {
                let scale = f16::from_le_bytes([blocks[0], blocks[1]]);
                assert!(!scale.is_finite(), "{bad} became {scale}");
            }
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        assert!(q8_0(&[0.0; BLOCK]).iter().all(|byte| *byte == 0));
    }
}

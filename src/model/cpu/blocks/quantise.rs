//! Making blocks of numbers.

use candle_core::utils::get_num_threads;
use half::f16;
use pulp::{Arch, Simd};

use super::forms::{BLOCK, Form, Q8_0};

/// Numbers as blocks of [`Q8_0`]: each a share of its block's largest, in 127ths, rounded to the nearest. As ggml's
/// `quantize_row_q8_0_ref`, but that a number halfway goes to the even one.
///
/// # Panics
/// When they are no whole number of blocks.
pub(super) fn q8_0(numbers: &[f32]) -> Vec<u8> {
    const BYTES: usize = size_of::<<Q8_0 as Form>::Bytes>();
    assert!(numbers.len().is_multiple_of(BLOCK), "no whole blocks");
    let mut blocks = vec![0; numbers.len() / BLOCK * BYTES];
    let part = (numbers.len() / BLOCK).div_ceil(get_num_threads()).max(1);
    std::thread::scope(|scope| {
        let parts = numbers.chunks(part * BLOCK);
        for (numbers, blocks) in parts.zip(blocks.chunks_mut(part * BYTES)) {
            scope.spawn(move || {
                quantise_all(numbers.as_chunks().0, blocks.as_chunks_mut().0);
            });
        }
    });
    blocks
}

#[pulp::with_simd(quantise_all = Arch::new())]
#[inline(always)]
fn quantise_all_with_simd<S: Simd>(
    _: S,
    numbers: &[[f32; BLOCK]],
    blocks: &mut [<Q8_0 as Form>::Bytes],
) {
    for (numbers, block) in numbers.iter().zip(blocks) {
        quantise(numbers, block);
    }
}

#[inline(always)]
fn quantise(numbers: &[f32; BLOCK], block: &mut <Q8_0 as Form>::Bytes) {
    let mut largest = 0f32;
    for number in numbers {
        largest = largest.max(number.abs());
    }
    let scale = largest / 127.0;
    let share = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    [block[0], block[1]] = f16::from_f32(scale).to_le_bytes();
    for (at, number) in numbers.iter().enumerate() {
        block[2 + at] = ((number * share).round_ties_even() as i8).cast_unsigned();
    }
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::{GgmlDType, QTensor};
    use candle_core::{Device, Result, Tensor};

    use super::*;

    #[test]
    fn blocks_are_candles() -> Result<()> {
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

    #[test]
    fn zeros_stay_zeros() {
        assert!(q8_0(&[0.0; BLOCK]).iter().all(|byte| *byte == 0));
    }
}

//! Products with a matrix in ggml's Q4_1, for which candle has plain loops only.

use candle_core::quantized::QTensor;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};
use half::f16;
use pulp::{Arch, Simd, WithSimd};

use super::{MOST_ROWS, contiguous, for_each_chunk};

/// Numbers in a block.
const BLOCK: usize = 32;
/// A block in a file: scale, least, and half a byte for each number.
const BLOCK_BYTES: usize = 2 + 2 + BLOCK / 2;
/// Rows of the matrix that a thread takes at once.
const ROWS_AT_ONCE: usize = 16;

/// A matrix `(out, in)` in blocks of 32 numbers along a row, each `least + scale * n` with `n` from 0 to 15. Its
/// products are those of the dequantised matrix: activations stay `f32`.
pub(in crate::model) struct Q4_1 {
    out: usize,
    width: usize,
    /// Of each block, the numbers 0 to 15 in the low and 16 to 31 in the high halves of its bytes.
    halves: Vec<[u8; BLOCK / 2]>,
    /// Scale and least of each block.
    scales: Vec<[f32; 2]>,
}

impl Q4_1 {
    /// The first `out` rows of a matrix in Q4_1.
    ///
    /// # Errors
    /// When it is no matrix in main memory.
    pub(in crate::model) fn new(matrix: &QTensor, out: usize) -> Result<Self> {
        let (_, width) = matrix.shape().dims2()?;
        let data = matrix.data()?;
        let (blocks, _) = data.as_chunks::<BLOCK_BYTES>();
        let blocks = &blocks[..out * width / BLOCK];
        let number = |block: &[u8; BLOCK_BYTES], at: usize| {
            f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
        };
        let scales = blocks
            .iter()
            .map(|block| [number(block, 0), number(block, 2)]);
        let halves = blocks.iter().map(|block| {
            let mut halves = [0; BLOCK / 2];
            halves.copy_from_slice(&block[4..]);
            halves
        });
        Ok(Self {
            out,
            width,
            scales: scales.collect(),
            halves: halves.collect(),
        })
    }

    /// `x (m, in)` times the transpose: `(m, out)`.
    pub(in crate::model) fn product(&self, x: &Tensor) -> Result<Tensor> {
        match x.dim(0)? <= MOST_ROWS {
            true => x.contiguous()?.apply_op1_no_bwd(&FewRowsQ4_1(self)),
            false => x.matmul(&self.dequantised()?.t()?),
        }
    }

    fn dequantised(&self) -> Result<Tensor> {
        let mut values = vec![0.0; self.out * self.width];
        let blocks = self.width / BLOCK;
        let arch = Arch::new();
        for_each_chunk(&mut values, self.width, |row, out| {
            arch.dispatch(Dequantise {
                halves: &self.halves[row * blocks..][..blocks],
                scales: &self.scales[row * blocks..][..blocks],
                out,
            });
        });
        Tensor::from_vec(values, (self.out, self.width), &Device::Cpu)
    }
}

struct FewRowsQ4_1<'a>(&'a Q4_1);

impl CustomOp1 for FewRowsQ4_1<'_> {
    fn name(&self) -> &'static str {
        "few-rows-q4_1"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Q4_1 { out, width, .. } = *self.0;
        let (m, k) = layout.shape().dims2()?;
        if k != width {
            candle_core::bail!("few-rows-q4_1: {m} x {k} does not fit {out} x {width}");
        }
        let x = contiguous(x, layout, self.name())?;
        let blocks = width / BLOCK;
        let (x_blocks, _) = x.as_chunks::<BLOCK>();
        let sums: Vec<f32> = x_blocks.iter().map(|block| block.iter().sum()).collect();
        let mut products = vec![0.0; m * out];
        let arch = Arch::new();
        for_each_chunk(&mut products, ROWS_AT_ONCE * m, |index, products| {
            let start = index * ROWS_AT_ONCE * blocks;
            let count = products.len() / m * blocks;
            arch.dispatch(Products {
                halves: &self.0.halves[start..start + count],
                scales: &self.0.scales[start..start + count],
                x: x_blocks,
                sums: &sums,
                blocks,
                products,
            });
        });
        let by_row = match m {
            1 => products,
            _ => (0..m * out)
                .map(|i| products[(i % out) * m + i / out])
                .collect(),
        };
        Ok((CpuStorage::F32(by_row), Shape::from((m, out))))
    }
}

/// For each row of the matrix, its products with all rows of `x`, next to each other.
struct Products<'a> {
    halves: &'a [[u8; BLOCK / 2]],
    scales: &'a [[f32; 2]],
    x: &'a [[f32; BLOCK]],
    /// The sum of each block of `x`.
    sums: &'a [f32],
    /// Blocks in a row.
    blocks: usize,
    products: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    // Loops of a fixed length over arrays: these become a few vector instructions each.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let blocks = self.blocks;
        let m = self.x.len() / blocks;
        for (row, products) in self.products.chunks_exact_mut(m).enumerate() {
            let halves = &self.halves[row * blocks..][..blocks];
            let scales = &self.scales[row * blocks..][..blocks];
            for (index, product) in products.iter_mut().enumerate() {
                let x = &self.x[index * blocks..][..blocks];
                let sums = &self.sums[index * blocks..][..blocks];
                let mut lanes = [0.0f32; BLOCK / 2];
                let mut leasts = 0.0;
                for block in 0..blocks {
                    let ([scale, least], x) = (scales[block], &x[block]);
                    for lane in 0..BLOCK / 2 {
                        let both = i32::from(halves[block][lane]);
                        let (low, high) = ((both & 15) as f32, (both >> 4) as f32);
                        lanes[lane] += scale * (low * x[lane] + high * x[BLOCK / 2 + lane]);
                    }
                    leasts += least * sums[block];
                }
                let mut sum = leasts;
                for lane in lanes {
                    sum += lane;
                }
                *product = sum;
            }
        }
    }
}

/// The numbers of one row.
struct Dequantise<'a> {
    halves: &'a [[u8; BLOCK / 2]],
    scales: &'a [[f32; 2]],
    out: &'a mut [f32],
}

impl WithSimd for Dequantise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (out, _) = self.out.as_chunks_mut::<BLOCK>();
        for ((out, halves), [scale, least]) in out.iter_mut().zip(self.halves).zip(self.scales) {
            for lane in 0..BLOCK / 2 {
                let both = i32::from(halves[lane]);
                out[lane] = scale * (both & 15) as f32 + least;
                out[BLOCK / 2 + lane] = scale * (both >> 4) as f32 + least;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::GgmlDType;

    use super::*;

    #[test]
    fn products_are_those_of_the_dequantised_matrix() -> Result<()> {
        let weight = Tensor::randn(0.3f32, 1.0, (48, 96), &Device::Cpu)?;
        let quantised = QTensor::quantize(&weight, GgmlDType::Q4_1)?;
        let ours = Q4_1::new(&quantised, 37)?;
        let exact = quantised.dequantize(&Device::Cpu)?.narrow(0, 0, 37)?;
        for m in [1, 3, MOST_ROWS, MOST_ROWS + 1] {
            let x = Tensor::randn(0f32, 1.0, (m, 96), &Device::Cpu)?;
            let expected = x.matmul(&exact.t()?)?;
            let difference = (ours.product(&x)? - expected)?.abs()?.max_all()?;
            let difference = difference.to_scalar::<f32>()?;
            assert!(difference < 1e-4, "{m} rows: {difference}");
        }
        Ok(())
    }
}

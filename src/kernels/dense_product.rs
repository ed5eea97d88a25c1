//! The product of rows with a large matrix. Of a few, reading the matrix from memory is all the cost.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};

use super::{Factors, Matrix, contiguous, for_each_chunk, product, transpose};

/// Up to how many rows the matrix is read row by row; more are a general matrix product.
pub(crate) const MOST_ROWS: usize = 8;

/// Rows of the matrix that a thread takes at once.
const ROWS_AT_ONCE: usize = 16;

/// `x (m, k)` times the transpose of `weight (n, k)`, giving `(m, n)`. candle leaves this product to one thread when
/// `m` is 1, and shares it out to another pool of threads than its other operations when there are more: the two take
/// each other's processors. With few rows, each one's result is the same whatever rows are beside it.
pub struct DenseProduct;

impl CustomOp2 for DenseProduct {
    fn name(&self) -> &'static str {
        "dense-product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (m, k) = x_layout.shape().dims2()?;
        let (n, weight_k) = weight_layout.shape().dims2()?;
        if k != weight_k {
            candle_core::bail!("dense-product: {m} x {k} does not fit {n} x {weight_k}");
        }
        let x = contiguous(x, x_layout, self.name())?;
        let weight = contiguous(weight, weight_layout, self.name())?;
        if m > MOST_ROWS {
            let weight = Matrix::new(weight, n, k).transposed();
            let products = product(Matrix::new(x, m, k), weight, &[], Factors::F32);
            return Ok((CpuStorage::F32(products), Shape::from((m, n))));
        }
        let mut products = vec![0.0; n * m];
        let arch = Arch::new();
        for_each_chunk(&mut products, ROWS_AT_ONCE * m, |index, products| {
            let start = index * ROWS_AT_ONCE * k;
            let rows = products.len() / m;
            arch.dispatch(Products {
                x,
                weight: &weight[start..start + rows * k],
                width: k,
                products,
            });
        });
        let by_row = match m {
            1 => products,
            _ => transpose(&products, m),
        };
        Ok((CpuStorage::F32(by_row), Shape::from((m, n))))
    }
}

/// For each row of `weight`, its products with all rows of `x`, next to each other.
struct Products<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    width: usize,
    products: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let m = self.x.len() / self.width;
        let rows = self.weight.chunks_exact(self.width);
        for (row, products) in rows.zip(self.products.chunks_exact_mut(m)) {
            for (x, product) in self.x.chunks_exact(self.width).zip(products) {
                *product = dot(simd, row, x);
            }
        }
    }
}

/// The inner product of two slices of equal length. Four sums run side by side to hide the latency of additions.
#[inline(always)]
pub(super) fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let (a, a_tail) = S::as_simd_f32s(a);
    let (b, b_tail) = S::as_simd_f32s(b);
    let (a_fours, a_rest) = a.as_chunks::<4>();
    let (b_fours, b_rest) = b.as_chunks::<4>();
    let mut sums = [simd.splat_f32s(0.0); 4];
    for (a, b) in a_fours.iter().zip(b_fours) {
        for lane in 0..4 {
            sums[lane] = simd.mul_add_e_f32s(a[lane], b[lane], sums[lane]);
        }
    }
    for (&a, &b) in a_rest.iter().zip(b_rest) {
        sums[0] = simd.mul_add_e_f32s(a, b, sums[0]);
    }
    if !a_tail.is_empty() {
        let (a, b) = (
            simd.partial_load_f32s(a_tail),
            simd.partial_load_f32s(b_tail),
        );
        sums[1] = simd.mul_add_e_f32s(a, b, sums[1]);
    }
    let pairs = simd.add_f32s(
        simd.add_f32s(sums[0], sums[1]),
        simd.add_f32s(sums[2], sums[3]),
    );
    simd.reduce_sum_f32s(pairs)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn it_is_the_matrix_product() -> Result<()> {
        for (m, n, k) in [
            (1, 1, 1),
            (1, 33, 7),
            (3, 50, 65),
            (8, 16, 128),
            (2, 100, 193),
            (MOST_ROWS + 1, 20, 40),
            (70, 130, 50),
        ] {
            let x = Tensor::randn(0f32, 1.0, (m, k), &Device::Cpu)?;
            let weight = Tensor::randn(0f32, 1.0, (n, k), &Device::Cpu)?;
            let ours = x.apply_op2_no_bwd(&weight, &DenseProduct)?;
            let candles = x.matmul(&weight.t()?)?;
            let difference = (ours - candles)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(difference < 1e-4, "{m} x {n} x {k}: {difference}");
        }
        Ok(())
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() -> Result<()> {
        let x = Tensor::randn(0f32, 1.0, (5, 96), &Device::Cpu)?;
        let weight = Tensor::randn(0f32, 1.0, (40, 96), &Device::Cpu)?;
        let together = x.apply_op2_no_bwd(&weight, &DenseProduct)?;
        for row in 0..5 {
            let alone = x
                .narrow(0, row, 1)?
                .apply_op2_no_bwd(&weight, &DenseProduct)?;
            assert_eq!(
                alone.flatten_all()?.to_vec1::<f32>()?,
                together.get(row)?.to_vec1::<f32>()?
            );
        }
        Ok(())
    }
}

//! The product of rows with a large matrix. Of a few, reading the matrix from memory is all the cost.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape};
use half::{bf16, f16};
use pulp::{Arch, Simd, WithSimd};

use super::product::product_widened;
use super::wide::{MOST_LANES, Wide, dispatch};
use super::{Matrix, contiguous, for_each_chunk, transpose};

/// Up to how many rows the matrix is read row by row; more are a general matrix product.
pub(crate) const MOST_ROWS: usize = 8;

/// Rows of the matrix that a thread takes at once.
const ROWS_AT_ONCE: usize = 16;

/// `x (m, k)` times the transpose of `weight (n, k)`, giving `(m, n)`. The weight may be in 16 bits, which are widened in
/// registers: the result is that of the same numbers in 32, to the bit. candle leaves this product to one thread when
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
        let Some((start, end)) = weight_layout.contiguous_offsets() else {
            candle_core::bail!("dense-product needs a contiguous matrix");
        };
        let x = Matrix::new(contiguous(x, x_layout, self.name())?, m, k);
        let products = match weight {
            CpuStorage::BF16(weight) => product::<bf16>(x, &weight[start..end], n),
            CpuStorage::F16(weight) => product::<f16>(x, &weight[start..end], n),
            other => product::<f32>(x, &other.as_slice()?[start..end], n),
        };
        Ok((CpuStorage::F32(products), Shape::from((m, n))))
    }
}

/// The products of rows with the `n` rows of `weight`.
fn product<W: Wide>(x: Matrix<'_>, weight: &[W], n: usize) -> Vec<f32> {
    let (m, k) = (x.rows, x.columns);
    if m > MOST_ROWS {
        return product_widened(x, weight, n);
    }
    let mut products = vec![0.0; n * m];
    let arch = Arch::new();
    for_each_chunk(&mut products, ROWS_AT_ONCE * m, |index, products| {
        let start = index * ROWS_AT_ONCE * k;
        let rows = products.len() / m;
        let work = Products {
            x: x.numbers,
            weight: &weight[start..start + rows * k],
            width: k,
            products,
        };
        dispatch(arch, work);
    });
    match m {
        1 => products,
        _ => transpose(&products, m),
    }
}

/// For each row of `weight`, its products with all rows of `x`, next to each other.
struct Products<'a, W> {
    x: &'a [f32],
    weight: &'a [W],
    width: usize,
    products: &'a mut [f32],
}

impl<W: Wide> WithSimd for Products<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let m = self.x.len() / self.width;
        let x = (self.x, self.width);
        let rows = self.weight.chunks_exact(self.width);
        for (row, products) in rows.zip(self.products.chunks_exact_mut(m)) {
            let mut done = 0;
            // Four sums for each of four rows, with what is read, are more than sixteen registers hold.
            if S::REGISTER_COUNT >= 32 {
                done = by::<S, W, 4>(simd, row, x, done, products);
            }
            done = by::<S, W, 2>(simd, row, x, done, products);
            by::<S, W, 1>(simd, row, x, done, products);
        }
    }
}

/// The products of a row of the matrix with those rows of `x` from `done` on, `N` at a time while there are so many. How
/// many are done then.
#[inline(always)]
fn by<S: Simd, W: Wide, const N: usize>(
    simd: S,
    row: &[W],
    (x, width): (&[f32], usize),
    mut done: usize,
    products: &mut [f32],
) -> usize {
    while products.len() - done >= N {
        let x = std::array::from_fn(|n| &x[(done + n) * width..][..width]);
        products[done..done + N].copy_from_slice(&dots::<S, W, N>(simd, row, x));
        done += N;
    }
    done
}

/// The inner products of a row with several others of its length, each in the same order. Four sums run side by side to
/// hide the latency of additions.
#[inline(always)]
fn dots<S: Simd, W: Wide, const N: usize>(simd: S, row: &[W], x: [&[f32]; N]) -> [f32; N] {
    /// Sums of a product.
    const SUMS: usize = 4;
    let whole = row.len() / S::F32_LANES;
    assert!(x.iter().all(|x| x.len() == row.len()), "rows of one length");
    let mut sums = [[simd.splat_f32s(0.0); N]; SUMS];
    // Each of the row's vectors is read and widened once.
    let add = |vector: usize, sums: &mut [S::f32s; N]| {
        let start = vector * S::F32_LANES;
        // SAFETY: `vector` is one of the whole ones.
        unsafe {
            let weight = W::load(simd, row.as_ptr().add(start));
            for n in 0..N {
                let x = f32::load(simd, x[n].as_ptr().add(start));
                sums[n] = simd.mul_add_e_f32s(weight, x, sums[n]);
            }
        }
    };
    for four in 0..whole / SUMS {
        for (sum, sums) in sums.iter_mut().enumerate() {
            add(four * SUMS + sum, sums);
        }
    }
    for vector in whole / SUMS * SUMS..whole {
        add(vector, &mut sums[0]);
    }
    let tail = whole * S::F32_LANES;
    if tail < row.len() {
        let weight = padded(simd, &row[tail..]);
        for n in 0..N {
            let x = padded(simd, &x[n][tail..]);
            sums[1][n] = simd.mul_add_e_f32s(weight, x, sums[1][n]);
        }
    }
    let mut products = [0.0; N];
    for n in 0..N {
        let pairs = simd.add_f32s(
            simd.add_f32s(sums[0][n], sums[1][n]),
            simd.add_f32s(sums[2][n], sums[3][n]),
        );
        products[n] = simd.reduce_sum_f32s(pairs);
    }
    products
}

/// A vector of fewer numbers than it has lanes, zeros after them.
#[inline(always)]
fn padded<S: Simd, W: Wide>(simd: S, numbers: &[W]) -> S::f32s {
    let mut all = [W::zero(); MOST_LANES];
    all[..numbers.len()].copy_from_slice(numbers);
    // SAFETY: no vector has more lanes.
    unsafe { W::load(simd, all.as_ptr()) }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};

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

    #[test]
    fn sixteen_bits_have_the_bits_of_the_same_numbers_in_thirty_two() -> Result<()> {
        // Few rows of every number of them at once, and many, cut by the longer side and by the other.
        for (m, n, k) in [
            (1, 33, 193),
            (3, 50, 65),
            (7, 16, 7),
            (8, 40, 768),
            (MOST_ROWS + 1, 900, 70),
            (70, 130, 530),
            (130, 70, 1030),
        ] {
            let x = Tensor::randn(0f32, 1.0, (m, k), &Device::Cpu)?;
            let weight = Tensor::randn(0f32, 1.0, (n, k), &Device::Cpu)?;
            for dtype in [DType::BF16, DType::F16] {
                let narrow = weight.to_dtype(dtype)?;
                let wide = narrow.to_dtype(DType::F32)?;
                let product = |weight: &Tensor| {
                    let product = x.apply_op2_no_bwd(weight, &DenseProduct)?;
                    let numbers = product.flatten_all()?.to_vec1::<f32>()?;
                    Ok::<_, candle_core::Error>(numbers.into_iter().map(f32::to_bits).collect())
                };
                let (ours, expected): (Vec<u32>, Vec<u32>) = (product(&narrow)?, product(&wide)?);
                assert_eq!(ours, expected, "{dtype:?}, {m} x {n} x {k}");
            }
        }
        Ok(())
    }

    #[test]
    fn every_processor_has_the_same_bits_for_sixteen_as_for_thirty_two() {
        use crate::kernels::wide::tests::archs;
        let number = |at: usize| ((at * 37 % 255) as f32 - 127.0) / 64.0;
        let (m, width) = (7, 101);
        let x: Vec<f32> = (0..m * width).map(|at| (at as f32 * 0.37).sin()).collect();
        let wide: Vec<f32> = (0..3 * width).map(number).collect();
        let narrow: Vec<f16> = wide.iter().map(|number| f16::from_f32(*number)).collect();
        for arch in archs() {
            let (mut ours, mut expected) = (vec![0.0; 3 * m], vec![0.0; 3 * m]);
            let x = &x;
            let products = &mut ours;
            dispatch(
                arch,
                Products {
                    x,
                    weight: &narrow,
                    width,
                    products,
                },
            );
            let products = &mut expected;
            dispatch(
                arch,
                Products {
                    x,
                    weight: &wide,
                    width,
                    products,
                },
            );
            assert_eq!(ours, expected, "{arch:?}");
            let defined: f32 = wide[..width].iter().zip(x).map(|(a, b)| a * b).sum();
            assert!(
                (ours[0] - defined).abs() < 1e-3,
                "{arch:?}: {} {defined}",
                ours[0]
            );
        }
    }
}

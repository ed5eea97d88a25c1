//! Products with matrices that are held in blocks of small numbers, as ggml has them.
//!
//! For a few rows of activations reading the matrix from memory is most of the cost, if the rest keeps up: they are
//! rounded to blocks of 8-bit numbers too, and whole numbers are multiplied ([`dots`]). For many rows parts of the matrix
//! are dequantised and multiplied as any other.

mod activations;
mod dots;
mod forms;
mod quantise;

use std::sync::{Arc, LazyLock};

use candle_core::quantized::ggml_file::qtensor_from_ggml;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};
use pulp::{Arch, Simd, WithSimd};

use self::activations::Activations;
use self::dots::Kernel;
use self::forms::{BLOCK, Form, Q4_0, Q4_1, Q8_0};
use super::{
    Factors, MOST_ROWS, Matrix, bf16_is_fast, contiguous, for_each_chunk, multiply, transpose,
};

/// Rows of the matrix that a thread takes at once.
const ROWS_AT_ONCE: usize = 16;
/// Numbers that are dequantised at once: 4 MB.
const DEQUANTISED: usize = 1 << 20;

/// A matrix `(out, in)` in blocks along its rows.
pub(in crate::model) struct BlockMatrix {
    /// Perhaps with more rows than count.
    matrix: Arc<QTensor>,
    out: usize,
}

impl BlockMatrix {
    /// Whether there are kernels for a form.
    pub(in crate::model) fn knows(form: GgmlDType) -> bool {
        matches!(form, GgmlDType::Q8_0 | GgmlDType::Q4_0 | GgmlDType::Q4_1)
    }

    /// The first `out` rows of a matrix in main memory, in a form that is known.
    pub(in crate::model) fn new(matrix: Arc<QTensor>, out: usize) -> Self {
        Self { matrix, out }
    }

    /// `out` rows of numbers in 8-bit blocks.
    ///
    /// # Errors
    /// When the rows are no whole number of blocks.
    pub(in crate::model) fn quantise(numbers: &[f32], out: usize) -> Result<Self> {
        let width = numbers.len() / out;
        if !width.is_multiple_of(BLOCK) {
            candle_core::bail!("rows of {width} numbers are no blocks of {BLOCK}");
        }
        let (blocks, shape) = (quantise::q8_0(numbers), vec![out, width]);
        let matrix = qtensor_from_ggml(GgmlDType::Q8_0, &blocks, shape, &Device::Cpu)?;
        Ok(Self::new(Arc::new(matrix), out))
    }

    /// `x (m, in)` times the transpose: `(m, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit or the matrix is of another form.
    pub(in crate::model) fn product(&self, x: &Tensor) -> Result<Tensor> {
        x.contiguous()?.apply_op1_no_bwd(&BlockProduct(self))
    }
}

struct BlockProduct<'a>(&'a BlockMatrix);

impl CustomOp1 for BlockProduct<'_> {
    fn name(&self) -> &'static str {
        "block-product"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let BlockMatrix { matrix, out } = self.0;
        let (m, k) = layout.shape().dims2()?;
        let (_, width) = matrix.shape().dims2()?;
        if k != width {
            candle_core::bail!("block-product: {m} x {k} does not fit {out} x {width}");
        }
        let x = contiguous(x, layout, self.name())?;
        let bytes = matrix.data()?;
        let product = match matrix.dtype() {
            GgmlDType::Q8_0 => product::<Q8_0>(&bytes, *out, x, width),
            GgmlDType::Q4_0 => product::<Q4_0>(&bytes, *out, x, width),
            GgmlDType::Q4_1 => product::<Q4_1>(&bytes, *out, x, width),
            other => candle_core::bail!("block-product: there are no kernels for {other:?}"),
        };
        Ok((CpuStorage::F32(product), Shape::from((m, *out))))
    }
}

fn product<F: Form>(bytes: &[u8], out: usize, x: &[f32], width: usize) -> Vec<f32> {
    let blocks = &F::blocks(bytes)[..out * (width / BLOCK)];
    let m = x.len() / width;
    let by_column = match m <= MOST_ROWS {
        true => few_rows::<F>(blocks, out, x, width),
        false => many_rows::<F>(blocks, out, x, width),
    };
    match m {
        1 => by_column,
        _ => transpose(&by_column, m),
    }
}

/// For each row of the matrix, its products with all rows of `x`.
fn few_rows<F: Form>(blocks: &[F::Bytes], out: usize, x: &[f32], width: usize) -> Vec<f32> {
    static KERNEL: LazyLock<Kernel> =
        LazyLock::new(|| Kernel::at_hand().pop().unwrap_or(Kernel::Portable));
    let (kernel, in_row) = (*KERNEL, width / BLOCK);
    let x = Activations::of(x);
    let m = x.len() / in_row;
    let mut products = vec![0.0; out * m];
    for_each_chunk(&mut products, ROWS_AT_ONCE * m, |index, products| {
        let rows = products.len() / m;
        let blocks = &blocks[index * ROWS_AT_ONCE * in_row..][..rows * in_row];
        kernel.rows::<F>(blocks, &x, in_row, products);
    });
    products
}

/// As [`few_rows`], by products of large matrices.
fn many_rows<F: Form>(blocks: &[F::Bytes], out: usize, x: &[f32], width: usize) -> Vec<f32> {
    let m = x.len() / width;
    let in_row = width / BLOCK;
    let at_once = (DEQUANTISED / width).clamp(1, out);
    let mut numbers = vec![0.0; at_once * width];
    let mut products = vec![0.0; out * m];
    let arch = Arch::new();
    let parts = blocks.chunks(at_once * in_row);
    for (blocks, products) in parts.zip(products.chunks_mut(at_once * m)) {
        let rows = blocks.len() / in_row;
        let numbers = &mut numbers[..rows * width];
        for_each_chunk(numbers, width, |row, numbers| {
            arch.dispatch(Dequantise::<F> {
                blocks: &blocks[row * in_row..][..in_row],
                numbers,
            });
        });
        let part = Matrix::new(numbers, rows, width);
        let x = Matrix::new(x, m, width).transposed();
        // The matrix has lost more already than brain floats lose.
        let factors = match bf16_is_fast() {
            true => Factors::Bf16,
            false => Factors::F32,
        };
        multiply(part, x, products, false, factors);
    }
    products
}

struct Dequantise<'a, F: Form> {
    blocks: &'a [F::Bytes],
    numbers: &'a mut [f32],
}

impl<F: Form> WithSimd for Dequantise<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (numbers, _) = self.numbers.as_chunks_mut::<BLOCK>();
        for (numbers, block) in numbers.iter_mut().zip(self.blocks) {
            *numbers = F::parts(block).numbers();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_dequantised_matrix() -> Result<()> {
        let weight = Tensor::randn(0.3f32, 1.0, (48, 96), &Device::Cpu)?;
        for form in [GgmlDType::Q8_0, GgmlDType::Q4_0, GgmlDType::Q4_1] {
            let quantised = Arc::new(QTensor::quantize(&weight, form)?);
            let exact = quantised.dequantize(&Device::Cpu)?.narrow(0, 0, 37)?;
            let ours = BlockMatrix::new(quantised, 37);
            for m in [1, 2, 3, 4, 7, MOST_ROWS, MOST_ROWS + 1, 33] {
                let x = Tensor::randn(0f32, 1.0, (m, 96), &Device::Cpu)?;
                let expected = x.matmul(&exact.t()?)?;
                let difference = (ours.product(&x)? - expected)?.abs()?.max_all()?;
                let difference = difference.to_scalar::<f32>()?;
                // 96 products of numbers around 1, one factor of each with eight bits, if not dequantised and exact.
                let bound = match m > MOST_ROWS && !bf16_is_fast() {
                    true => 1e-4,
                    false => 0.3,
                };
                assert!(difference < bound, "{form:?} {m} rows: {difference}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() -> Result<()> {
        let weight = Tensor::randn(0f32, 1.0, (32, 64), &Device::Cpu)?;
        let matrix = Arc::new(QTensor::quantize(&weight, GgmlDType::Q8_0)?);
        let matrix = BlockMatrix::new(matrix, 32);
        let x = Tensor::randn(0f32, 1.0, (7, 64), &Device::Cpu)?;
        let together = matrix.product(&x)?;
        for row in 0..7 {
            let alone = matrix.product(&x.narrow(0, row, 1)?)?;
            assert_eq!(
                alone.flatten_all()?.to_vec1::<f32>()?,
                together.get(row)?.to_vec1::<f32>()?
            );
        }
        Ok(())
    }
}

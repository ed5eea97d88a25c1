//! Products with matrices that are held in blocks of small numbers, as ggml has them.
//!
//! Rows of activations are rounded to blocks of 8-bit numbers too ([`activations`]), and whole numbers are multiplied
//! ([`kernel`]), sixteen rows of the matrix at once ([`packed`]): for one token reading the matrix from memory is then all
//! of the cost, and many tokens take a fraction of the products of `f32`.

mod activations;
mod forms;
mod kernel;
mod packed;
mod quantise;

use std::sync::LazyLock;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

use self::activations::Activations;
use self::forms::{BLOCK, Form, Q4_0, Q4_1, Q8_0};
use self::kernel::Kernel;
use self::packed::{Packed, ROWS};
use super::{SharedPointer, contiguous, for_each_index};

/// What numbers can be rounded to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Quantisation {
    Q8_0,
    Q4_0,
}

/// A matrix `(out, in)` in blocks along its rows.
pub(in crate::model) struct BlockMatrix {
    blocks: Blocks,
    out: usize,
    width: usize,
}

enum Blocks {
    Q8_0(Packed<Q8_0>),
    Q4_0(Packed<Q4_0>),
    Q4_1(Packed<Q4_1>),
}

impl BlockMatrix {
    /// Whether there are kernels for a form.
    pub(in crate::model) fn knows(form: GgmlDType) -> bool {
        matches!(form, GgmlDType::Q8_0 | GgmlDType::Q4_0 | GgmlDType::Q4_1)
    }

    /// The first `out` rows of a matrix in main memory, in a form that is known.
    ///
    /// # Errors
    /// When it is not known.
    pub(in crate::model) fn new(matrix: &QTensor, out: usize) -> Result<Self> {
        let (_, width) = matrix.shape().dims2()?;
        let (bytes, in_row) = (matrix.data()?, width / BLOCK);
        let blocks = match matrix.dtype() {
            GgmlDType::Q8_0 => Blocks::Q8_0(Packed::of(&bytes, out, in_row)),
            GgmlDType::Q4_0 => Blocks::Q4_0(Packed::of(&bytes, out, in_row)),
            GgmlDType::Q4_1 => Blocks::Q4_1(Packed::of(&bytes, out, in_row)),
            other => candle_core::bail!("there are no kernels for {other:?}"),
        };
        Ok(Self { blocks, out, width })
    }

    /// `out` rows of numbers in blocks.
    ///
    /// # Errors
    /// When the rows are no whole number of blocks.
    pub(in crate::model) fn quantise(
        numbers: &[f32],
        out: usize,
        to: Quantisation,
    ) -> Result<Self> {
        let width = numbers.len() / out;
        if !width.is_multiple_of(BLOCK) {
            candle_core::bail!("rows of {width} numbers are no blocks of {BLOCK}");
        }
        let in_row = width / BLOCK;
        let blocks = match to {
            Quantisation::Q8_0 => Blocks::Q8_0(Packed::of(&quantise::q8_0(numbers), out, in_row)),
            Quantisation::Q4_0 => Blocks::Q4_0(Packed::of(&quantise::q4_0(numbers), out, in_row)),
        };
        Ok(Self { blocks, out, width })
    }

    /// `x (m, in)` times the transpose: `(m, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub(in crate::model) fn product(&self, x: &Tensor) -> Result<Tensor> {
        x.contiguous()?.apply_op1_no_bwd(&BlockProduct(self))
    }

    /// The rows of these numbers: `(ids.len(), in)`.
    ///
    /// # Errors
    /// When one is not there.
    pub(in crate::model) fn rows(&self, ids: &[u32]) -> Result<Tensor> {
        let mut numbers = Vec::with_capacity(ids.len() * self.width);
        for &id in ids {
            let id = id as usize;
            if id >= self.out {
                candle_core::bail!("row {id} of {} was asked for", self.out);
            }
            match &self.blocks {
                Blocks::Q8_0(packed) => packed.row(id, &mut numbers),
                Blocks::Q4_0(packed) => packed.row(id, &mut numbers),
                Blocks::Q4_1(packed) => packed.row(id, &mut numbers),
            }
        }
        Tensor::from_vec(numbers, (ids.len(), self.width), &Device::Cpu)
    }
}

struct BlockProduct<'a>(&'a BlockMatrix);

impl CustomOp1 for BlockProduct<'_> {
    fn name(&self) -> &'static str {
        "block-product"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let BlockMatrix { blocks, out, width } = self.0;
        let (m, k) = layout.shape().dims2()?;
        if k != *width {
            candle_core::bail!("block-product: {m} x {k} does not fit {out} x {width}");
        }
        let x = Activations::of(contiguous(x, layout, self.name())?);
        let product = match blocks {
            Blocks::Q8_0(packed) => product(packed, *out, &x),
            Blocks::Q4_0(packed) => product(packed, *out, &x),
            Blocks::Q4_1(packed) => product(packed, *out, &x),
        };
        Ok((CpuStorage::F32(product), Shape::from((m, *out))))
    }
}

fn product<F: Form>(matrix: &Packed<F>, out: usize, x: &[Activations]) -> Vec<f32> {
    /// Activations that stay in a processor's second cache while all groups pass by, in blocks.
    const AT_ONCE: usize = 8192;
    static KERNEL: LazyLock<Kernel> =
        LazyLock::new(|| Kernel::at_hand().pop().unwrap_or(Kernel::Portable));
    let (kernel, in_row) = (*KERNEL, matrix.in_row());
    let (m, groups) = (x.len() / in_row, out.div_ceil(ROWS));
    let rows_at_once = (AT_ONCE / in_row).next_multiple_of(ROWS);
    let mut products = Vec::with_capacity(m * out);
    let shared = SharedPointer::of(products.spare_capacity_mut());
    for_each_index(m.div_ceil(rows_at_once) * groups, |index| {
        let (top, first) = (index / groups * rows_at_once, index % groups * ROWS);
        let count = ROWS.min(out - first);
        let x = &x[top * in_row..m.min(top + rows_at_once) * in_row];
        kernel.products::<F>(&matrix.group(index % groups), x, |row, sums| {
            // SAFETY: the rows from `top` and columns from `first` on are this index' own, and there is room for `m`
            // rows of `out`.
            unsafe {
                let to = shared.get().add((top + row) * out + first);
                to.copy_from_nonoverlapping(sums.as_ptr(), count);
            }
        });
    });
    // SAFETY: the indices cover all rows and columns.
    unsafe { products.set_len(m * out) };
    products
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_dequantised_matrix() -> Result<()> {
        let weight = Tensor::randn(0.3f32, 1.0, (48, 96), &Device::Cpu)?;
        for form in [GgmlDType::Q8_0, GgmlDType::Q4_0, GgmlDType::Q4_1] {
            let quantised = QTensor::quantize(&weight, form)?;
            let exact = quantised.dequantize(&Device::Cpu)?.narrow(0, 0, 37)?;
            let ours = BlockMatrix::new(&quantised, 37)?;
            let rows = ours.rows(&[36, 0])?;
            let expected = exact.index_select(&Tensor::new(&[36u32, 0], &Device::Cpu)?, 0)?;
            let difference = (rows - expected)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(difference < 1e-6, "{form:?}: {difference}");
            for m in [1, 2, 3, 8, 33, 3000] {
                // Numbers that 8 bits hold, the largest in each block: what is rounded is what was there.
                let number = |at: usize| match at % BLOCK {
                    0 => 127.0 / 64.0,
                    _ => ((at * 37 % 255) as f32 - 127.0) / 64.0,
                };
                let x = Tensor::from_iter((0..m * 96).map(number), &Device::Cpu)?;
                let x = x.reshape((m, 96))?;
                let expected = x.matmul(&exact.t()?)?;
                let difference = (ours.product(&x)? - expected)?.abs()?.max_all()?;
                let difference = difference.to_scalar::<f32>()?;
                assert!(difference < 1e-4, "{form:?} {m} rows: {difference}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() -> Result<()> {
        let weight = Tensor::randn(0f32, 1.0, (32, 64), &Device::Cpu)?;
        let matrix = BlockMatrix::new(&QTensor::quantize(&weight, GgmlDType::Q8_0)?, 32)?;
        let x = Tensor::randn(0f32, 1.0, (11, 64), &Device::Cpu)?;
        let together = matrix.product(&x)?;
        for row in 0..11 {
            let alone = matrix.product(&x.narrow(0, row, 1)?)?;
            assert_eq!(
                alone.flatten_all()?.to_vec1::<f32>()?,
                together.get(row)?.to_vec1::<f32>()?
            );
        }
        Ok(())
    }
}

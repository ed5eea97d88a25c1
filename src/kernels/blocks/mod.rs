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

use std::borrow::Cow;
use std::sync::LazyLock;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Device, Layout, Result, Shape, Tensor};

use self::activations::Activations;
use self::forms::{BLOCK, Form, Q4_0, Q4_1, Q8_0};
use self::kernel::Kernel;
use self::packed::{Packed, ROWS};
use super::{SharedPointer, contiguous, for_each_index, sums};

/// What numbers can be rounded to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantisation {
    Q8_0,
    Q4_0,
}

/// A matrix `(out, in)` in blocks along its rows.
pub struct BlockMatrix {
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
    pub fn knows(form: GgmlDType) -> bool {
        matches!(form, GgmlDType::Q8_0 | GgmlDType::Q4_0 | GgmlDType::Q4_1)
    }

    /// The first `out` rows of a matrix in main memory, in a form that is known.
    ///
    /// # Errors
    /// When it is not known.
    pub fn new(matrix: &QTensor, out: usize) -> Result<Self> {
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

    /// `out` rows of numbers in blocks. They come in pieces of whole blocks, so that not all need be there at once.
    ///
    /// # Errors
    /// When the rows are no whole number of blocks.
    pub fn quantise<'a>(
        pieces: impl Iterator<Item = Cow<'a, [f32]>>,
        out: usize,
        to: Quantisation,
    ) -> Result<Self> {
        let (mut bytes, mut count) = (Vec::new(), 0);
        for numbers in pieces {
            if !numbers.len().is_multiple_of(BLOCK) {
                candle_core::bail!("{} numbers are no whole blocks", numbers.len());
            }
            count += numbers.len();
            let mut piece = match to {
                Quantisation::Q8_0 => quantise::q8_0(&numbers),
                Quantisation::Q4_0 => quantise::q4_0(&numbers),
            };
            if bytes.is_empty() {
                bytes = piece;
            } else {
                bytes.append(&mut piece);
            }
        }
        let width = count.checked_div(out).unwrap_or(0);
        if !width.is_multiple_of(BLOCK) || count != out * width {
            candle_core::bail!("{count} numbers are no {out} rows of blocks");
        }
        let in_row = width / BLOCK;
        let blocks = match to {
            Quantisation::Q8_0 => Blocks::Q8_0(Packed::of(&bytes, out, in_row)),
            Quantisation::Q4_0 => Blocks::Q4_0(Packed::of(&bytes, out, in_row)),
        };
        Ok(Self { blocks, out, width })
    }

    /// How many numbers are in it.
    pub fn numbers(&self) -> usize {
        self.out * self.width
    }

    /// How many bytes those take.
    pub fn bytes(&self) -> usize {
        let block = match &self.blocks {
            Blocks::Q8_0(_) => GgmlDType::Q8_0,
            Blocks::Q4_0(_) => GgmlDType::Q4_0,
            Blocks::Q4_1(_) => GgmlDType::Q4_1,
        };
        self.numbers() / BLOCK * block.type_size()
    }

    /// `x (m, in)` times the transpose, and a bias added to each row: `(m, out)`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn product(&self, x: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let x = x.contiguous()?;
        match bias {
            None => x.apply_op1_no_bwd(&BlockProduct(self)),
            Some(bias) => x.apply_op2_no_bwd(bias, &BlockProduct(self)),
        }
    }

    /// The rows of these numbers: `(ids.len(), in)`.
    ///
    /// # Errors
    /// When one is not there.
    pub fn rows(&self, ids: &[u32]) -> Result<Tensor> {
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

/// Without a bias, and with one.
struct BlockProduct<'a>(&'a BlockMatrix);

const NAME: &str = "block-product";

impl CustomOp1 for BlockProduct<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.product(x, layout, &[])
    }
}

impl CustomOp2 for BlockProduct<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let bias = contiguous(bias, bias_layout, NAME)?;
        if bias.len() != self.0.out {
            candle_core::bail!("{NAME}: {} biases for {} numbers", bias.len(), self.0.out);
        }
        self.product(x, layout, bias)
    }
}

impl BlockProduct<'_> {
    fn product(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        bias: &[f32],
    ) -> Result<(CpuStorage, Shape)> {
        let BlockMatrix { blocks, out, width } = self.0;
        let (m, k) = layout.shape().dims2()?;
        if k != *width {
            candle_core::bail!("{NAME}: {m} x {k} does not fit {out} x {width}");
        }
        let x = contiguous(x, layout, NAME)?;
        let product = match blocks {
            Blocks::Q8_0(packed) => product(packed, *out, x, bias),
            Blocks::Q4_0(packed) => product(packed, *out, x, bias),
            Blocks::Q4_1(packed) => product(packed, *out, x, bias),
        };
        Ok((CpuStorage::F32(product), Shape::from((m, *out))))
    }
}

/// The rows of `x` with the first `out` of a matrix, and `bias`, unless it is empty, added to each.
fn product<F: Form>(matrix: &Packed<F>, out: usize, x: &[f32], bias: &[f32]) -> Vec<f32> {
    /// Activations that stay in a processor's second cache while all groups pass by, in blocks.
    const AT_ONCE: usize = 8192;
    /// Groups that a thread takes at once.
    const GROUPS: usize = 2;
    static KERNEL: LazyLock<Kernel> =
        LazyLock::new(|| Kernel::at_hand().pop().unwrap_or(Kernel::Portable));
    let (kernel, in_row) = (*KERNEL, matrix.in_row());
    let x = Activations::of::<F>(x);
    let (m, groups) = (x.len() / in_row, out.div_ceil(ROWS));
    let rows_at_once = (AT_ONCE / in_row).next_multiple_of(ROWS);
    let mut products: Vec<f32> = Vec::with_capacity(m * out);
    let shared = SharedPointer::of(products.spare_capacity_mut());
    let parts = groups.div_ceil(GROUPS);
    for_each_index(m.div_ceil(rows_at_once) * parts, |index| {
        let (top, first) = (index / parts * rows_at_once, index % parts * GROUPS);
        let x = &x[top * in_row..m.min(top + rows_at_once) * in_row];
        let both = [
            matrix.group(first),
            matrix.group(groups.min(first + GROUPS) - 1),
        ];
        kernel.products::<F>(
            &both[..GROUPS.min(groups - first)],
            x,
            |row, group, sums| {
                let column = (first + group) * ROWS;
                let (mut sums, count) = (*sums, ROWS.min(out - column));
                if !bias.is_empty() {
                    sums::add(&mut sums[..count], &bias[column..]);
                }
                // SAFETY: the rows from `top` and the columns of these groups are this index' own, and there is room for
                // `m` rows of `out`.
                unsafe {
                    let to = shared.get().add((top + row) * out + column);
                    match count {
                        ROWS => to.cast::<[f32; ROWS]>().write_unaligned(sums),
                        _ => to.copy_from_nonoverlapping(sums.as_ptr(), count),
                    }
                }
            },
        );
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
                let bias = Tensor::randn(0f32, 1.0, 37, &Device::Cpu)?;
                let biased = ours.product(&x, Some(&bias))?.broadcast_sub(&bias)?;
                for product in [ours.product(&x, None)?, biased] {
                    let difference = (product - &expected)?.abs()?.max_all()?;
                    let difference = difference.to_scalar::<f32>()?;
                    assert!(difference < 1e-4, "{form:?} {m} rows: {difference}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() -> Result<()> {
        let weight = Tensor::randn(0f32, 1.0, (32, 64), &Device::Cpu)?;
        let matrix = BlockMatrix::new(&QTensor::quantize(&weight, GgmlDType::Q8_0)?, 32)?;
        let x = Tensor::randn(0f32, 1.0, (11, 64), &Device::Cpu)?;
        let together = matrix.product(&x, None)?;
        for row in 0..11 {
            let alone = matrix.product(&x.narrow(0, row, 1)?, None)?;
            assert_eq!(
                alone.flatten_all()?.to_vec1::<f32>()?,
                together.get(row)?.to_vec1::<f32>()?
            );
        }
        Ok(())
    }
}

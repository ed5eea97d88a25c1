//! The product of rows of activations with a weight matrix.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use gemm::{Parallelism, gemm};

use super::{Kernels, Numbers};
use crate::model::cpu::contiguous;

/// `x (n, in)` times `weight (in, out)`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn product(x: &Tensor, weight: &Tensor, kernels: Kernels) -> Result<Tensor> {
    if kernels == Kernels::Fused {
        let op = Product {
            input_gradient: x.track_op(),
            weight_gradient: weight.track_op(),
        };
        return x.contiguous()?.apply_op2(weight, op);
    }
    x.matmul(&weight.to_dtype(x.dtype())?)
}

/// candle's own product computes the gradients of both sides, also of one that is constant.
struct Product {
    input_gradient: bool,
    weight_gradient: bool,
}

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// # Panics
    /// When there are fewer than `rows * columns` numbers.
    pub(super) fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(
            numbers.len() >= rows * columns,
            "too few numbers for a matrix"
        );
        Self {
            numbers,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// Writes `a b` into `out`, row-major, or adds it to what is there.
///
/// # Panics
/// When the shapes do not fit.
pub(super) fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], add: bool) {
    assert_eq!(a.columns, b.rows, "matrices that do not fit");
    assert_eq!(out.len(), a.rows * b.columns, "a result of another size");
    let threads = candle_core::utils::get_num_threads();
    let parallelism = match threads {
        1 => Parallelism::None,
        threads => Parallelism::Rayon(threads),
    };
    // SAFETY: both matrices and the result lie inside of their slices, as was asserted.
    unsafe {
        gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            add,
            a.numbers.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.numbers.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((n, from), (weight_from, to)) =
            (x_layout.shape().dims2()?, weight_layout.shape().dims2()?);
        if from != weight_from {
            candle_core::bail!(
                "product: rows of {from} do not fit a weight of {weight_from} x {to}"
            );
        }
        let x = contiguous(x, x_layout, self.name())?;
        let weight = contiguous(weight, weight_layout, self.name())?;
        let mut out = vec![0.0; n * to];
        multiply(
            Matrix::new(x, n, from),
            Matrix::new(weight, from, to),
            &mut out,
            false,
        );
        Ok((CpuStorage::F32(out), Shape::from((n, to))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let ((n, from), to) = (x.dims2()?, weight.dim(1)?);
        let (xs, weights, gs) = (
            Numbers::of(x)?,
            Numbers::of(weight)?,
            Numbers::of(&gradient)?,
        );
        let g = Matrix::new(&gs, n, to);
        let dx = self.input_gradient.then(|| {
            let mut dx = vec![0.0; n * from];
            multiply(
                g,
                Matrix::new(&weights, from, to).transposed(),
                &mut dx,
                false,
            );
            Tensor::from_vec(dx, x.shape(), x.device())
        });
        let dw = self.weight_gradient.then(|| {
            let mut dw = vec![0.0; from * to];
            multiply(Matrix::new(&xs, n, from).transposed(), g, &mut dw, false);
            Tensor::from_vec(dw, weight.shape(), x.device())
        });
        Ok((dx.transpose()?, dw.transpose()?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        for (n, from, to) in [(1, 1, 1), (3, 17, 5), (65, 33, 129)] {
            let inputs = [normal(1, &[n, from])?, normal(2, &[from, to])?];
            let difference = difference(&inputs, |inputs, kernels| {
                product(&inputs[0], &inputs[1], kernels)
            })?;
            assert!(difference < 1e-4, "{n} x {from} x {to}: {difference}");
        }
        Ok(())
    }

    #[test]
    fn a_constant_side_gets_no_gradient() -> Result<()> {
        let x = candle_core::Var::from_tensor(&normal(1, &[3, 4])?)?;
        let weight = normal(2, &[4, 5])?;
        let gradients = product(&x, &weight, Kernels::Fused)?
            .sum_all()?
            .backward()?;
        assert!(gradients.get(&x).is_some() && gradients.get(&weight).is_none());
        Ok(())
    }
}

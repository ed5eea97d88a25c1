//! The product of rows of activations with a weight matrix.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::{Kernels, Numbers};
use crate::model::cpu::{Factors, Matrix, contiguous, multiply};

/// `x (n, in)` times `weight (in, out)`. `factors` is for the kernel and its backward pass; the plain form multiplies in
/// the type of `x`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn product(x: &Tensor, weight: &Tensor, kernels: Kernels, factors: Factors) -> Result<Tensor> {
    if kernels == Kernels::Fused {
        let op = Product {
            factors,
            input_gradient: x.track_op(),
            weight_gradient: weight.track_op(),
        };
        return x.contiguous()?.apply_op2(weight, op);
    }
    x.matmul(&weight.to_dtype(x.dtype())?)
}

/// candle's own product computes the gradients of both sides, also of one that is constant.
struct Product {
    factors: Factors,
    input_gradient: bool,
    weight_gradient: bool,
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
            self.factors,
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
                self.factors,
            );
            Tensor::from_vec(dx, x.shape(), x.device())
        });
        let dw = self.weight_gradient.then(|| {
            let mut dw = vec![0.0; from * to];
            let inputs = Matrix::new(&xs, n, from).transposed();
            multiply(inputs, g, &mut dw, false, self.factors);
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
                product(&inputs[0], &inputs[1], kernels, Factors::F32)
            })?;
            assert!(difference < 1e-4, "{n} x {from} x {to}: {difference}");
        }
        Ok(())
    }

    #[test]
    fn a_constant_side_gets_no_gradient() -> Result<()> {
        let x = candle_core::Var::from_tensor(&normal(1, &[3, 4])?)?;
        let weight = normal(2, &[4, 5])?;
        let gradients = product(&x, &weight, Kernels::Fused, Factors::F32)?
            .sum_all()?
            .backward()?;
        assert!(gradients.get(&x).is_some() && gradients.get(&weight).is_none());
        Ok(())
    }
}

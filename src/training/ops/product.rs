//! The product of rows of activations with a weight matrix, with or without a bias.

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};

use super::{Kernels, Numbers, plain_bias};
use crate::model::cpu::{self, Factors, Matrix, contiguous, for_each_chunk, multiply, sums};

/// Rows that are filled with the bias, or summed for its gradient, at once.
const ROWS_AT_ONCE: usize = 64;

/// `x (n, in)` times `weight (in, out)`, and `bias (out)` added to every row. `factors` is for the kernel and its
/// backward pass; the plain form multiplies in the type of `x`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn product(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    kernels: Kernels,
    factors: Factors,
) -> Result<Tensor> {
    if kernels == Kernels::Plain {
        let out = x.matmul(&weight.to_dtype(x.dtype())?)?;
        return match bias {
            Some(bias) => plain_bias(&out, bias),
            None => Ok(out),
        };
    }
    let op = Product {
        factors,
        input_gradient: x.track_op(),
        weight_gradient: weight.track_op(),
    };
    let no_bias = Tensor::zeros(0, DType::F32, x.device())?;
    x.contiguous()?
        .apply_op3(weight, bias.unwrap_or(&no_bias), op)
}

/// candle's own product computes the gradients of both sides, also of one that is constant.
struct Product {
    factors: Factors,
    input_gradient: bool,
    weight_gradient: bool,
}

impl CustomOp3 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
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
        let bias = contiguous(bias, bias_layout, self.name())?;
        let (x, weight) = (Matrix::new(x, n, from), Matrix::new(weight, from, to));
        let out = match bias.len() {
            0 => cpu::product(x, weight, self.factors),
            length if length == to => {
                let mut out = vec![0.0; n * to];
                for_each_chunk(&mut out, ROWS_AT_ONCE * to, |_, rows| {
                    for row in rows.chunks_exact_mut(to) {
                        row.copy_from_slice(bias);
                    }
                });
                multiply(x, weight, &mut out, true, self.factors);
                out
            }
            length => candle_core::bail!("product: a bias of {length} does not fit {to} columns"),
        };
        Ok((CpuStorage::F32(out), Shape::from((n, to))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let ((n, from), to) = (x.dims2()?, weight.dim(1)?);
        let (xs, weights, gs) = (
            Numbers::of(x)?,
            Numbers::of(weight)?,
            Numbers::of(&gradient)?,
        );
        let g = Matrix::new(&gs, n, to);
        let dx = self.input_gradient.then(|| {
            let weights = Matrix::new(&weights, from, to).transposed();
            Tensor::from_vec(
                cpu::product(g, weights, self.factors),
                x.shape(),
                x.device(),
            )
        });
        let dw = self.weight_gradient.then(|| {
            let inputs = Matrix::new(&xs, n, from).transposed();
            Tensor::from_vec(
                cpu::product(inputs, g, self.factors),
                weight.shape(),
                x.device(),
            )
        });
        let db = (bias.track_op() && bias.elem_count() == to).then(|| {
            let mut partial = vec![0.0; n.div_ceil(ROWS_AT_ONCE) * to];
            for_each_chunk(&mut partial, to, |group, sum| {
                let rows = &gs[group * ROWS_AT_ONCE * to..];
                for row in rows.chunks_exact(to).take(ROWS_AT_ONCE) {
                    sums::add(sum, row);
                }
            });
            Tensor::from_vec(sums::rows(&partial, to), to, x.device())
        });
        Ok((dx.transpose()?, dw.transpose()?, db.transpose()?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        for (n, from, to) in [(1, 1, 1), (3, 17, 5), (65, 33, 129)] {
            let inputs = [
                normal(1, &[n, from])?,
                normal(2, &[from, to])?,
                normal(3, &[to])?,
            ];
            for sides in [2, 3] {
                let difference = difference(&inputs[..sides], |inputs, kernels| {
                    let bias = inputs.get(2);
                    product(&inputs[0], &inputs[1], bias, kernels, Factors::F32)
                })?;
                assert!(difference < 1e-4, "{n} x {from} x {to}: {difference}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_constant_side_gets_no_gradient() -> Result<()> {
        let x = candle_core::Var::from_tensor(&normal(1, &[3, 4])?)?;
        let weight = normal(2, &[4, 5])?;
        let gradients = product(&x, &weight, None, Kernels::Fused, Factors::F32)?
            .sum_all()?
            .backward()?;
        assert!(gradients.get(&x).is_some() && gradients.get(&weight).is_none());
        Ok(())
    }
}

//! The product of rows of activations with a weight matrix, with or without a bias.

use candle_core::{DType, Result, Tensor};

use super::{Kernels, Numbers, Pass, plain_bias};
use crate::kernels::{self, Factors, Matrix, for_each_chunk, sums};

/// Rows that are summed for the bias's gradient at once.
const ROWS_AT_ONCE: usize = 64;

/// `x (n, in)` times `weight (in, out)`, and `bias (out)` added to every row. `factors` is for the kernel and its
/// backward pass; the plain form multiplies in the type of `x`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn product(
    pass: &Pass,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    factors: Factors,
) -> Result<Tensor> {
    if pass.kernels() == Kernels::Plain {
        let out = x.matmul(&weight.to_dtype(x.dtype())?)?;
        return match bias {
            Some(bias) => plain_bias(&out, bias),
            None => Ok(out),
        };
    }
    let ((n, from), (weight_from, to)) = (x.dims2()?, weight.dims2()?);
    if from != weight_from {
        candle_core::bail!("product: rows of {from} do not fit a weight of {weight_from} x {to}");
    }
    #[cfg(feature = "cuda")]
    if x.device().is_cuda() {
        return super::card::product(pass, x, weight, bias);
    }
    let no_bias = Tensor::zeros(0, DType::F32, x.device())?;
    let bias = bias.unwrap_or(&no_bias);
    let out = {
        let (xs, weights, biases) = (Numbers::of(x)?, Numbers::of(weight)?, Numbers::of(bias)?);
        if !biases.is_empty() && biases.len() != to {
            candle_core::bail!("product: a bias of {} for {to} columns", biases.len());
        }
        let (xs, weights) = (Matrix::new(&xs, n, from), Matrix::new(&weights, from, to));
        Tensor::from_vec(
            kernels::product(xs, weights, &biases, factors),
            (n, to),
            x.device(),
        )?
    };
    let op = Product {
        factors,
        x: x.clone(),
        weight: weight.clone(),
        wanted: [x, weight, bias].map(|input| pass.wants(input)),
    };
    Ok(pass.record(out, [x, weight, bias], move |gradient| {
        op.backward(gradient)
    }))
}

struct Product {
    factors: Factors,
    x: Tensor,
    weight: Tensor,
    /// Which inputs need a gradient. candle's own product computes those of constants too.
    wanted: [bool; 3],
}

impl Product {
    fn backward(&self, gradient: &Tensor) -> Result<[Option<Tensor>; 3]> {
        let Self { x, weight, .. } = self;
        let ((n, from), to, device) = (x.dims2()?, weight.dim(1)?, x.device());
        let (xs, weights, gs) = (
            Numbers::of(x)?,
            Numbers::of(weight)?,
            Numbers::of(gradient)?,
        );
        let g = Matrix::new(&gs, n, to);
        let [dx, dw, db] = self.wanted;
        let dx = dx.then(|| {
            let weights = Matrix::new(&weights, from, to).transposed();
            let dx = kernels::product(g, weights, &[], self.factors);
            Tensor::from_vec(dx, x.shape(), device)
        });
        let dw = dw.then(|| {
            let inputs = Matrix::new(&xs, n, from).transposed();
            let dw = kernels::product(inputs, g, &[], self.factors);
            Tensor::from_vec(dw, weight.shape(), device)
        });
        let db = db.then(|| {
            let mut partial = vec![0.0; n.div_ceil(ROWS_AT_ONCE) * to];
            for_each_chunk(&mut partial, to, |group, sum| {
                let rows = &gs[group * ROWS_AT_ONCE * to..];
                for row in rows.chunks_exact(to).take(ROWS_AT_ONCE) {
                    sums::add(sum, row);
                }
            });
            Tensor::from_vec(sums::rows(&partial, to), to, device)
        });
        Ok([dx.transpose()?, dw.transpose()?, db.transpose()?])
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
                let difference = difference(&inputs[..sides], |pass, inputs| {
                    let bias = inputs.get(2);
                    product(pass, &inputs[0], &inputs[1], bias, Factors::F32)
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
        let pass = Pass::new(Kernels::Fused, true);
        let out = product(&pass, &x, &weight, None, Factors::F32)?;
        let gradients = pass.backward(&out, None)?;
        assert!(gradients.get(&x).is_some() && gradients.get(&weight).is_none());
        Ok(())
    }
}

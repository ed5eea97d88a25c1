//! Layer norm: `(x - mean) / sqrt(variance + epsilon) * weight + bias` over each row (Ba, Kiros, Hinton 2016).

use candle_core::{D, DType, Result, Tensor};
use pulp::{Arch, Simd};

use super::{Kernels, Numbers, Pass};
use crate::kernels::{collect_beside, layer_norm as forward, moments, sums};

/// Rows whose share of the parameters' gradients is summed together.
const ROWS_AT_ONCE: usize = 64;

/// The norm of each row of `x (n, width)`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn layer_norm(
    pass: &Pass,
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f64,
) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    if pass.kernels() == Kernels::Fused && x.device().is_cuda() {
        return super::card::layer_norm(pass, x, weight, bias, epsilon as f32);
    }
    if pass.kernels() == Kernels::Fused {
        let op = LayerNorm {
            epsilon: epsilon as f32,
            x: x.clone(),
            weight: weight.clone(),
        };
        let out = {
            let (xs, weights, biases) = (Numbers::of(x)?, Numbers::of(weight)?, Numbers::of(bias)?);
            forward(&xs, &weights, &biases, op.epsilon)?
        };
        let out = Tensor::from_vec(out, x.shape(), x.device())?;
        return Ok(pass.record(out, [x, weight, bias], move |gradient| {
            op.backward(gradient)
        }));
    }
    // candle's own layer norm is fast and has no backward.
    let wide = x.to_dtype(DType::F32)?;
    let centred = wide.broadcast_sub(&wide.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let normal = centred.broadcast_div(&(variance + epsilon)?.sqrt()?)?;
    normal
        .broadcast_mul(weight)?
        .broadcast_add(bias)?
        .to_dtype(x.dtype())
}

struct LayerNorm {
    epsilon: f32,
    x: Tensor,
    weight: Tensor,
}

impl LayerNorm {
    fn backward(&self, gradient: &Tensor) -> Result<[Option<Tensor>; 3]> {
        let Self { epsilon, x, weight } = self;
        let (xs, weights, gs) = (
            Numbers::of(x)?,
            Numbers::of(weight)?,
            Numbers::of(gradient)?,
        );
        let (xs, weights, gs): (&[f32], &[f32], &[f32]) = (&xs, &weights, &gs);
        let width = weights.len();
        let groups = xs.len().div_ceil(ROWS_AT_ONCE * width);
        let mut partial = vec![0.0; groups * 2 * width];
        let dx = collect_beside(
            (xs.len(), ROWS_AT_ONCE * width),
            (&mut partial, 2 * width),
            |group, dx, partial| {
                let start = group * ROWS_AT_ONCE * width;
                let xs = &xs[start..start + dx.len()];
                let gs = &gs[start..start + dx.len()];
                backward_rows(xs, gs, weights, *epsilon, dx, partial);
            },
        );
        let parameters = sums::rows(&partial, 2 * width);
        let (dw, db) = parameters.split_at(width);
        let device = x.device();
        Ok([
            Some(Tensor::from_vec(dx, x.shape(), device)?),
            Some(Tensor::from_slice(dw, width, device)?),
            Some(Tensor::from_slice(db, width, device)?),
        ])
    }
}

/// `partial` gets the gradients of weight and bias, one after the other.
#[pulp::with_simd(backward_rows = Arch::new())]
#[inline(always)]
fn backward_rows_with_simd<S: Simd>(
    _: S,
    xs: &[f32],
    gs: &[f32],
    weight: &[f32],
    epsilon: f32,
    dx: &mut [f32],
    partial: &mut [f32],
) {
    let width = weight.len();
    let (dw, db) = partial.split_at_mut(width);
    let rows = xs.chunks_exact(width).zip(gs.chunks_exact(width));
    for ((x, g), dx) in rows.zip(dx.chunks_exact_mut(width)) {
        backward_row(x, g, weight, epsilon, dx, dw, db);
    }
}

/// With `n = (x - mean) * scale` and `h = g * weight`: `dx = scale * (h - mean(h) - n * mean(h * n))`.
#[inline(always)]
fn backward_row(
    x: &[f32],
    g: &[f32],
    weight: &[f32],
    epsilon: f32,
    dx: &mut [f32],
    dw: &mut [f32],
    db: &mut [f32],
) {
    let width = x.len();
    let (mean, scale) = moments(x, epsilon);
    for i in 0..width {
        let normal = (x[i] - mean) * scale;
        dw[i] += g[i] * normal;
        db[i] += g[i];
        dx[i] = normal;
    }
    let share = 1.0 / width as f32;
    let mean_h = sums::dot(g, weight) * share;
    let mut lanes = [0.0f32; 16];
    for (i, normal) in dx.iter().enumerate() {
        lanes[i % 16] += g[i] * weight[i] * normal;
    }
    let mean_hn = sums::sum(&lanes) * share;
    for i in 0..width {
        dx[i] = scale * (g[i] * weight[i] - mean_h - dx[i] * mean_hn);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        for (rows, width) in [(1, 1), (3, 7), (65, 33), (130, 256)] {
            let inputs = [
                normal(1, &[rows, width])?,
                normal(2, &[width])?,
                normal(3, &[width])?,
            ];
            let difference = difference(&inputs, |pass, inputs| {
                layer_norm(pass, &inputs[0], &inputs[1], &inputs[2], 1e-5)
            })?;
            assert!(difference < 1e-4, "{rows} x {width}: {difference}");
        }
        Ok(())
    }
}

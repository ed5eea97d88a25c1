//! Layer norm: `(x - mean) / sqrt(variance + epsilon) * weight + bias` over each row (Ba, Kiros, Hinton 2016).

use candle_core::{CpuStorage, CustomOp3, D, DType, Layout, Result, Shape, Tensor};
use pulp::Arch;

use super::{Kernels, Numbers, for_each_pair};
use crate::model::cpu::{contiguous, layer_norm as forward, moments, sums};

/// Rows whose share of the parameters' gradients is summed together.
const ROWS_AT_ONCE: usize = 64;

/// The norm of each row of `x (n, width)`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn layer_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f64,
    kernels: Kernels,
) -> Result<Tensor> {
    if kernels == Kernels::Fused {
        return x.contiguous()?.apply_op3(
            weight,
            bias,
            LayerNorm {
                epsilon: epsilon as f32,
            },
        );
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
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
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
        let x = contiguous(x, x_layout, self.name())?;
        let weight = contiguous(weight, weight_layout, self.name())?;
        let bias = contiguous(bias, bias_layout, self.name())?;
        let out = forward(x, weight, bias, self.epsilon)?;
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let (xs, weights, gs) = (
            Numbers::of(x)?,
            Numbers::of(weight)?,
            Numbers::of(&gradient)?,
        );
        let (xs, weights, gs): (&[f32], &[f32], &[f32]) = (&xs, &weights, &gs);
        let width = weights.len();
        let groups = xs.len().div_ceil(ROWS_AT_ONCE * width);
        let mut dx = vec![0.0; xs.len()];
        let mut partial = vec![0.0; groups * 2 * width];
        let arch = Arch::new();
        for_each_pair(
            (&mut dx, ROWS_AT_ONCE * width),
            (&mut partial, 2 * width),
            |group, dx, partial| {
                let start = group * ROWS_AT_ONCE * width;
                let xs = &xs[start..start + dx.len()];
                let gs = &gs[start..start + dx.len()];
                arch.dispatch(|| {
                    let (dw, db) = partial.split_at_mut(width);
                    let rows = xs.chunks_exact(width).zip(gs.chunks_exact(width));
                    for ((x, g), dx) in rows.zip(dx.chunks_exact_mut(width)) {
                        backward_row(x, g, weights, self.epsilon, dx, dw, db);
                    }
                });
            },
        );
        let parameters = sums::rows(&partial, 2 * width);
        let (dw, db) = parameters.split_at(width);
        let device = x.device();
        Ok((
            Some(Tensor::from_vec(dx, x.shape(), device)?),
            Some(Tensor::from_slice(dw, width, device)?),
            Some(Tensor::from_slice(db, width, device)?),
        ))
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
            let difference = difference(&inputs, |inputs, kernels| {
                layer_norm(&inputs[0], &inputs[1], &inputs[2], 1e-5, kernels)
            })?;
            assert!(difference < 1e-4, "{rows} x {width}: {difference}");
        }
        Ok(())
    }
}

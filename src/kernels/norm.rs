//! Norms of rows. candle's own hand each row to a thread pool that sleeps in between: for one token, waking it takes
//! longer than the norm.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape};
use pulp::{Arch, Simd};

use super::{collect_chunks, contiguous, sums};

/// Rows that a thread takes at once.
const ROWS_AT_ONCE: usize = 64;

/// `(x - mean) / sqrt(variance + epsilon) * weight + bias` of each row of `x (n, width)` (Ba, Kiros, Hinton 2016).
pub struct LayerNorm {
    pub epsilon: f32,
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
        let out = layer_norm(x, weight, bias, self.epsilon)?;
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

/// The layer norm of each row of as many numbers as `weight` has.
///
/// # Errors
/// When the sizes do not fit.
pub(crate) fn layer_norm(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) -> Result<Vec<f32>> {
    let width = weight.len();
    if bias.len() != width {
        candle_core::bail!("layer-norm: {} biases for a width of {width}", bias.len());
    }
    by_rows(x, width, |x, out| {
        layer_norm_rows(x, weight, bias, epsilon, out);
    })
}

#[pulp::with_simd(layer_norm_rows = Arch::new())]
#[inline(always)]
fn layer_norm_rows_with_simd<S: Simd>(
    _: S,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
    out: &mut [f32],
) {
    let width = weight.len();
    for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let (mean, scale) = moments(x, epsilon);
        for i in 0..width {
            out[i] = (x[i] - mean) * scale * weight[i] + bias[i];
        }
    }
}

/// A row's mean and the inverse of its standard deviation.
#[inline(always)]
pub(crate) fn moments(x: &[f32], epsilon: f32) -> (f32, f32) {
    let width = x.len() as f32;
    let mean = sums::sum(x) / width;
    let mut centred = 0.0f32;
    let (chunks, rest) = x.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for chunk in chunks {
        for lane in 0..16 {
            let d = chunk[lane] - mean;
            lanes[lane] += d * d;
        }
    }
    for lane in lanes {
        centred += lane;
    }
    for x in rest {
        centred += (x - mean) * (x - mean);
    }
    (mean, 1.0 / (centred / width + epsilon).sqrt())
}

/// `x / sqrt(mean of squares + epsilon) * weight` of each row of `x (n, width)` (Zhang, Sennrich 2019).
pub struct RmsNorm {
    pub epsilon: f32,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = contiguous(x, x_layout, self.name())?;
        let weight = contiguous(weight, weight_layout, self.name())?;
        let out = by_rows(x, weight.len(), |x, out| {
            rms_norm_rows(x, weight, self.epsilon, out);
        })?;
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

#[pulp::with_simd(rms_norm_rows = Arch::new())]
#[inline(always)]
fn rms_norm_rows_with_simd<S: Simd>(
    _: S,
    x: &[f32],
    weight: &[f32],
    epsilon: f32,
    out: &mut [f32],
) {
    let width = weight.len();
    for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let scale = 1.0 / (sums::dot(x, x) / width as f32 + epsilon).sqrt();
        for i in 0..width {
            out[i] = x[i] * scale * weight[i];
        }
    }
}

/// Calls `norm(rows, out)` for parts of the rows, on one thread where they are few.
fn by_rows(x: &[f32], width: usize, norm: impl Fn(&[f32], &mut [f32]) + Sync) -> Result<Vec<f32>> {
    if width == 0 || !x.len().is_multiple_of(width) {
        candle_core::bail!("norm: {} numbers are no rows of {width}", x.len());
    }
    if x.len() <= ROWS_AT_ONCE * width {
        let mut out = vec![0.0; x.len()];
        norm(x, &mut out);
        return Ok(out);
    }
    let at_once = ROWS_AT_ONCE * width;
    Ok(collect_chunks(x.len(), at_once, |index, out| {
        let start = index * at_once;
        norm(&x[start..start + out.len()], out);
    }))
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn they_are_what_candle_computes() -> Result<()> {
        for (rows, width) in [(1, 1), (1, 768), (3, 7), (65, 33), (130, 48)] {
            let x = Tensor::randn(0.5f32, 2.0, (rows, width), &Device::Cpu)?;
            let weight = Tensor::randn(1f32, 0.5, width, &Device::Cpu)?;
            let bias = Tensor::randn(0f32, 1.0, width, &Device::Cpu)?;
            let pairs = [
                (
                    x.apply_op3_no_bwd(&weight, &bias, &LayerNorm { epsilon: 1e-3 })?,
                    candle_nn::ops::layer_norm(&x, &weight, &bias, 1e-3)?,
                ),
                (
                    x.apply_op2_no_bwd(&weight, &RmsNorm { epsilon: 1e-3 })?,
                    candle_nn::ops::rms_norm(&x, &weight, 1e-3)?,
                ),
            ];
            for (ours, candles) in pairs {
                let difference = (ours - candles)?.abs()?.max_all()?.to_scalar::<f32>()?;
                assert!(difference < 1e-4, "{rows} x {width}: {difference}");
            }
        }
        Ok(())
    }
}

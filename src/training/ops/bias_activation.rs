//! A bias and the non-linearity after it, in one pass over the numbers each way.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use pulp::Arch;

use super::{Kernels, Numbers, for_each_pair, plain_bias};
use crate::model::Activation;
use crate::model::cpu::{contiguous, exp, for_each_chunk, sums};

/// Rows whose share of the bias's gradient is summed together.
const ROWS_AT_ONCE: usize = 64;

/// `activation(x + bias)` for `x (n, width)`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn bias_activation(
    x: &Tensor,
    bias: &Tensor,
    activation: Activation,
    kernels: Kernels,
) -> Result<Tensor> {
    if kernels == Kernels::Fused {
        return x
            .contiguous()?
            .apply_op2(bias, BiasActivation { activation });
    }
    let x = plain_bias(x, bias)?;
    match activation {
        Activation::GeluTanh => x.gelu(),
        Activation::GeluErf => x.gelu_erf(),
        Activation::QuickGelu => &x * plain_sigmoid(&(&x * 1.702)?)?,
        Activation::Relu => x.relu(),
        Activation::Silu => &x * plain_sigmoid(&x)?,
        Activation::Tanh => x.tanh(),
    }
}

/// candle's sigmoid is fast and has no backward.
fn plain_sigmoid(x: &Tensor) -> Result<Tensor> {
    (x.neg()?.exp()? + 1.0)?.recip()
}

struct BiasActivation {
    activation: Activation,
}

impl BiasActivation {
    /// The function and its slope at one place, for the chosen activation; one call a batch of rows, so that each
    /// loop is compiled for one function.
    fn with(&self, work: impl Work) {
        match self.activation {
            Activation::GeluTanh => work.run(gelu_tanh),
            Activation::GeluErf => work.run(gelu_erf),
            Activation::QuickGelu => work.run(|x| swish(x, 1.702)),
            Activation::Relu => work.run(|x| if x > 0.0 { (x, 1.0) } else { (0.0, 0.0) }),
            Activation::Silu => work.run(|x| swish(x, 1.0)),
            Activation::Tanh => work.run(|x| {
                let t = 2.0 / (1.0 + exp(-2.0 * x)) - 1.0;
                (t, 1.0 - t * t)
            }),
        }
    }
}

/// Something to do with a function that gives its value and its slope.
trait Work {
    fn run(self, function: impl Fn(f32) -> (f32, f32) + Sync);
}

struct Forward<'a> {
    x: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

impl Work for Forward<'_> {
    fn run(self, function: impl Fn(f32) -> (f32, f32) + Sync) {
        let width = self.bias.len();
        let arch = Arch::new();
        for_each_chunk(self.out, ROWS_AT_ONCE * width, |index, out| {
            let start = index * ROWS_AT_ONCE * width;
            let x = &self.x[start..start + out.len()];
            arch.dispatch(|| {
                for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
                    for i in 0..width {
                        out[i] = function(x[i] + self.bias[i]).0;
                    }
                }
            });
        });
    }
}

struct Backward<'a> {
    x: &'a [f32],
    bias: &'a [f32],
    gradient: &'a [f32],
    dx: &'a mut [f32],
    partial: &'a mut [f32],
}

impl Work for Backward<'_> {
    fn run(self, function: impl Fn(f32) -> (f32, f32) + Sync) {
        let width = self.bias.len();
        let arch = Arch::new();
        for_each_pair(
            (self.dx, ROWS_AT_ONCE * width),
            (self.partial, width),
            |group, dx, db| {
                let start = group * ROWS_AT_ONCE * width;
                let x = &self.x[start..start + dx.len()];
                let g = &self.gradient[start..start + dx.len()];
                arch.dispatch(|| {
                    let rows = x.chunks_exact(width).zip(g.chunks_exact(width));
                    for ((x, g), dx) in rows.zip(dx.chunks_exact_mut(width)) {
                        for i in 0..width {
                            dx[i] = g[i] * function(x[i] + self.bias[i]).1;
                        }
                        sums::add(db, dx);
                    }
                });
            },
        );
    }
}

impl CustomOp2 for BiasActivation {
    fn name(&self) -> &'static str {
        "bias-activation"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = contiguous(x, x_layout, self.name())?;
        let bias = contiguous(bias, bias_layout, self.name())?;
        if bias.is_empty() || !x.len().is_multiple_of(bias.len()) {
            candle_core::bail!(
                "bias-activation: {} numbers are no rows of {}",
                x.len(),
                bias.len()
            );
        }
        let mut out = vec![0.0; x.len()];
        self.with(Forward {
            x,
            bias,
            out: &mut out,
        });
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        bias: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let (xs, biases, gs) = (Numbers::of(x)?, Numbers::of(bias)?, Numbers::of(&gradient)?);
        let width = biases.len();
        let mut dx = vec![0.0; xs.len()];
        let mut partial = vec![0.0; xs.len().div_ceil(ROWS_AT_ONCE * width) * width];
        self.with(Backward {
            x: &xs,
            bias: &biases,
            gradient: &gs,
            dx: &mut dx,
            partial: &mut partial,
        });
        let db = sums::rows(&partial, width);
        Ok((
            Some(Tensor::from_vec(dx, x.shape(), x.device())?),
            Some(Tensor::from_vec(db, width, x.device())?),
        ))
    }
}

/// `x * sigmoid(slope * x)`.
#[inline(always)]
fn swish(x: f32, slope: f32) -> (f32, f32) {
    let s = 1.0 / (1.0 + exp(-slope * x));
    (x * s, s + slope * x * s * (1.0 - s))
}

/// `x / 2 * (1 + tanh(u))`, `u = sqrt(2 / pi) * (x + 0.044715 x^3)`, as the equal `x * sigmoid(2 u)`.
#[inline(always)]
fn gelu_tanh(x: f32) -> (f32, f32) {
    const TWICE_ROOT: f32 = 1.595_769;
    let s = 1.0 / (1.0 + exp(-TWICE_ROOT * (x + 0.044_715 * x * x * x)));
    let slope = TWICE_ROOT * (1.0 + 3.0 * 0.044_715 * x * x);
    (x * s, s + x * s * (1.0 - s) * slope)
}

/// `x * P(x)` with the normal distribution's `P`, whose error function is that of Abramowitz and Stegun 7.1.26
/// (within 1.5e-7).
#[inline(always)]
fn gelu_erf(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let polynomial = ((((1.061_405_4 * t - 1.453_152_1) * t + 1.421_413_8) * t - 0.284_496_72) * t
        + 0.254_829_6)
        * t;
    let bell = exp(-z * z);
    let upper = 0.5 * polynomial * bell;
    let p = if x < 0.0 { upper } else { 1.0 - upper };
    /// `1 / sqrt(2 pi)`.
    const PEAK: f32 = 0.398_942_3;
    (x * p, p + x * PEAK * bell)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        let activations = [
            Activation::GeluTanh,
            Activation::GeluErf,
            Activation::QuickGelu,
            Activation::Relu,
            Activation::Silu,
            Activation::Tanh,
        ];
        for activation in activations {
            for (rows, width) in [(1, 1), (67, 19), (130, 64)] {
                let inputs = [(normal(1, &[rows, width])? * 2.0)?, normal(2, &[width])?];
                let difference = difference(&inputs, |inputs, kernels| {
                    bias_activation(&inputs[0], &inputs[1], activation, kernels)
                })?;
                assert!(
                    difference < 2e-5,
                    "{activation:?} {rows} x {width}: {difference}"
                );
            }
        }
        Ok(())
    }
}

//! A bias and the non-linearity after it, in one pass over the numbers each way.

use candle_core::{Result, Tensor};
use pulp::{Arch, Simd};

use super::{Kernels, Numbers, Pass, plain_bias};
use crate::kernels::{collect_beside, collect_chunks, exp, sums};
use crate::model::Activation;

/// Rows whose share of the bias's gradient is summed together.
const ROWS_AT_ONCE: usize = 64;

/// `activation(x + bias)` for `x (n, width)`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn bias_activation(
    pass: &Pass,
    x: &Tensor,
    bias: &Tensor,
    activation: Activation,
) -> Result<Tensor> {
    #[cfg(feature = "cuda")]
    if pass.kernels() == Kernels::Fused && x.device().is_cuda() {
        return super::card::bias_activation(pass, x, bias, activation);
    }
    if pass.kernels() == Kernels::Fused {
        let op = BiasActivation {
            activation,
            x: x.clone(),
            bias: bias.clone(),
        };
        let out = op.forward()?;
        return Ok(pass.record(out, [x, bias], move |gradient| op.backward(gradient)));
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
    x: Tensor,
    bias: Tensor,
}

impl BiasActivation {
    fn forward(&self) -> Result<Tensor> {
        let (x, bias) = (Numbers::of(&self.x)?, Numbers::of(&self.bias)?);
        if bias.is_empty() || !x.len().is_multiple_of(bias.len()) {
            candle_core::bail!(
                "bias-activation: {} numbers are no rows of {}",
                x.len(),
                bias.len()
            );
        }
        let out = self.with(Forward { x: &x, bias: &bias });
        Tensor::from_vec(out, self.x.shape(), self.x.device())
    }

    fn backward(&self, gradient: &Tensor) -> Result<[Option<Tensor>; 2]> {
        let (x, bias, gradient) = (
            Numbers::of(&self.x)?,
            Numbers::of(&self.bias)?,
            Numbers::of(gradient)?,
        );
        let width = bias.len();
        let mut partial = vec![0.0; x.len().div_ceil(ROWS_AT_ONCE * width) * width];
        let dx = self.with(Backward {
            x: &x,
            bias: &bias,
            gradient: &gradient,
            partial: &mut partial,
        });
        let db = sums::rows(&partial, width);
        Ok([
            Some(Tensor::from_vec(dx, self.x.shape(), self.x.device())?),
            Some(Tensor::from_vec(db, width, self.x.device())?),
        ])
    }

    /// Works with the function and its slope at one place, for the chosen activation; one call a batch of rows, so that
    /// each loop is compiled for one function.
    fn with(&self, work: impl Work) -> Vec<f32> {
        match self.activation {
            Activation::GeluTanh => work.run(gelu_tanh),
            Activation::GeluErf => work.run(gelu_erf),
            Activation::QuickGelu => work.run(quick_gelu),
            Activation::Relu => work.run(relu),
            Activation::Silu => work.run(silu),
            Activation::Tanh => work.run(tanh),
        }
    }
}

/// Numbers made with a function that gives its value and its slope.
trait Work {
    fn run(self, function: impl Fn(f32) -> (f32, f32) + Sync) -> Vec<f32>;
}

struct Forward<'a> {
    x: &'a [f32],
    bias: &'a [f32],
}

impl Work for Forward<'_> {
    fn run(self, function: impl Fn(f32) -> (f32, f32) + Sync) -> Vec<f32> {
        let at_once = ROWS_AT_ONCE * self.bias.len();
        collect_chunks(self.x.len(), at_once, |index, out| {
            let x = &self.x[index * at_once..][..out.len()];
            forward_rows(&function, x, self.bias, out);
        })
    }
}

struct Backward<'a> {
    x: &'a [f32],
    bias: &'a [f32],
    gradient: &'a [f32],
    partial: &'a mut [f32],
}

impl Work for Backward<'_> {
    fn run(self, function: impl Fn(f32) -> (f32, f32) + Sync) -> Vec<f32> {
        let width = self.bias.len();
        let at_once = ROWS_AT_ONCE * width;
        collect_beside(
            (self.x.len(), at_once),
            (self.partial, width),
            |group, dx, db| {
                let x = &self.x[group * at_once..][..dx.len()];
                let g = &self.gradient[group * at_once..][..dx.len()];
                backward_rows(&function, (x, g), self.bias, dx, db);
            },
        )
    }
}

#[pulp::with_simd(forward_rows = Arch::new())]
#[inline(always)]
fn forward_rows_with_simd<S: Simd, F: Fn(f32) -> (f32, f32)>(
    _: S,
    function: &F,
    x: &[f32],
    bias: &[f32],
    out: &mut [f32],
) {
    let width = bias.len();
    for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        for i in 0..width {
            out[i] = function(x[i] + bias[i]).0;
        }
    }
}

/// From the gradients `g` of the results to `dx`, and those of the bias added to `db`.
#[pulp::with_simd(backward_rows = Arch::new())]
#[inline(always)]
fn backward_rows_with_simd<S: Simd, F: Fn(f32) -> (f32, f32)>(
    _: S,
    function: &F,
    (x, g): (&[f32], &[f32]),
    bias: &[f32],
    dx: &mut [f32],
    db: &mut [f32],
) {
    let width = bias.len();
    let rows = x.chunks_exact(width).zip(g.chunks_exact(width));
    for ((x, g), dx) in rows.zip(dx.chunks_exact_mut(width)) {
        for i in 0..width {
            dx[i] = g[i] * function(x[i] + bias[i]).1;
        }
        sums::add(db, dx);
    }
}

#[inline(always)]
fn relu(x: f32) -> (f32, f32) {
    if x > 0.0 { (x, 1.0) } else { (0.0, 0.0) }
}

#[inline(always)]
fn tanh(x: f32) -> (f32, f32) {
    let t = 2.0 / (1.0 + exp(-2.0 * x)) - 1.0;
    (t, 1.0 - t * t)
}

#[inline(always)]
fn quick_gelu(x: f32) -> (f32, f32) {
    swish(x, 1.702)
}

#[inline(always)]
fn silu(x: f32) -> (f32, f32) {
    swish(x, 1.0)
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
                let difference = difference(&inputs, |pass, inputs| {
                    bias_activation(pass, &inputs[0], &inputs[1], activation)
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

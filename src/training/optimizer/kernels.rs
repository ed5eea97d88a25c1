//! Updates in place, on the CPU: each number is read and written once.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var};
use pulp::{Arch, Simd};

use super::{Method, Step};
use crate::kernels::{contiguous, for_each_piece};

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 16 << 10;

/// Updates a parameter and its running means.
pub(super) fn update(
    method: Method,
    step: Step,
    var: &Var,
    gradient: &Tensor,
    slots: &mut [Vec<f32>],
) -> Result<()> {
    let op = Update {
        method,
        step,
        slots: Mutex::new(slots),
    };
    var.as_tensor().inplace_op2(gradient, &op)
}

struct Update<'a> {
    method: Method,
    step: Step,
    slots: Mutex<&'a mut [Vec<f32>]>,
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "optimizer-update"
    }

    fn cpu_fwd(
        &self,
        parameter: &mut CpuStorage,
        layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        let gradient = contiguous(gradient, gradient_layout, self.name())?;
        let (CpuStorage::F32(parameter), Some((start, end))) =
            (parameter, layout.contiguous_offsets())
        else {
            candle_core::bail!("parameters are contiguous f32 numbers");
        };
        let parameter = &mut parameter[start..end];
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = slots.iter().map(Vec::len).chain([gradient.len()]);
        if lengths.into_iter().any(|length| length != parameter.len()) {
            candle_core::bail!("a gradient or running mean of another size than its parameter");
        }
        match &mut **slots {
            [velocity] => self.sgd(parameter, gradient, velocity),
            [mean, square] => self.adam(parameter, gradient, mean, square),
            _ => candle_core::bail!("{:?} keeps other running means", self.method),
        }
        Ok(())
    }
}

impl Update<'_> {
    fn sgd(&self, parameter: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        let step = self.step;
        let pieces = parameter.chunks_mut(AT_ONCE);
        let pieces = pieces.zip(gradient.chunks(AT_ONCE));
        let pieces = pieces.zip(velocity.chunks_mut(AT_ONCE));
        for_each_piece(pieces, |_, ((p, g), v)| sgd(step, p, g, v));
    }

    fn adam(&self, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
        let step = self.step;
        let pieces = parameter.chunks_mut(AT_ONCE);
        let pieces = pieces.zip(gradient.chunks(AT_ONCE));
        let means = mean.chunks_mut(AT_ONCE).zip(square.chunks_mut(AT_ONCE));
        for_each_piece(pieces.zip(means), |_, ((p, g), (m, v))| {
            adam(step, p, g, m, v)
        });
    }
}

/// Numbers of `p`, their gradients and velocities.
#[pulp::with_simd(sgd = Arch::new())]
#[inline(always)]
fn sgd_with_simd<S: Simd>(_: S, step: Step, p: &mut [f32], g: &[f32], v: &mut [f32]) {
    let (g, v) = (&g[..p.len()], &mut v[..p.len()]);
    for i in 0..p.len() {
        v[i] = step.beta1 * v[i] + step.scale * g[i];
        p[i] -= step.size * v[i];
    }
}

/// Numbers of `p`, their gradients, and the running means of those and of their squares.
#[pulp::with_simd(adam = Arch::new())]
#[inline(always)]
fn adam_with_simd<S: Simd>(
    _: S,
    step: Step,
    p: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
) {
    let (new1, new2) = (1.0 - step.beta1, 1.0 - step.beta2);
    let (g, m, v) = (&g[..p.len()], &mut m[..p.len()], &mut v[..p.len()]);
    for i in 0..p.len() {
        let g = step.scale * g[i];
        m[i] = step.beta1 * m[i] + new1 * g;
        v[i] = step.beta2 * v[i] + new2 * g * g;
        p[i] = p[i] * step.keep - step.size * m[i] / (v[i].sqrt() + step.epsilon);
    }
}

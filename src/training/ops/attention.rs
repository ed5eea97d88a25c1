//! Causal attention of whole sequences: each position looks at itself and those before it.

use candle_core::{D, DType, Result, Tensor};
use pulp::{Arch, Simd};

use super::shape::AttentionShape;
use super::{Kernels, Numbers, Pass};
use crate::kernels::{SharedPointer, View, causal_weights, for_each_index, sums, tile, zeros};

/// Queries that are worked on at once: bounds the memory for scores and skips most of what is not seen.
const QUERIES_AT_ONCE: usize = 64;

/// `softmax(scale * q k^T) v` with each position's future hidden. `qkv (batch * time, 3 * heads * head_width)` holds
/// queries, keys and values of all heads beside each other; the result is `(batch * time, heads * head_width)`.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn attention(pass: &Pass, qkv: &Tensor, shape: AttentionShape) -> Result<Tensor> {
    let (rows, columns) = qkv.dims2()?;
    if (rows, columns) != (shape.batch * shape.time, 3 * shape.width()) {
        candle_core::bail!("attention: {rows} x {columns} numbers do not fit {shape:?}");
    }
    if pass.kernels() == Kernels::Plain {
        return plain(pass, qkv, shape);
    }
    #[cfg(feature = "cuda")]
    if qkv.device().is_cuda() {
        return super::card::attention(pass, qkv, shape);
    }
    let out = forward(&Numbers::of(qkv)?, shape);
    let out = Tensor::from_vec(out, (rows, shape.width()), qkv.device())?;
    let kept = qkv.clone();
    Ok(pass.record(out, [qkv], move |gradient| {
        let gradient = backward(&Numbers::of(&kept)?, &Numbers::of(gradient)?, shape);
        let gradient = Tensor::from_vec(gradient, (rows, columns), kept.device())?;
        Ok([Some(gradient)])
    }))
}

fn plain(pass: &Pass, qkv: &Tensor, shape: AttentionShape) -> Result<Tensor> {
    let AttentionShape {
        batch, time, heads, ..
    } = shape;
    let part = |index: usize| {
        qkv.narrow(1, index * shape.width(), shape.width())?
            .reshape((batch, time, heads, shape.head_width))?
            .transpose(1, 2)?
            .contiguous()
    };
    let (q, k, v) = (part(0)?, part(1)?, part(2)?);
    let scores = (q.matmul(&k.t()?)? * shape.scale)?.to_dtype(DType::F32)?;
    let hidden: Vec<f32> = (0..time * time)
        .map(|at| {
            if at % time > at / time {
                f32::NEG_INFINITY
            } else {
                0.0
            }
        })
        .collect();
    let hidden = Tensor::from_vec(hidden, (time, time), qkv.device())?;
    let weights = candle_nn::ops::softmax(&scores.broadcast_add(&hidden)?, D::Minus1)?;
    let weights = super::dropout(pass, &weights, shape.dropout)?;
    weights
        .to_dtype(qkv.dtype())?
        .matmul(&v)?
        .transpose(1, 2)?
        .reshape((batch * time, shape.width()))
}

/// One head of one sequence.
struct Head {
    shape: AttentionShape,
    q: View,
    k: View,
    v: View,
    /// Where this head's weights are counted from, for dropout.
    first_weight: u64,
}

impl Head {
    fn new(qkv: &[f32], shape: AttentionShape, index: usize) -> Self {
        let (sequence, head) = (index / shape.heads, index % shape.heads);
        let (width, stride) = (shape.width(), 3 * shape.width());
        let start = sequence * shape.time * stride + head * shape.head_width;
        let view = |part: usize| View::of(qkv, start + part * width, stride);
        Self {
            shape,
            q: view(0),
            k: view(1),
            v: view(2),
            first_weight: (index * shape.time * shape.time) as u64,
        }
    }

    /// Softmax of the scores of `len` queries from `start` on, over the `start + len` keys that they may see, in
    /// `weights`, row-major.
    fn weights(&self, start: usize, len: usize, weights: &mut [f32]) {
        let size = (len, start + len, self.shape.head_width);
        let views = (self.q.row(start), self.k);
        // SAFETY: `start + len` is at most the sequence's length, and `weights` has `len * (start + len)` numbers.
        unsafe { causal_weights(views, size, self.shape.scale as f32, weights) };
    }

    /// Multiplies each weight, or its gradient, by its dropout factor.
    fn drop(&self, start: usize, len: usize, weights: &mut [f32]) {
        let Some(dropout) = self.shape.dropout else {
            return;
        };
        let seen = start + len;
        for (query, row) in weights.chunks_exact_mut(seen).enumerate() {
            let first = self.first_weight + ((start + query) * self.shape.time) as u64;
            for (key, weight) in row.iter_mut().enumerate() {
                *weight *= dropout.factor(first + key as u64);
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let time = self.shape.time;
        (0..time)
            .step_by(QUERIES_AT_ONCE)
            .map(move |start| (start, QUERIES_AT_ONCE.min(time - start)))
    }

    /// # Safety
    /// `out` points to this head's first result, in rows of `shape.width()`.
    unsafe fn forward(&self, out: *mut f32) {
        let (width, stride) = (self.shape.head_width, self.shape.width());
        let mut weights = vec![0.0; QUERIES_AT_ONCE * self.shape.time];
        for (start, len) in self.blocks() {
            let seen = start + len;
            let weights = &mut weights[..len * seen];
            self.weights(start, len, weights);
            self.drop(start, len, weights);
            // SAFETY: the rows `start..start + len` are this head's own.
            unsafe {
                let weights = View::of(weights, 0, seen);
                let out = (out.add(start * stride), stride);
                tile(
                    (len, width, seen),
                    (weights, false),
                    (self.v, false),
                    out,
                    1.0,
                    false,
                );
            }
        }
    }

    /// With weights `p`, gradients `g` of the result and `d = g v^T`: `dv = p^T g`, `ds = p * (d - sum(p * d))`,
    /// `dq = scale * ds k`, `dk = scale * ds^T q`. The weights are computed again rather than kept.
    ///
    /// # Safety
    /// `out` points to the gradient of this head's first query, in rows of three times `shape.width()`, zeros so far.
    unsafe fn backward(&self, gradient: View, out: *mut f32) {
        let (time, width, scale) = (
            self.shape.time,
            self.shape.head_width,
            self.shape.scale as f32,
        );
        let stride = 3 * self.shape.width();
        let mut weights = vec![0.0; QUERIES_AT_ONCE * time];
        let mut dropped = vec![0.0; QUERIES_AT_ONCE * time];
        let mut slopes = vec![0.0; QUERIES_AT_ONCE * time];
        for (start, len) in self.blocks() {
            let seen = start + len;
            let weights = &mut weights[..len * seen];
            let slopes = &mut slopes[..len * seen];
            self.weights(start, len, weights);
            let dropped: &[f32] = match self.shape.dropout {
                None => weights,
                Some(_) => {
                    let dropped = &mut dropped[..len * seen];
                    dropped.copy_from_slice(weights);
                    self.drop(start, len, dropped);
                    dropped
                }
            };
            let g = gradient.row(start);
            // SAFETY: views of this head's rows below `seen`, and scratch of `len * seen` numbers. The gradients of
            // queries, keys and values lie `shape.width()` apart in rows that only this head writes its columns of.
            unsafe {
                let (dq, dk) = (out, out.add(self.shape.width()));
                let dv = out.add(2 * self.shape.width());
                let p = View::of(dropped, 0, seen);
                tile(
                    (seen, width, len),
                    (p, true),
                    (g, false),
                    (dv, stride),
                    1.0,
                    true,
                );
                tile(
                    (len, seen, width),
                    (g, false),
                    (self.v, true),
                    (slopes.as_mut_ptr(), seen),
                    1.0,
                    false,
                );
                self.drop(start, len, slopes);
                softmax_slopes(weights, seen, slopes);
                let ds = View::of(slopes, 0, seen);
                let dq = (dq.add(start * stride), stride);
                tile(
                    (len, width, seen),
                    (ds, false),
                    (self.k, false),
                    dq,
                    scale,
                    true,
                );
                let q = self.q.row(start);
                tile(
                    (seen, width, len),
                    (ds, true),
                    (q, false),
                    (dk, stride),
                    scale,
                    true,
                );
            }
        }
    }
}

/// From gradients of the softmax of each row of `seen` to those of what it was taken of.
#[pulp::with_simd(softmax_slopes = Arch::new())]
#[inline(always)]
fn softmax_slopes_with_simd<S: Simd>(_: S, weights: &[f32], seen: usize, slopes: &mut [f32]) {
    for (row, p) in slopes
        .chunks_exact_mut(seen)
        .zip(weights.chunks_exact(seen))
    {
        let mean = sums::dot(row, p);
        for (slope, p) in row.iter_mut().zip(p) {
            *slope = p * (*slope - mean);
        }
    }
}

fn forward(qkv: &[f32], shape: AttentionShape) -> Vec<f32> {
    let mut out = zeros(shape.batch * shape.time * shape.width());
    let shared = SharedPointer::new(&mut out);
    for_each_index(shape.batch * shape.heads, |index| {
        let (sequence, head) = (index / shape.heads, index % shape.heads);
        let offset = sequence * shape.time * shape.width() + head * shape.head_width;
        // SAFETY: each index has rows or columns of the result that no other has.
        unsafe { Head::new(qkv, shape, index).forward(shared.get().add(offset)) }
    });
    out
}

fn backward(qkv: &[f32], gradient: &[f32], shape: AttentionShape) -> Vec<f32> {
    let mut out = zeros(qkv.len());
    let shared = SharedPointer::new(&mut out);
    for_each_index(shape.batch * shape.heads, |index| {
        let (sequence, head) = (index / shape.heads, index % shape.heads);
        let row = sequence * shape.time * shape.width();
        let column = head * shape.head_width;
        let gradient = View::of(gradient, row + column, shape.width());
        // SAFETY: each index has rows or columns of the result that no other has.
        unsafe {
            let out = shared.get().add(3 * row + column);
            Head::new(qkv, shape, index).backward(gradient, out);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::super::Dropout;
    use super::super::testing::{difference, normal};
    use super::*;
    use crate::training::random::Key;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        let dropout = Dropout {
            key: Key::new(8),
            rate: 0.3,
        };
        let cases = [(1, 1, 1, 1), (2, 7, 3, 5), (3, 65, 2, 8), (1, 130, 3, 17)];
        for (batch, time, heads, head_width) in cases {
            for dropout in [None, Some(dropout)] {
                let shape = AttentionShape {
                    batch,
                    time,
                    heads,
                    head_width,
                    scale: 0.4,
                    dropout,
                };
                let inputs = [normal(1, &[batch * time, 3 * heads * head_width])?];
                let difference =
                    difference(&inputs, |pass, inputs| attention(pass, &inputs[0], shape))?;
                assert!(difference < 5e-5, "{shape:?}: {difference}");
            }
        }
        Ok(())
    }
}

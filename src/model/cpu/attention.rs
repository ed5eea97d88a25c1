//! Attention of one token, or of many, to those before it, straight from the cache.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};

use super::dense_product::dot;
use super::gelu::exp;
use super::tile::{View, tile};
use super::{SharedPointer, for_each_chunk, for_each_index, sums};

/// Queries that are worked on at once: bounds the memory for scores, and skips most of what is not seen.
const QUERIES_AT_ONCE: usize = 64;

/// `softmax(scale * q k^T) v` for the queries `q (n, heads * width)` of the last `n` tokens in the cache `k` and `v (key
/// heads, length, width)`, each of which sees its own key and those before it, giving `(n, heads * width)`. Each run of
/// `heads / key heads` heads shares keys and values, as in grouped-query attention (Ainslie et al. 2023). `k` and `v` may
/// be views into a longer cache, and the rows of `q` may lie apart.
pub(in crate::model) struct CachedAttention {
    pub(in crate::model) heads: usize,
    pub(in crate::model) scale: f32,
}

impl CustomOp3 for CachedAttention {
    fn name(&self) -> &'static str {
        "cached-attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((n, all), heads) = (q_layout.shape().dims2()?, self.heads);
        let (_, length, width) = k_layout.shape().dims3()?;
        if all != heads * width || q_layout.stride()[1] != 1 || n > length {
            candle_core::bail!("attention: {q_layout:?} does not fit {k_layout:?}");
        }
        let q_stride = q_layout.stride()[0];
        let q = &q.as_slice::<f32>()?[q_layout.start_offset()..];
        let keys = HeadRows::new(k, k_layout, heads, width)?;
        let values = HeadRows::new(v, v_layout, heads, width)?;
        let mut out = vec![0.0; n * all];
        let arch = Arch::new();
        if n == 1 {
            for_each_chunk(&mut out, width, |head, out| {
                arch.dispatch(AttendHead {
                    q: &q[head * width..(head + 1) * width],
                    keys: keys.of(head),
                    values: values.of(head),
                    scale: self.scale,
                    out,
                });
            });
            return Ok((CpuStorage::F32(out), Shape::from((n, all))));
        }
        let shared = SharedPointer::new(&mut out);
        let blocks = n.div_ceil(QUERIES_AT_ONCE);
        for_each_index(heads * blocks, |task| {
            // The last queries have the most to see: first, so that no thread is left with them at the end.
            let (head, block) = (task % heads, blocks - 1 - task / heads);
            let start = block * QUERIES_AT_ONCE;
            let len = QUERIES_AT_ONCE.min(n - start);
            let seen = length - n + start + len;
            let mut weights = vec![0.0; len * seen];
            // SAFETY: `q` has `n` rows, the cache at least `seen`, and each task has rows and columns of the result
            // that no other has.
            unsafe {
                let q = View::of(q, start * q_stride + head * width, q_stride);
                let (keys, values) = (keys.of(head), values.of(head));
                let (keys, values) = (View::of(keys, 0, width), View::of(values, 0, width));
                let size = (len, seen, width);
                causal_weights((q, keys), size, self.scale, &mut weights);
                let weights = View::of(&weights, 0, seen);
                let out = shared.get().add(start * all + head * width);
                tile(
                    (len, width, seen),
                    (weights, false),
                    (values, false),
                    (out, all),
                    1.0,
                    false,
                );
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((n, all))))
    }
}

/// The softmax of `scale * q k^T` in `weights (len, seen)`, for `len` queries of which the last sees all `seen` keys and
/// each one before it one fewer; all `width` long.
///
/// # Safety
/// The views must have so many rows, and `weights` so many numbers.
pub(crate) unsafe fn causal_weights(
    (q, k): (View, View),
    (len, seen, width): (usize, usize, usize),
    scale: f32,
    weights: &mut [f32],
) {
    // SAFETY: the caller's promise.
    unsafe {
        tile(
            (len, seen, width),
            (q, false),
            (k, true),
            (weights.as_mut_ptr(), seen),
            scale,
            false,
        );
    }
    causal_softmax(weights, len, seen);
}

/// The softmax of each of `len` rows of `seen` scores, of which the last counts whole and each one before it one fewer.
#[pulp::with_simd(causal_softmax = Arch::new())]
#[inline(always)]
fn causal_softmax_with_simd<S: Simd>(_: S, weights: &mut [f32], len: usize, seen: usize) {
    for (query, row) in weights.chunks_exact_mut(seen).enumerate() {
        let (visible, hidden) = row.split_at_mut(seen - len + query + 1);
        hidden.fill(0.0);
        let highest = sums::highest(visible);
        for weight in visible.iter_mut() {
            *weight = exp(*weight - highest);
        }
        let share = 1.0 / sums::sum(visible);
        for weight in visible.iter_mut() {
            *weight *= share;
        }
    }
}

/// The rows of each head in a cache of `(key heads, capacity, width)` of which the first few are in use.
struct HeadRows<'a> {
    rows: &'a [f32],
    head_stride: usize,
    /// How many heads share one.
    group: usize,
    used: usize,
}

impl<'a> HeadRows<'a> {
    fn new(storage: &'a CpuStorage, layout: &Layout, heads: usize, width: usize) -> Result<Self> {
        let (cache_heads, length, cache_width) = layout.shape().dims3()?;
        let stride = layout.stride();
        let shared = cache_heads > 0 && heads.is_multiple_of(cache_heads);
        if !shared || cache_width != width || stride[1..] != [width, 1] {
            candle_core::bail!(
                "attention: a cache of {layout:?} does not fit {heads} heads of {width}"
            );
        }
        Ok(Self {
            rows: &storage.as_slice::<f32>()?[layout.start_offset()..],
            head_stride: stride[0],
            group: heads / cache_heads,
            used: length * width,
        })
    }

    fn of(&self, head: usize) -> &'a [f32] {
        &self.rows[head / self.group * self.head_stride..][..self.used]
    }
}

struct AttendHead<'a> {
    q: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    scale: f32,
    /// Zeros before.
    out: &'a mut [f32],
}

impl WithSimd for AttendHead<'_> {
    type Output = ();

    // Plain loops: what an iterator calls through a closure is not compiled for the vectors found at run time.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.q.len();
        let mut weights = vec![0.0; self.keys.len() / width];
        for (weight, key) in weights.iter_mut().zip(self.keys.chunks_exact(width)) {
            *weight = self.scale * dot(simd, self.q, key);
        }
        let highest = highest(simd, &weights);
        for weight in &mut weights {
            *weight = exp(*weight - highest);
        }
        let sum = sum(simd, &weights);
        for (value, weight) in self.values.chunks_exact(width).zip(&weights) {
            let share = weight / sum;
            for (out, value) in self.out.iter_mut().zip(value) {
                *out += share * value;
            }
        }
    }
}

#[inline(always)]
fn highest<S: Simd>(simd: S, values: &[f32]) -> f32 {
    let (vectors, tail) = S::as_simd_f32s(values);
    let mut lanes = simd.splat_f32s(f32::NEG_INFINITY);
    for &vector in vectors {
        lanes = simd.max_f32s(lanes, vector);
    }
    let mut highest = simd.reduce_max_f32s(lanes);
    for &value in tail {
        highest = highest.max(value);
    }
    highest
}

#[inline(always)]
fn sum<S: Simd>(simd: S, values: &[f32]) -> f32 {
    let (vectors, tail) = S::as_simd_f32s(values);
    let mut lanes = simd.splat_f32s(0.0);
    for &vector in vectors {
        lanes = simd.add_f32s(lanes, vector);
    }
    let mut sum = simd.reduce_sum_f32s(lanes);
    for &value in tail {
        sum += value;
    }
    sum
}

#[cfg(test)]
mod tests {
    use candle_core::{D, Device, Tensor};

    use super::*;

    #[test]
    fn it_is_softmax_attention_over_the_used_part() -> Result<()> {
        for (group, length, width) in [(1, 1, 4), (1, 11, 10), (1, 200, 64), (3, 20, 8)] {
            let difference = difference_from_definition(group, length, width)?;
            assert!(
                difference < 1e-5,
                "{group} heads share {length} keys of {width}: {difference}"
            );
        }
        Ok(())
    }

    fn difference_from_definition(group: usize, length: usize, width: usize) -> Result<f32> {
        let (key_heads, capacity, device) = (3, length + 9, Device::Cpu);
        let heads = key_heads * group;
        let q = Tensor::randn(0f32, 2.0, (heads, width), &device)?;
        let cache = |capacity| Tensor::randn(0f32, 2.0, (key_heads, capacity, width), &device);
        let keys = cache(capacity)?.narrow(1, 0, length)?;
        let values = cache(capacity)?.narrow(1, 0, length)?;
        let op = CachedAttention { heads, scale: 0.3 };
        let rows = q.reshape((1, heads * width))?;
        let ours = rows.apply_op3_no_bwd(&keys, &values, &op)?;
        let scores = (q.reshape((key_heads, group, width))?.matmul(&keys.t()?)? * 0.3)?;
        let expected = candle_nn::ops::softmax(&scores, D::Minus1)?
            .matmul(&values)?
            .reshape((1, heads * width))?;
        (ours - expected)?.abs()?.max_all()?.to_scalar::<f32>()
    }
}

//! Attention of one token to those before it, straight from the cache.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};

use super::gelu::exp;
use super::matvec::dot;
use super::{contiguous, for_each_chunk};

/// `softmax(scale * q k^T) v` for one query: `q (heads, width)`, `k` and `v (key heads, length, width)`, giving
/// `(heads, width)`. Each run of `heads / key heads` heads shares keys and values, as in grouped-query attention
/// (Ainslie et al. 2023). `k` and `v` may be views into a longer cache.
pub(in crate::model) struct AttendOne {
    pub(in crate::model) scale: f32,
}

impl CustomOp3 for AttendOne {
    fn name(&self) -> &'static str {
        "attend-one"
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
        let (heads, width) = q_layout.shape().dims2()?;
        let q = contiguous(q, q_layout, self.name())?;
        let keys = HeadRows::new(k, k_layout, heads, width)?;
        let values = HeadRows::new(v, v_layout, heads, width)?;
        let mut out = vec![0.0; heads * width];
        let arch = Arch::new();
        for_each_chunk(&mut out, width, |head, out| {
            arch.dispatch(AttendHead {
                q: &q[head * width..(head + 1) * width],
                keys: keys.of(head),
                values: values.of(head),
                scale: self.scale,
                out,
            });
        });
        Ok((CpuStorage::F32(out), Shape::from((heads, width))))
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
                "attend-one: a cache of {layout:?} does not fit {heads} heads of {width}"
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
        let ours = q.apply_op3_no_bwd(&keys, &values, &AttendOne { scale: 0.3 })?;
        let scores = (q.reshape((key_heads, group, width))?.matmul(&keys.t()?)? * 0.3)?;
        let expected = candle_nn::ops::softmax(&scores, D::Minus1)?
            .matmul(&values)?
            .reshape((heads, width))?;
        (ours - expected)?.abs()?.max_all()?.to_scalar::<f32>()
    }
}

//! Attention of many new tokens of one text to those before them.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape};
use half::bf16;

use super::causal::windowed_weights;
use super::number::CacheNumber;
use super::{HeadRows, Scoring};
use crate::kernels::tile::{View, tile};
use crate::kernels::{SharedPointer, for_each_index};

/// Queries that are worked on at once: bounds the memory for scores, and skips most of what is not seen.
const QUERIES_AT_ONCE: usize = 64;

/// `softmax(scale * q k^T) v` for the queries `q (n, heads * width)` of the last `n` tokens in the cache `k` and `v (key
/// heads, length, width)`, each of which sees its own key and those before it, giving `(n, heads * width)`. `k` and `v`
/// may be views into a longer cache, and the rows of `q` may lie apart. `scoring` may change the scores.
pub struct ReadAttention<'a> {
    pub heads: usize,
    pub scoring: Scoring<'a>,
}

impl CustomOp3 for ReadAttention<'_> {
    fn name(&self) -> &'static str {
        "read-attention"
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
        let (n, all) = q_layout.shape().dims2()?;
        let (_, length, width) = k_layout.shape().dims3()?;
        if all != self.heads * width || q_layout.stride()[1] != 1 || n > length {
            candle_core::bail!("attention: {q_layout:?} does not fit {k_layout:?}");
        }
        let queries = Queries {
            numbers: &q.as_slice::<f32>()?[q_layout.start_offset()..],
            stride: q_layout.stride()[0],
            count: n,
        };
        let (k, v) = ((k, k_layout), (v, v_layout));
        let out = match k.0.dtype() {
            DType::BF16 => self.attend::<bf16>(queries, k, v, width)?,
            _ => self.attend::<f32>(queries, k, v, width)?,
        };
        Ok((CpuStorage::F32(out), Shape::from((n, all))))
    }
}

struct Queries<'a> {
    numbers: &'a [f32],
    stride: usize,
    count: usize,
}

impl ReadAttention<'_> {
    fn attend<T: CacheNumber>(
        &self,
        q: Queries<'_>,
        (k, k_layout): (&CpuStorage, &Layout),
        (v, v_layout): (&CpuStorage, &Layout),
        width: usize,
    ) -> Result<Vec<f32>> {
        let (n, heads, length) = (q.count, self.heads, k_layout.dims()[1]);
        let all = heads * width;
        let keys = HeadRows::<T>::new(k, k_layout, heads, width)?;
        let values = HeadRows::<T>::new(v, v_layout, heads, width)?;
        let mut out = vec![0.0; n * all];
        let shared = SharedPointer::new(&mut out);
        let blocks = n.div_ceil(QUERIES_AT_ONCE);
        for_each_index(heads * blocks, |task| {
            // The last queries have the most to see: first, so that no thread is left with them at the end.
            let (head, block) = (task % heads, blocks - 1 - task / heads);
            let start = block * QUERIES_AT_ONCE;
            let len = QUERIES_AT_ONCE.min(n - start);
            let seen = length - n + start + len;
            // What the first of these queries does not see any more, none of them does.
            let first = self.scoring.first_of(seen - len + 1);
            let keys = T::widened(&keys.of(head)[first * width..seen * width]);
            let values = T::widened(&values.of(head)[first * width..seen * width]);
            let seen = seen - first;
            let scoring = (self.scoring.window.unwrap_or(seen), self.scoring.of(head));
            let mut weights = vec![0.0; len * seen];
            // SAFETY: `q` has `n` rows, keys and values have `seen`, and each task has rows and columns of the result
            // that no other has.
            unsafe {
                let q = View::of(q.numbers, start * q.stride + head * width, q.stride);
                let size = (len, seen, width);
                let (keys, values) = (View::of(&keys, 0, width), View::of(&values, 0, width));
                windowed_weights((q, keys), size, self.scoring.scale, scoring, &mut weights);
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
        Ok(out)
    }
}

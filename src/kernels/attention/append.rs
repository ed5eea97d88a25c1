//! What new tokens offer, put into a cache.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, InplaceOp2, Layout, Result};
use pulp::{Arch, Simd, WithSimd};

use super::number::CacheNumber;
use crate::kernels::for_each_chunk;

/// Writes `rows (n, heads * width)`, which may lie apart, into a cache of `(heads, room, width)` from position `start`
/// on, as `f32` or rounded to brain floats.
pub struct Append {
    pub start: usize,
}

impl InplaceOp2 for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn cpu_fwd(
        &self,
        cache: &mut CpuStorage,
        cache_layout: &Layout,
        rows: &CpuStorage,
        rows_layout: &Layout,
    ) -> Result<()> {
        let (heads, room, width) = cache_layout.shape().dims3()?;
        let (n, all) = rows_layout.shape().dims2()?;
        let whole = cache_layout.is_contiguous() && cache_layout.start_offset() == 0;
        let fits = all == heads * width && self.start + n <= room;
        if !whole || !fits || rows_layout.stride()[1] != 1 {
            candle_core::bail!("append: {rows_layout:?} does not fit {cache_layout:?}");
        }
        let rows = Rows {
            numbers: &rows.as_slice::<f32>()?[rows_layout.start_offset()..],
            stride: rows_layout.stride()[0],
            count: n,
        };
        let size = (room, width);
        match cache {
            CpuStorage::F32(cache) => append(cache, size, rows, self.start),
            CpuStorage::BF16(cache) => append(cache, size, rows, self.start),
            other => candle_core::bail!("append: no caches of {:?}", other.dtype()),
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Rows<'a> {
    numbers: &'a [f32],
    stride: usize,
    count: usize,
}

fn append<T: CacheNumber>(
    cache: &mut [T],
    (room, width): (usize, usize),
    rows: Rows<'_>,
    start: usize,
) {
    /// Fewer are not worth waking another thread.
    const MANY: usize = 16;
    let arch = Arch::new();
    let of_head = |head: usize, cache: &mut [T]| {
        let out = &mut cache[start * width..(start + rows.count) * width];
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            let x = &rows.numbers[row * rows.stride + head * width..][..width];
            arch.dispatch(Round { x, out });
        }
    };
    if rows.count < MANY {
        let heads = cache.chunks_exact_mut(room * width);
        heads
            .enumerate()
            .for_each(|(head, cache)| of_head(head, cache));
    } else {
        for_each_chunk(cache, room * width, of_head);
    }
}

struct Round<'a, T> {
    x: &'a [f32],
    out: &'a mut [T],
}

impl<T: CacheNumber> WithSimd for Round<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, x) in self.out.iter_mut().zip(self.x) {
            *out = T::nearest(*x);
        }
    }
}

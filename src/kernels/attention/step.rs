//! Attention of one new token of each text to all of that text.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Storage, Tensor};
use half::bf16;
use pulp::{Arch, Simd, WithSimd};

use super::number::CacheNumber;
use super::scoring::{HeadScoring, Scoring};
use super::{HeadRows, Seen};
use crate::kernels::prefetch::{NEAR, prefetch};
use crate::kernels::{for_each_chunk, sums};

/// `softmax(scale * q k^T) v` for one query of each text, `q (texts, heads * width)`, giving the same shape. Each row's
/// result is the same whatever texts are beside it. `scoring` may change the scores.
pub struct StepAttention<'a> {
    pub texts: &'a [Seen],
    pub heads: usize,
    pub scoring: Scoring<'a>,
}

impl CustomOp1 for StepAttention<'_> {
    fn name(&self) -> &'static str {
        "step-attention"
    }

    fn cpu_fwd(&self, q: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, all) = layout.shape().dims2()?;
        if n != self.texts.len() || !all.is_multiple_of(self.heads) || layout.stride()[1] != 1 {
            candle_core::bail!(
                "attention: {layout:?} is not a row of {} texts",
                self.texts.len()
            );
        }
        let queries = Queries {
            numbers: &q.as_slice::<f32>()?[layout.start_offset()..],
            stride: layout.stride()[0],
            width: all / self.heads,
        };
        let out = match self.texts.first().map(|text| text.keys.dtype()) {
            None => Vec::new(),
            Some(DType::BF16) => self.attend::<bf16>(queries)?,
            Some(_) => self.attend::<f32>(queries)?,
        };
        Ok((CpuStorage::F32(out), Shape::from((n, all))))
    }
}

struct Queries<'a> {
    numbers: &'a [f32],
    stride: usize,
    width: usize,
}

impl<'a> StepAttention<'a> {
    fn attend<T: CacheNumber>(&self, q: Queries<'_>) -> Result<Vec<f32>> {
        let tensors = |text: &'a Seen| {
            let before = text.before.iter();
            let before = before.flat_map(|(keys, values)| [keys, values]);
            [&text.keys, &text.values].into_iter().chain(before)
        };
        let held: Vec<_> = self
            .texts
            .iter()
            .flat_map(tensors)
            .map(Tensor::storage_and_layout)
            .collect();
        let rows = held
            .iter()
            .map(|(storage, layout)| {
                HeadRows::<T>::new(in_memory(storage)?, layout, self.heads, q.width)
            })
            .collect::<Result<Vec<_>>>()?;
        let mut rest = rows.as_slice();
        let mut texts = Vec::with_capacity(self.texts.len());
        for text in self.texts {
            let (own, others) = rest.split_at(if text.before.is_some() { 4 } else { 2 });
            texts.push(own);
            rest = others;
        }
        let mut out = vec![0.0; self.texts.len() * self.heads * q.width];
        let arch = Arch::new();
        for_each_chunk(&mut out, q.width, |index, out| {
            let (text, head) = (index / self.heads, index % self.heads);
            // Keys and values, and those before them.
            let of_head = |which: usize| texts[text].get(which).map_or(&[][..], |it| it.of(head));
            let shown = |which: usize| {
                let runs = [of_head(which + 2), of_head(which)];
                last_rows(runs, q.width, self.scoring.window)
            };
            arch.dispatch(Head {
                q: &q.numbers[text * q.stride + head * q.width..][..q.width],
                keys: shown(0),
                values: shown(1),
                scale: self.scoring.scale,
                scoring: self.scoring.of(head),
                out,
            });
        });
        Ok(out)
    }
}

/// The last rows of `width` of two runs that follow each other, as many as a window shows.
fn last_rows<T>([earlier, later]: [&[T]; 2], width: usize, window: Option<usize>) -> [&[T]; 2] {
    let shown = window.map_or(usize::MAX, |window| window * width);
    let of_later = later.len().min(shown);
    let of_earlier = earlier.len().min(shown - of_later);
    [
        &earlier[earlier.len() - of_earlier..],
        &later[later.len() - of_later..],
    ]
}

fn in_memory(storage: &Storage) -> Result<&CpuStorage> {
    match storage {
        Storage::Cpu(storage) => Ok(storage),
        _ => candle_core::bail!("attention: the cache is not in main memory"),
    }
}

struct Head<'a, T> {
    q: &'a [f32],
    /// Two runs of rows, one after the other.
    keys: [&'a [T]; 2],
    values: [&'a [T]; 2],
    scale: f32,
    scoring: HeadScoring,
    /// Zeros before.
    out: &'a mut [f32],
}

impl<T: CacheNumber> WithSimd for Head<'_, T> {
    type Output = ();

    // Plain loops: what an iterator calls through a closure is not compiled for the vectors found at run time.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.q.len();
        let earlier = self.keys[0].len() / width;
        let mut weights = vec![0.0; earlier + self.keys[1].len() / width];
        let (first, second) = weights.split_at_mut(earlier);
        for (weights, keys) in [first, second].into_iter().zip(self.keys) {
            for (weight, key) in weights.iter_mut().zip(keys.chunks_exact(width)) {
                prefetch_row(key);
                *weight = self.scale * dot(simd, self.q, key);
            }
        }
        self.scoring.weights(&mut weights);
        let mut start = 0;
        start = add_columns::<T, 64>(self.values, &weights, start, self.out);
        start = add_columns::<T, 16>(self.values, &weights, start, self.out);
        add_columns::<T, 1>(self.values, &weights, start, self.out);
    }
}

/// Adds the weighted sum of the rows to the columns from `start` on, `N` at a time while there are so many: they stay
/// in registers for all rows. The first column that is left.
#[inline(always)]
fn add_columns<T: CacheNumber, const N: usize>(
    rows: [&[T]; 2],
    weights: &[f32],
    mut start: usize,
    out: &mut [f32],
) -> usize {
    let width = out.len();
    let (first, second) = weights.split_at(rows[0].len() / width);
    while width - start >= N {
        let mut sums = [0.0; N];
        for (rows, weights) in rows.into_iter().zip([first, second]) {
            for (row, weight) in rows.chunks_exact(width).zip(weights) {
                let row = &row[start..start + N];
                prefetch_row(row);
                for column in 0..N {
                    sums[column] += weight * row[column].widen();
                }
            }
        }
        sums::add(&mut out[start..start + N], &sums);
        start += N;
    }
    start
}

/// Has a row some way behind this one fetched.
#[inline(always)]
fn prefetch_row<T>(row: &[T]) {
    /// Bytes that are fetched together.
    const LINE: usize = 64;
    for start in (0..row.len()).step_by((LINE / size_of::<T>()).max(1)) {
        prefetch(&row[start], NEAR);
    }
}

/// The inner product of two slices of equal length.
#[inline(always)]
fn dot<S: Simd, T: CacheNumber>(simd: S, q: &[f32], key: &[T]) -> f32 {
    const LANES: usize = 16;
    let ((q, q_rest), (key, key_rest)) = (q.as_chunks::<LANES>(), key.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (q, key) in q.iter().zip(key) {
        for lane in 0..LANES {
            lanes[lane] += q[lane] * key[lane].widen();
        }
    }
    for (lane, (q, key)) in q_rest.iter().zip(key_rest).enumerate() {
        lanes[lane] += q * key.widen();
    }
    // Said outright: left to find it, the compiler shuffles numbers between registers for longer than it multiplies.
    let (vectors, _) = S::as_simd_f32s(&lanes);
    let mut sum = simd.splat_f32s(0.0);
    for vector in vectors {
        sum = simd.add_f32s(sum, *vector);
    }
    simd.reduce_sum_f32s(sum)
}

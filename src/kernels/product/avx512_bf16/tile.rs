//! The inner loop: a tile of the result, held in registers.

use std::arch::x86_64::{
    __m512, __m512bh, _mm512_add_ps, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
};
use std::mem::transmute;

use super::panels::LANES;

/// Rows of a tile.
pub(super) const ROWS: usize = 8;
/// Vectors across a tile: 24 of the 32 registers then hold sums, and each number read serves several.
const VECTORS: usize = 3;
/// Columns of a tile.
pub(super) const COLUMNS: usize = VECTORS * LANES;

/// What a tile of the result is made of.
pub(super) struct Tile {
    pub(super) steps: usize,
    /// Rows and columns that are stored; the rest is padding.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The first row's number of the first step; steps are `LANES` apart.
    pub(super) a: *const f32,
    /// The first column's number of the first step, as `a`.
    pub(super) b: *const f32,
    /// From a panel of columns to the one on its right.
    pub(super) next_panel: usize,
    pub(super) out_stride: usize,
    /// Whether the result is added to what is there.
    pub(super) add: bool,
}

impl Tile {
    /// # Safety
    /// The processor must have AVX-512 BF16; the panels must hold the steps; `rows` by `columns` numbers from `out` on
    /// must be the caller's alone.
    pub(super) unsafe fn multiply(&self, out: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.columns.div_ceil(LANES) {
                1 => multiply::<1>(self, out),
                2 => multiply::<2>(self, out),
                _ => multiply::<VECTORS>(self, out),
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn multiply<const N: usize>(tile: &Tile, out: *mut f32) {
    /// The same bits, as pairs of bfloat16 numbers.
    #[inline(always)]
    fn pairs(numbers: __m512) -> __m512bh {
        // SAFETY: both are 512 bits of which every pattern is allowed.
        unsafe { transmute(numbers) }
    }
    let mut sums = [[_mm512_setzero_ps(); N]; ROWS];
    for step in 0..tile.steps {
        // SAFETY: the caller's promise: the panels hold the steps.
        let b = unsafe { columns::<N>(tile, step) };
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: as above.
            let a = unsafe { row_number(tile, step, row) };
            for vector in 0..N {
                sums[vector] = _mm512_dpbf16_ps(sums[vector], pairs(a), pairs(b[vector]));
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { store(tile, &sums, out) };
}

/// The columns' numbers of a step.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn columns<const N: usize>(tile: &Tile, step: usize) -> [__m512; N] {
    let mut b = [_mm512_setzero_ps(); N];
    for (vector, b) in b.iter_mut().enumerate() {
        // SAFETY: the caller's promise: each panel holds `LANES` numbers of the step.
        *b = unsafe { _mm512_loadu_ps(tile.b.add(vector * tile.next_panel + step * LANES)) };
    }
    b
}

/// A row's number of a step, in all lanes.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn row_number(tile: &Tile, step: usize, row: usize) -> __m512 {
    // SAFETY: the caller's promise: the panel holds `LANES` numbers of the step.
    _mm512_set1_ps(unsafe { *tile.a.add(step * LANES + row) })
}

#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn store<const N: usize>(tile: &Tile, sums: &[[__m512; N]; ROWS], out: *mut f32) {
    for (row, sums) in sums.iter().enumerate().take(tile.rows) {
        for (vector, &sum) in sums.iter().enumerate() {
            let left = tile.columns - vector * LANES;
            let mask = if left >= LANES {
                u16::MAX
            } else {
                (1 << left) - 1
            };
            // SAFETY: the caller's promise: the rows and columns that the mask leaves are its own.
            unsafe {
                let out = out.add(row * tile.out_stride + vector * LANES);
                let sum = if tile.add {
                    _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), sum)
                } else {
                    sum
                };
                _mm512_mask_storeu_ps(out, mask, sum);
            }
        }
    }
}

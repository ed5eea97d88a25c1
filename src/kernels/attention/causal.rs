//! The weights of attention where no query sees the keys after its own.

use pulp::{Arch, Simd};

use crate::kernels::gelu::exp;
use crate::kernels::sums;
use crate::kernels::tile::{View, tile};

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
        softmax(visible);
    }
}

/// The softmax of scores, in their place.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let highest = sums::highest(scores);
    for score in scores.iter_mut() {
        *score = exp(*score - highest);
    }
    let share = 1.0 / sums::sum(scores);
    for score in scores.iter_mut() {
        *score *= share;
    }
}

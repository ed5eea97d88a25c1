//! The weights of attention where no query sees the keys after its own.

use pulp::{Arch, Simd};

use super::scoring::HeadScoring;
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
        windowed_weights(
            (q, k),
            (len, seen, width),
            scale,
            (seen, HeadScoring::PLAIN),
            weights,
        )
    }
}

/// As [`causal_weights`], where a query sees so many keys at most, and `scoring` says what their scores become.
///
/// # Safety
/// As [`causal_weights`].
pub(super) unsafe fn windowed_weights(
    (q, k): (View, View),
    (len, seen, width): (usize, usize, usize),
    scale: f32,
    (window, scoring): (usize, HeadScoring),
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
    weigh(weights, (len, seen, window), scoring);
}

/// The weights of each of `len` rows of `seen` scores, of which the last counts whole and each one before it one fewer,
/// and of each no more than the last `window`.
#[pulp::with_simd(weigh = Arch::new())]
#[inline(always)]
fn weigh_with_simd<S: Simd>(
    _: S,
    weights: &mut [f32],
    (len, seen, window): (usize, usize, usize),
    scoring: HeadScoring,
) {
    for (query, row) in weights.chunks_exact_mut(seen).enumerate() {
        let (visible, later) = row.split_at_mut(seen - len + query + 1);
        later.fill(0.0);
        let (earlier, visible) = visible.split_at_mut(visible.len().saturating_sub(window));
        earlier.fill(0.0);
        scoring.weights(visible);
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

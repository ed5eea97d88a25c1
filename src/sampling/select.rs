//! Finding the leading tokens without sorting the whole vocabulary.
//!
//! One order rules everywhere: larger key first, among equal keys the lower index.

use std::ops::ControlFlow;

/// How many tokens the first look at the head of an order takes, and how much more each further look.
const FIRST_LOOK: usize = 64;
const GROWTH: usize = 8;

/// How many keys are compared with the floor at once.
const CHUNK: usize = 16;

/// Key and index in one number that sorts ascending in the module's order.
fn packed(key: f32, index: usize) -> u64 {
    // Adding 0 turns −0 into +0, so that the two are a tie.
    let bits = (key + 0.0).to_bits();
    // Negative floats sort by magnitude, so all their bits are turned; positive ones only move above them.
    let ascending = if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    };
    u64::from(!ascending) << 32 | index as u64
}

fn index_of(packed: u64) -> usize {
    packed as u32 as usize
}

/// The first `n` indices in order (fewer when there are fewer keys). Keys are not NaN.
pub(super) fn leading(keys: &[f32], n: usize) -> Vec<usize> {
    let mut order = leading_packed(keys, n);
    order.sort_unstable();
    order.into_iter().map(index_of).collect()
}

/// The `n`-th largest key, counted from 1. `n` is 1 to the number of keys.
pub(super) fn nth_largest(keys: &[f32], n: usize) -> f32 {
    let mut order = leading_packed(keys, n);
    let (_, &mut nth, _) = order.select_nth_unstable(n - 1);
    keys[index_of(nth)]
}

/// The first `n` in no order.
fn leading_packed(keys: &[f32], n: usize) -> Vec<u64> {
    let pack = |(index, &key): (usize, &f32)| packed(key, index);
    if n >= keys.len() / 4 {
        let mut all: Vec<u64> = keys.iter().enumerate().map(pack).collect();
        if n < all.len() {
            all.select_nth_unstable(n);
            all.truncate(n);
        }
        return all;
    }
    // One pass with a buffer of twice what is wanted: whenever it is full, its better half stays, and its worst
    // key is the floor that later keys must exceed.
    if n == 0 {
        return Vec::new();
    }
    let capacity = (2 * n).max(FIRST_LOOK);
    let mut buffer = Vec::with_capacity(capacity);
    let mut floor = f32::NEG_INFINITY;
    for (chunk, start) in keys.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
        // A key equal to the floor loses the tie to the lower indices already there. Most chunks hold none above it,
        // and are passed over without a branch per key.
        let above = chunk
            .iter()
            .fold(false, |above, &key| above | (key > floor));
        if !above && buffer.len() >= n {
            continue;
        }
        for (&key, index) in chunk.iter().zip(start..) {
            if key > floor || buffer.len() < n {
                buffer.push(packed(key, index));
            }
            if buffer.len() == capacity {
                let (_, &mut nth, _) = buffer.select_nth_unstable(n - 1);
                buffer.truncate(n);
                floor = keys[index_of(nth)];
            }
        }
    }
    if n < buffer.len() {
        buffer.select_nth_unstable(n - 1);
        buffer.truncate(n);
    }
    buffer
}

/// Visits indices in order until `visit` breaks, sorting no more of the head than it has to.
pub(super) fn visit_in_order<B>(
    keys: &[f32],
    mut visit: impl FnMut(usize) -> ControlFlow<B>,
) -> Option<B> {
    let (mut seen, mut look) = (0, FIRST_LOOK);
    while seen < keys.len() {
        let head = leading(keys, look);
        for &index in &head[seen..] {
            if let ControlFlow::Break(result) = visit(index) {
                return Some(result);
            }
        }
        seen = head.len();
        look *= GROWTH;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &[f32]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|&a, &b| keys[b].partial_cmp(&keys[a]).unwrap());
        order
    }

    /// Many ties, both signs, no pattern that a pivot could like.
    fn keys(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * 7919) % 613) as f32 * 0.25 - 60.0)
            .collect()
    }

    #[test]
    fn leading_is_the_head_of_a_stable_sort() {
        for n in [0, 1, 5, 63, 64, 65, 300, 1000, 2000] {
            let keys = keys(n);
            let order = sorted(&keys);
            for k in [0, 1, 2, 40, 64, 129, 500, n, n + 3] {
                assert_eq!(leading(&keys, k), order[..k.min(n)], "{k} of {n}");
            }
        }
    }

    #[test]
    fn nth_largest_is_that_of_a_sort() {
        let keys = keys(900);
        let order = sorted(&keys);
        for n in [1, 2, 40, 128, 500, 900] {
            assert_eq!(nth_largest(&keys, n), keys[order[n - 1]]);
        }
    }

    #[test]
    fn the_two_zeros_tie_and_infinities_have_their_place() {
        assert_eq!(leading(&[-0.0, 0.0, -0.0], 3), [0, 1, 2]);
        assert_eq!(
            leading(&[f32::NEG_INFINITY, f32::MIN, f32::MAX, f32::INFINITY], 4),
            [3, 2, 1, 0]
        );
    }

    #[test]
    fn equal_keys_keep_the_lowest_indices() {
        assert_eq!(leading(&[1.0; 5000], 3), [0, 1, 2]);
    }

    #[test]
    fn visiting_goes_through_all_in_order_or_stops() {
        let keys = keys(3000);
        let order = sorted(&keys);
        let mut visited = Vec::new();
        let end: Option<()> = visit_in_order(&keys, |index| {
            visited.push(index);
            ControlFlow::Continue(())
        });
        assert_eq!(end, None);
        assert_eq!(visited, order);
        let mut left = 100;
        let hundredth = visit_in_order(&keys, |index| {
            left -= 1;
            if left == 0 {
                ControlFlow::Break(index)
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(hundredth, Some(order[99]));
    }
}

//! Sharing a slice, or any numbered pieces of work, out to candle's thread pool.

use std::mem::MaybeUninit;

use candle_core::utils::barrier_pool;

/// A pointer that threads may share, since each uses its own part of what it points to.
#[derive(Clone, Copy)]
pub(crate) struct SharedPointer(*mut f32);

// SAFETY: whoever makes one hands every thread a part of what it points to that no other thread gets.
unsafe impl Sync for SharedPointer {}
// SAFETY: as above.
unsafe impl Send for SharedPointer {}

impl SharedPointer {
    pub(crate) fn new(numbers: &mut [f32]) -> Self {
        Self(numbers.as_mut_ptr())
    }

    /// To numbers that are yet to be written.
    pub(crate) fn of(numbers: &mut [MaybeUninit<f32>]) -> Self {
        Self(numbers.as_mut_ptr().cast())
    }

    pub(crate) fn get(self) -> *mut f32 {
        self.0
    }
}

/// Calls `work(index)` once for each index below `count`, on all threads.
pub(crate) fn for_each_index(count: usize, work: impl Fn(usize) + Sync) {
    barrier_pool().execute_chunked(count, |indices| {
        for index in indices {
            work(index);
        }
    });
}

/// Calls `work(index, chunk)` once for each run of `size` numbers of `out` (the last may be shorter), on all threads.
pub(crate) fn for_each_chunk(
    out: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) {
    let length = out.len();
    let shared = SharedPointer::new(out);
    for_each_index(length.div_ceil(size), |index| {
        let start = index * size;
        let chunk_length = size.min(length - start);
        // SAFETY: every index is visited by one thread once, so chunks do not overlap, and
        // `start + chunk_length <= length` keeps them inside of `out`, which is borrowed until all are done.
        let chunk =
            unsafe { std::slice::from_raw_parts_mut(shared.get().add(start), chunk_length) };
        work(index, chunk);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_visited_once() {
        for (length, size) in [(0, 3), (1, 3), (7, 3), (1000, 16), (64, 64)] {
            let mut out = vec![0.0; length];
            for_each_chunk(&mut out, size, |index, chunk| {
                for (offset, value) in chunk.iter_mut().enumerate() {
                    *value += (index * size + offset) as f32 + 1.0;
                }
            });
            let expected: Vec<f32> = (0..length).map(|i| i as f32 + 1.0).collect();
            assert_eq!(out, expected);
        }
    }
}

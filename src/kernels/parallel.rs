//! Sharing slices, or any pieces of work, out to the threads of [`pool`](super::pool).

use std::mem::MaybeUninit;

use super::pool;

/// A pointer that threads may share, since each uses its own part of what it points to.
pub(crate) struct SharedPointer<T>(*mut T);

// SAFETY: whoever makes one hands every thread a part of what it points to that no other thread gets.
unsafe impl<T: Send> Sync for SharedPointer<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for SharedPointer<T> {}

impl<T> Clone for SharedPointer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for SharedPointer<T> {}

impl<T> SharedPointer<T> {
    pub(crate) fn new(values: &mut [T]) -> Self {
        Self(values.as_mut_ptr())
    }

    /// To values that are yet to be written.
    pub(crate) fn of(values: &mut [MaybeUninit<T>]) -> Self {
        Self(values.as_mut_ptr().cast())
    }

    pub(crate) fn get(self) -> *mut T {
        self.0
    }
}

/// Calls `work(index)` once for each index below `count`, on all threads.
pub(crate) fn for_each_index(count: usize, work: impl Fn(usize) + Sync) {
    pool::share(count, &|indices| {
        for index in indices {
            work(index);
        }
    });
}

/// Calls `work(index, piece)` once for each piece, on all threads: mutable runs of several slices that belong together.
pub(crate) fn for_each_piece<T: Send>(
    pieces: impl Iterator<Item = T>,
    work: impl Fn(usize, T) + Sync,
) {
    let mut pieces: Vec<Option<T>> = pieces.map(Some).collect();
    let shared = SharedPointer::new(&mut pieces);
    for_each_index(pieces.len(), |index| {
        // SAFETY: every index is visited by one thread once, and all are inside of `pieces`, which stays until all are
        // done.
        let piece = unsafe { &mut *shared.get().add(index) };
        if let Some(piece) = piece.take() {
            work(index, piece);
        }
    });
}

/// Calls `work(index, chunk)` once for each run of `size` values of `out` (the last may be shorter), on all threads.
pub(crate) fn for_each_chunk<T: Send>(
    out: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
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

/// `length` numbers, made by one call of `work(index, chunk)` for each run of `size` of them (the last may be shorter),
/// on all threads. `work` finds zeros, which its own thread has just written: to fill all of a large vector with zeros
/// first would take one thread as long as all of them take for simple work.
pub(crate) fn collect_chunks(
    length: usize,
    size: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) -> Vec<f32> {
    let mut out: Vec<f32> = Vec::with_capacity(length);
    let shared = SharedPointer::of(out.spare_capacity_mut());
    for_each_index(length.div_ceil(size), |index| {
        let start = index * size;
        let chunk_length = size.min(length - start);
        // SAFETY: every index is visited by one thread once, so chunks do not overlap, and there is room for `length`
        // numbers, which are numbers once zeros are written.
        let chunk = unsafe {
            let first = shared.get().add(start);
            first.write_bytes(0, chunk_length);
            std::slice::from_raw_parts_mut(first, chunk_length)
        };
        work(index, chunk);
    });
    // SAFETY: each of the `length` numbers was written above.
    unsafe { out.set_len(length) };
    out
}

/// As [`collect_chunks`], beside another slice: `work(index, chunk, other)` also gets the run of `other_size` numbers of
/// `other` with the same index.
///
/// # Panics
/// When the two have different numbers of runs.
pub(crate) fn collect_beside(
    (length, size): (usize, usize),
    (other, other_size): (&mut [f32], usize),
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Vec<f32> {
    assert_eq!(
        length.div_ceil(size),
        other.len().div_ceil(other_size),
        "runs that do not pair up"
    );
    let mut out: Vec<f32> = Vec::with_capacity(length);
    let chunks = out.spare_capacity_mut()[..length].chunks_mut(size);
    for_each_piece(
        chunks.zip(other.chunks_mut(other_size)),
        |index, (chunk, other)| {
            chunk.fill(MaybeUninit::new(0.0));
            // SAFETY: all of them were just written.
            work(index, unsafe { chunk.assume_init_mut() }, other);
        },
    );
    // SAFETY: each of the `length` numbers was written above.
    unsafe { out.set_len(length) };
    out
}

/// As many zeros, written by all threads.
pub(crate) fn zeros(length: usize) -> Vec<f32> {
    /// Numbers that a thread writes at once.
    const AT_ONCE: usize = 1 << 15;
    collect_chunks(length, AT_ONCE, |_, _| {})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_begin_as_zeros_and_are_kept() {
        for (length, size) in [(0, 3), (1, 3), (7, 3), (1000, 16), (64, 64)] {
            let out = collect_chunks(length, size, |index, chunk| {
                for (offset, value) in chunk.iter_mut().enumerate() {
                    *value += (index * size + offset) as f32;
                }
            });
            let expected: Vec<f32> = (0..length).map(|i| i as f32).collect();
            assert_eq!(out, expected);
        }
        assert_eq!(zeros(70_000), vec![0.0; 70_000]);
    }

    #[test]
    fn pieces_of_several_slices_meet() {
        let (mut a, mut b) = (vec![0.0; 23], vec![0.0; 9]);
        for_each_piece(a.chunks_mut(5).zip(b.chunks_mut(2)), |index, (a, b)| {
            for value in a.iter_mut() {
                *value += index as f32;
            }
            b.fill(a.len() as f32);
        });
        assert_eq!(a[..6], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let lengths = [5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 3.0];
        assert_eq!((a[22], &b[..]), (4.0, &lengths[..]));
        let made = collect_beside((23, 5), (&mut b, 2), |index, made, b| {
            made[0] += b[0];
            b.fill(index as f32);
        });
        assert_eq!((made[0], made[1], made[20]), (5.0, 0.0, 3.0));
        assert_eq!((b[0], b[8]), (0.0, 4.0));
    }

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

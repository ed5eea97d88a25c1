//! Sharing two slices out to candle's thread pool.

use std::marker::PhantomData;

use crate::model::cpu::{SharedPointer, collect_chunks, for_each_chunk};

/// Calls `work(index, a, b)` once for each run of `a_size` numbers of `a` and the run of `b_size` numbers of `b` with
/// the same index, on all threads. The last runs may be shorter.
///
/// # Panics
/// When the two have different numbers of runs.
pub(in crate::training) fn for_each_pair(
    (a, a_size): (&mut [f32], usize),
    b: (&mut [f32], usize),
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    let beside = Runs::of(b, a.len().div_ceil(a_size));
    for_each_chunk(a, a_size, |index, a| {
        // SAFETY: every index is visited by one thread once.
        work(index, a, unsafe { beside.run(index) });
    });
}

/// As [`for_each_pair`], for an `a` of `length` zeros that is made meanwhile.
///
/// # Panics
/// When the two have different numbers of runs.
pub(super) fn collect_pairs(
    (length, a_size): (usize, usize),
    b: (&mut [f32], usize),
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Vec<f32> {
    let beside = Runs::of(b, length.div_ceil(a_size));
    collect_chunks(length, a_size, |index, a| {
        // SAFETY: every index is visited by one thread once.
        work(index, a, unsafe { beside.run(index) });
    })
}

/// The runs of a slice, for threads to share.
struct Runs<'a> {
    start: SharedPointer<f32>,
    length: usize,
    size: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

impl<'a> Runs<'a> {
    fn of((numbers, size): (&'a mut [f32], usize), count: usize) -> Self {
        assert_eq!(
            count,
            numbers.len().div_ceil(size),
            "runs that do not pair up"
        );
        Self {
            start: SharedPointer::new(numbers),
            length: numbers.len(),
            size,
            borrowed: PhantomData,
        }
    }

    /// # Safety
    /// No other thread may have the run of this index.
    unsafe fn run(&self, index: usize) -> &'a mut [f32] {
        let start = index * self.size;
        let length = self.size.min(self.length - start);
        // SAFETY: the length is cut at the end of the slice, which is borrowed for as long as the run.
        unsafe { std::slice::from_raw_parts_mut(self.start.get().add(start), length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_meet_in_pairs() {
        let (mut a, mut b) = (vec![0.0; 23], vec![0.0; 9]);
        for_each_pair((&mut a, 5), (&mut b, 2), |index, a, b| {
            for value in a.iter_mut() {
                *value += index as f32;
            }
            b.fill(a.len() as f32);
        });
        assert_eq!(a[..6], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(
            (a[22], &b[..]),
            (4.0, &[5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 3.0][..])
        );
    }
}

//! Sharing two slices out to candle's thread pool.

use crate::model::cpu::{SharedPointer, for_each_index};

/// Calls `work(index, a, b)` once for each run of `a_size` numbers of `a` and the run of `b_size` numbers of `b` with
/// the same index, on all threads. The last runs may be shorter.
///
/// # Panics
/// When the two have different numbers of runs.
pub(in crate::training) fn for_each_pair(
    (a, a_size): (&mut [f32], usize),
    (b, b_size): (&mut [f32], usize),
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    let count = a.len().div_ceil(a_size);
    assert_eq!(count, b.len().div_ceil(b_size), "runs that do not pair up");
    let (a_length, b_length) = (a.len(), b.len());
    let (a, b) = (SharedPointer::new(a), SharedPointer::new(b));
    let run = |shared: SharedPointer, length: usize, size: usize, index: usize| {
        let start = index * size;
        // SAFETY: every index is visited by one thread once, so runs do not overlap, and the length is cut at the
        // end of the slice, which is borrowed until all are done.
        unsafe { std::slice::from_raw_parts_mut(shared.get().add(start), size.min(length - start)) }
    };
    for_each_index(count, |index| {
        work(
            index,
            run(a, a_length, a_size, index),
            run(b, b_length, b_size, index),
        );
    });
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

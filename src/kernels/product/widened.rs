//! Products with a matrix that lies in 16 bits: parts of it are widened into a buffer, and multiplied as `f32` in the
//! same parts as such a matrix is, so that every sum runs in the same order.

use pulp::Arch;

use super::{Factors, part_of, product, view};
use crate::kernels::matrix::Matrix;
use crate::kernels::tile::tile;
use crate::kernels::wide::{Wide, widen_into};
use crate::kernels::{SharedPointer, collect_chunks, for_each_index};

/// Numbers that a thread widens at once where all of a matrix is widened.
const AT_ONCE: usize = 1 << 15;

/// `a` times the transpose of `weight`, which has `n` rows.
///
/// # Panics
/// When the shapes do not fit.
pub(in crate::kernels) fn product_widened<W: Wide>(
    a: Matrix<'_>,
    weight: &[W],
    n: usize,
) -> Vec<f32> {
    let (m, k) = (a.rows, a.columns);
    assert_eq!(weight.len(), n * k, "matrices that do not fit");
    let arch = Arch::new();
    if let Some(weight) = W::as_f32(weight) {
        return product(a, Matrix::new(weight, n, k).transposed(), &[], Factors::F32);
    }
    if m >= n || k == 0 {
        // The rows of `a` are shared out, and each part of them needs all of the matrix, the smaller one here.
        let wide = collect_chunks(n * k, AT_ONCE, |index, wide| {
            widen_into(arch, &weight[index * AT_ONCE..][..wide.len()], wide);
        });
        return product(a, Matrix::new(&wide, n, k).transposed(), &[], Factors::F32);
    }
    let mut out: Vec<f32> = Vec::with_capacity(m * n);
    let shared = SharedPointer::of(out.spare_capacity_mut());
    let part = part_of(n);
    for_each_index(n.div_ceil(part), |index| {
        let start = index * part;
        let len = part.min(n - start);
        let mut wide = vec![0.0; len * k];
        widen_into(arch, &weight[start * k..][..len * k], &mut wide);
        let right = view(Matrix::new(&wide, len, k).transposed(), 0);
        // SAFETY: both matrices lie inside of their slices, there is room for `m` rows of `n` numbers, and every index has
        // columns of the result that no other has.
        unsafe {
            let out = (shared.get().add(start), n);
            tile((m, len, k), view(a, 0), right, out, 1.0, false);
        }
    });
    // SAFETY: each of them was written: the indices cover all columns, and the product adds to none.
    unsafe { out.set_len(m * n) };
    out
}

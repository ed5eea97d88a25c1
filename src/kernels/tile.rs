//! Products of matrices that lie inside of larger ones, by one thread.

use gemm::{Parallelism, gemm};

/// A matrix inside of a larger one: where it starts and how far its rows are apart.
#[derive(Clone, Copy)]
pub(crate) struct View {
    start: *const f32,
    row_stride: usize,
}

impl View {
    pub(crate) fn of(numbers: &[f32], offset: usize, row_stride: usize) -> Self {
        Self {
            start: numbers[offset..].as_ptr(),
            row_stride,
        }
    }

    pub(crate) fn row(self, row: usize) -> Self {
        Self {
            // SAFETY: callers stay within the rows of the matrix that the view was made of.
            start: unsafe { self.start.add(row * self.row_stride) },
            ..self
        }
    }
}

/// `out (m, n) = beta * a b`, or added to `out`; `a (m, k)`, `b (k, n)`, each as it lies or transposed.
///
/// # Safety
/// All rows of the three must lie inside of what they were made of.
pub(crate) unsafe fn tile(
    (m, n, k): (usize, usize, usize),
    (a, a_transposed): (View, bool),
    (b, b_transposed): (View, bool),
    (out, out_stride): (*mut f32, usize),
    beta: f32,
    add: bool,
) {
    let strides = |view: View, transposed: bool| {
        if !transposed {
            (1, view.row_stride as isize)
        } else {
            (view.row_stride as isize, 1)
        }
    };
    let ((a_columns, a_rows), (b_columns, b_rows)) =
        (strides(a, a_transposed), strides(b, b_transposed));
    // SAFETY: the caller's promise.
    unsafe {
        gemm(
            m,
            n,
            k,
            out,
            1,
            out_stride as isize,
            add,
            a.start,
            a_columns,
            a_rows,
            b.start,
            b_columns,
            b_rows,
            1.0f32,
            beta,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

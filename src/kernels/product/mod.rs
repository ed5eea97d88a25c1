//! Products of large matrices: `f32` numbers in and out, multiplied as they are or rounded to bfloat16 first.
//!
//! The gemm crate multiplies `f32`. It has no product of bfloat16 numbers by the processor's own instructions, so that
//! is ours: [`avx512_bf16`]. Every number of the result is summed in one order, whatever the number of threads.

#[cfg(target_arch = "x86_64")]
mod avx512_bf16;
mod widened;

use serde::{Deserialize, Serialize};

use super::matrix::Matrix;
use super::tile::{View, tile};
use super::{SharedPointer, collect_chunks, for_each_index, zeros};
pub(super) use widened::product_widened;

/// What the factors of a product are rounded to. Sums are always `f32`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factors {
    /// Not at all.
    #[default]
    F32,
    /// Eight bits of precision, to the nearest, where the processor multiplies such numbers itself; elsewhere as `F32`.
    Bf16,
}

/// Whether this processor multiplies bfloat16 numbers itself.
pub(crate) fn bf16_is_native() -> bool {
    #[cfg(target_arch = "x86_64")]
    return avx512_bf16::is_there();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Writes `a b` into `out`, row-major, or adds it to what is there.
///
/// # Panics
/// When the shapes do not fit.
pub(crate) fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], add: bool, factors: Factors) {
    assert_eq!(a.columns, b.rows, "matrices that do not fit");
    assert_eq!(out.len(), a.rows * b.columns, "a result of another size");
    #[cfg(target_arch = "x86_64")]
    if factors == Factors::Bf16 && avx512_bf16::is_there() {
        return avx512_bf16::multiply(a, b, out, add);
    }
    // Elsewhere, nothing else looks at it.
    let _ = factors;
    // SAFETY: `out` has as many numbers as the result, as asserted.
    unsafe { library(a, b, SharedPointer::new(out), add) };
}

/// `a b`, row-major, and `bias` added to every row, unless it is empty. Unlike [`multiply`] into a new vector, this spares
/// the time to fill it with zeros first.
///
/// # Panics
/// When the shapes do not fit.
pub(crate) fn product(a: Matrix<'_>, b: Matrix<'_>, bias: &[f32], factors: Factors) -> Vec<f32> {
    let length = a.rows * b.columns;
    if !bias.is_empty() {
        /// Rows that a thread fills with the bias at once.
        const ROWS_AT_ONCE: usize = 64;
        let mut out = collect_chunks(length, ROWS_AT_ONCE * b.columns, |_, rows| {
            for row in rows.chunks_exact_mut(b.columns) {
                row.copy_from_slice(bias);
            }
        });
        multiply(a, b, &mut out, true, factors);
        return out;
    }
    if a.columns == 0 || (factors == Factors::Bf16 && bf16_is_native()) {
        let mut out = zeros(length);
        multiply(a, b, &mut out, false, factors);
        return out;
    }
    assert_eq!(a.columns, b.rows, "matrices that do not fit");
    let mut out = Vec::with_capacity(length);
    // SAFETY: there is room for `length` numbers, and the product writes each of them without reading it.
    unsafe {
        library(a, b, SharedPointer::of(out.spare_capacity_mut()), false);
        out.set_len(length);
    }
    out
}

/// Each thread of the pool gets its own part of the result's longer side. The gemm crate's own threads are rayon's: they
/// would wait for processors on which the pool's, just out of another operation, still look for the next one.
///
/// # Safety
/// `out` points to `a.rows * b.columns` numbers, which are not read unless they are added to.
unsafe fn library(a: Matrix<'_>, b: Matrix<'_>, out: SharedPointer<f32>, add: bool) {
    let (rows, columns) = (a.rows, b.columns);
    let by_row = rows >= columns;
    let side = rows.max(columns);
    let part = part_of(side);
    for_each_index(side.div_ceil(part), |index| {
        let start = index * part;
        let len = part.min(side - start);
        let ((row, rows), (column, columns)) = if by_row {
            ((start, len), (0, columns))
        } else {
            ((0, rows), (start, len))
        };
        let (left, right) = (
            view(a, row * a.row_stride),
            view(b, column * b.column_stride),
        );
        // SAFETY: both matrices lie inside of their slices, the result where the caller promised, and every index has
        // rows or columns of the result that no other has.
        unsafe {
            tile(
                (rows, columns, b.rows),
                left,
                right,
                (out.get().add(row * b.columns + column), b.columns),
                1.0,
                add,
            );
        }
    });
}

/// How much of a side of the result, the longer one, is done at once.
fn part_of(side: usize) -> usize {
    /// Parts begin at multiples of this, so that the crate's innermost tiles are whole.
    const WHOLE_TILES: usize = 48;
    /// Several for each thread, since one may be slower than another.
    const PARTS_PER_THREAD: usize = 3;
    /// Parts smaller than this are not worth packing the shorter side once more.
    const WORTH_A_PART: usize = 384;
    let threads = candle_core::utils::get_num_threads();
    let parts = match side / (PARTS_PER_THREAD * threads) {
        0..WORTH_A_PART => threads,
        _ => PARTS_PER_THREAD * threads,
    };
    side.div_ceil(parts).next_multiple_of(WHOLE_TILES)
}

/// The part of a matrix from the number at `offset` on, and whether it lies transposed.
fn view(matrix: Matrix<'_>, offset: usize) -> (View, bool) {
    let transposed = matrix.column_stride != 1;
    let stride = if transposed {
        matrix.column_stride
    } else {
        matrix.row_stride
    };
    (View::of(matrix.numbers, offset, stride), transposed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    fn rounded(x: f32, factors: Factors) -> f64 {
        match factors {
            Factors::Bf16 if bf16_is_native() => half::bf16::from_f32(x).to_f64(),
            _ => f64::from(x),
        }
    }

    /// The largest difference from the definition, worked out in `f64`.
    fn difference(
        (m, k, n): (usize, usize, usize),
        (a_transposed, b_transposed): (bool, bool),
        add: bool,
        factors: Factors,
    ) -> f64 {
        let (a, b, before) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
        let view = |numbers, rows, columns, transposed| {
            if transposed {
                Matrix::new(numbers, columns, rows).transposed()
            } else {
                Matrix::new(numbers, rows, columns)
            }
        };
        let mut out = before.clone();
        let (left, right) = (view(&a, m, k, a_transposed), view(&b, k, n, b_transposed));
        multiply(left, right, &mut out, add, factors);
        let at = |x: Matrix<'_>, row: usize, column: usize| {
            let number = x.numbers[row * x.row_stride + column * x.column_stride];
            rounded(number, factors)
        };
        let mut most = 0.0;
        for row in 0..m {
            for column in 0..n {
                let sum: f64 = (0..k)
                    .map(|i| at(left, row, i) * at(right, i, column))
                    .sum();
                let start = if add { before[row * n + column] } else { 0.0 };
                let off = (f64::from(out[row * n + column]) - f64::from(start) - sum).abs();
                // Not `max`, which would hide a NaN.
                most = if off <= most { most } else { off };
            }
        }
        most
    }

    #[test]
    fn it_is_the_definition_on_odd_sizes() {
        let sizes = [
            (1, 1, 1),
            (3, 17, 5),
            (8, 16, 48),
            (9, 33, 49),
            (65, 33, 129),
            (17, 500, 70),
            (130, 7, 200),
            (40, 1000, 260),
        ];
        for size in sizes {
            for transposed in [(false, false), (true, false), (false, true), (true, true)] {
                for add in [false, true] {
                    for factors in [Factors::F32, Factors::Bf16] {
                        let off = difference(size, transposed, add, factors);
                        assert!(
                            off < 1e-5 * (size.1 as f64).sqrt().max(1.0),
                            "{size:?} {transposed:?} {add} {factors:?}: {off}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for factors in [Factors::F32, Factors::Bf16] {
            let mut out = [0.0; 4];
            let a = [f32::NAN, 1.0, 0.0, 1.0];
            let b = [1.0, 0.0, 0.0, 1.0];
            let (a, b) = (Matrix::new(&a, 2, 2), Matrix::new(&b, 2, 2));
            multiply(a, b, &mut out, false, factors);
            assert!(out[0].is_nan() && out[3] == 1.0, "{out:?}");
        }
    }
}

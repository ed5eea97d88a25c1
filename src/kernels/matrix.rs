//! A matrix of `f32` numbers in memory.

use super::for_each_chunk;

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// # Panics
    /// When there are fewer than `rows * columns` numbers.
    pub(crate) fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(
            numbers.len() >= rows * columns,
            "too few numbers for a matrix"
        );
        Self {
            numbers,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// A matrix with `columns` columns, transposed.
pub(crate) fn transpose<T>(matrix: &[T], columns: usize) -> Vec<T>
where
    T: Copy + Default + Send + Sync,
{
    let rows = matrix.len() / columns;
    let mut transposed = vec![T::default(); matrix.len()];
    // A few rows of the result at once, so that each line of memory that is read serves several.
    const AT_ONCE: usize = 16;
    for_each_chunk(&mut transposed, AT_ONCE * rows, |index, out| {
        let first = index * AT_ONCE;
        for row in 0..rows {
            for (offset, out) in out.chunks_exact_mut(rows).enumerate() {
                out[row] = matrix[row * columns + first + offset];
            }
        }
    });
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_swaps_rows_and_columns() {
        assert_eq!(
            transpose(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], 3),
            [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
        );
        let wide: Vec<f32> = (0..37 * 50).map(|i| i as f32).collect();
        assert_eq!(transpose(&transpose(&wide, 50), 37), wide);
    }
}

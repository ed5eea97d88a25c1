//! The product of bfloat16 numbers on processors with AVX-512 BF16.
//!
//! Both operands are rounded into panels of 16 lanes that the inner loop reads in order ([`panels`]), and the result
//! is worked out in tiles that stay in registers ([`tile`]).

mod panels;
mod tile;

use std::sync::LazyLock;

use self::panels::{LANES, Panels};
use self::tile::{COLUMNS, ROWS, Tile};
use crate::kernels::matrix::Matrix;
use crate::kernels::parallel::{SharedPointer, for_each_index};

/// Steps of a panel that are multiplied before the next tile's: three panels of columns then stay in the first cache.
const STEPS_AT_ONCE: usize = 192;
/// Rows and columns of the result that a thread takes at once: their panels then stay in the second cache.
const ROWS_AT_ONCE: usize = 128;
const COLUMNS_AT_ONCE: usize = 192;

/// Whether this processor has the instructions.
pub(super) fn is_there() -> bool {
    static THERE: LazyLock<bool> = LazyLock::new(|| {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
    });
    *THERE
}

/// As [`super::multiply`], where [`is_there`] said yes.
pub(super) fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], add: bool) {
    let (rows, columns) = (a.rows, b.columns);
    if out.is_empty() {
        return;
    }
    if a.columns == 0 {
        if !add {
            out.fill(0.0);
        }
        return;
    }
    let (a, b) = (Panels::of_rows(a), Panels::of_columns(b));
    let (down, across) = (
        rows.div_ceil(ROWS_AT_ONCE),
        columns.div_ceil(COLUMNS_AT_ONCE),
    );
    let blocks = a.steps().div_ceil(STEPS_AT_ONCE);
    let steps_at_once = a.steps().div_ceil(blocks);
    let shared = SharedPointer::new(out);
    for_each_index(down * across, |task| {
        let (top, left) = (
            task / across * ROWS_AT_ONCE,
            task % across * COLUMNS_AT_ONCE,
        );
        let bottom = rows.min(top + ROWS_AT_ONCE);
        let right = columns.min(left + COLUMNS_AT_ONCE);
        for first in (0..a.steps()).step_by(steps_at_once) {
            let steps = steps_at_once.min(a.steps() - first);
            for column in (left..right).step_by(COLUMNS) {
                for row in (top..bottom).step_by(ROWS) {
                    let tile = Tile {
                        steps,
                        rows: ROWS.min(bottom - row),
                        columns: COLUMNS.min(right - column),
                        a: a.at(row / LANES, first).wrapping_add(row % LANES),
                        b: b.at(column / LANES, first),
                        next_panel: b.panel_length(),
                        out_stride: columns,
                        add: add || first > 0,
                    };
                    // SAFETY: the processor has the instructions; the panels hold `steps` steps from `first` on of
                    // all lanes up to a multiple of `LANES`; each tile of the result belongs to one task.
                    unsafe { tile.multiply(shared.get().add(row * columns + column)) };
                }
            }
        }
    });
}

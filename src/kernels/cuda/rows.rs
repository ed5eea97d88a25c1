//! Sums of columns, dropout, and adding rows to a table.

use candle_core::{DType, Result, Tensor};

use super::launch::{Argument, Grid, Module, card, check, launch, ptx, suffix, unwritten};

pub(super) const MODULE: Module = Module {
    name: "logitscope-rows",
    ptx: ptx::ROWS,
};

/// Rows that a block of [`column_sums`] takes before another block shares its columns.
const ROWS_AT_ONCE: usize = 64;
/// Most blocks that share columns.
const MOST_SHARES: usize = 128;

/// The sum of each column of `x (n, width)`, in `f32`.
///
/// # Errors
/// When the device fails.
pub fn column_sums(x: &Tensor) -> Result<Tensor> {
    let (n, width) = x.dims2()?;
    let shares = n.div_ceil(ROWS_AT_ONCE).clamp(1, MOST_SHARES);
    let partial = sums_of_shares(x, shares)?;
    match shares {
        1 => partial.squeeze(0),
        _ => sums_of_shares(&partial, 1)?.reshape(width),
    }
}

fn sums_of_shares(x: &Tensor, shares: usize) -> Result<Tensor> {
    let (n, width) = x.dims2()?;
    let out = unwritten((shares, width), DType::F32, x)?;
    let grid = Grid {
        blocks: (width.div_ceil(32) as u32, shares as u32, 1),
        threads: (32, 8),
        shared: 0,
    };
    // SAFETY: as the kernel has it.
    unsafe {
        launch::<u64>(
            card(x)?,
            MODULE,
            &format!("column_sums_{}", suffix(x.dtype())?),
            grid,
            &[
                Argument::Tensor(x),
                Argument::Tensor(&out),
                Argument::Int(n as i32),
                Argument::Int(width as i32),
            ],
        )?;
    }
    Ok(out)
}

/// Each number of `x` times 0 or `kept`, as the bits of `key` at its place reach the `threshold` or not.
///
/// # Errors
/// When the device fails.
pub fn dropout(x: &Tensor, key: u64, threshold: u32, kept: f32) -> Result<Tensor> {
    let x = x.contiguous()?;
    let out = unwritten(x.shape(), x.dtype(), &x)?;
    let length = x.elem_count();
    // SAFETY: as the kernel has it.
    unsafe {
        launch::<u64>(
            card(&x)?,
            MODULE,
            &format!("dropout_{}", suffix(x.dtype())?),
            Grid::each(length),
            &[
                Argument::Tensor(&x),
                Argument::Tensor(&out),
                Argument::Length(length as u64),
                Argument::Length(key),
                Argument::Bits(threshold),
                Argument::Float(kept),
            ],
        )?;
    }
    Ok(out)
}

/// The rows of contiguous `table (n, width)` with these `ids (count)`, `u32`: `(count, width)`.
///
/// # Safety
/// The ids are less than `n`: they are on the card, where nothing checks them.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub unsafe fn look_up(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    let (_, width) = table.dims2()?;
    let count = ids.dims1()?;
    check("ids", ids, DType::U32, count)?;
    let out = unwritten((count, width), table.dtype(), table)?;
    // SAFETY: as the kernel has it; the ids are the caller's promise.
    unsafe {
        launch::<u64>(
            card(table)?,
            MODULE,
            &format!("look_up_{}", suffix(table.dtype())?),
            Grid::rows(count, width),
            &[
                Argument::Tensor(table),
                Argument::Tensor(ids),
                Argument::Tensor(&out),
                Argument::Int(width as i32),
            ],
        )?;
    }
    Ok(out)
}

/// Adds each row of `rows (ids.len(), width)` to the row of `table (n, width)`, in `f32`, with the same place in `ids`, in
/// place: rows of one id one after the other, so that the sum has one order.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn add_rows(table: &Tensor, ids: &[u32], rows: &Tensor) -> Result<()> {
    let (n, width) = table.dims2()?;
    check("add-rows", table, DType::F32, n * width)?;
    check("add-rows", rows, rows.dtype(), ids.len() * width)?;
    if let Some(id) = ids.iter().find(|id| **id as usize >= n) {
        candle_core::bail!("row {id} of a table of {n} was asked for");
    }
    let mut order: Vec<u32> = (0..ids.len() as u32).collect();
    order.sort_by_key(|&at| ids[at as usize]);
    let mut distinct: Vec<u32> = Vec::new();
    let mut starts: Vec<u32> = Vec::new();
    for (place, &at) in (0..).zip(&order) {
        if distinct.last() != Some(&ids[at as usize]) {
            distinct.push(ids[at as usize]);
            starts.push(place);
        }
    }
    starts.push(order.len() as u32);
    let blocks = distinct.len();
    // One copy to the card for all three.
    let (at_starts, at_order) = (blocks, blocks + starts.len());
    let mut all = distinct;
    all.extend(starts);
    all.extend(order);
    let all = Tensor::new(all, table.device())?;
    let part = |from: usize| all.narrow(0, from, all.dim(0)? - from);
    // SAFETY: as the kernel has it; ids are within the table, and each block has a row of its own.
    unsafe {
        launch::<u64>(
            card(table)?,
            MODULE,
            &format!("add_rows_{}", suffix(rows.dtype())?),
            Grid::rows(blocks, width),
            &[
                Argument::Tensor(table),
                Argument::Tensor(&rows.contiguous()?),
                Argument::Tensor(&all),
                Argument::Tensor(&part(at_starts)?),
                Argument::Tensor(&part(at_order)?),
                Argument::Int(width as i32),
            ],
        )
    }
}

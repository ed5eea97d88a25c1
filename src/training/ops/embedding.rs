//! Looking up rows of a table.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor};

use super::{Kernels, Numbers, Pass};
use crate::kernels::sums;

/// The rows of `table (rows, width)` at `ids`: `(ids.len(), width)`.
///
/// # Errors
/// When an id is outside of the table or the device fails.
pub fn embedding(pass: &Pass, table: &Tensor, ids: &[u32]) -> Result<Tensor> {
    let (rows, width) = table.dims2()?;
    if let Some(id) = ids.iter().find(|id| **id as usize >= rows) {
        candle_core::bail!("row {id} of a table of {:?} was asked for", table.shape());
    }
    if pass.kernels() == Kernels::Plain {
        return table.index_select(&Tensor::new(ids, table.device())?, 0);
    }
    #[cfg(feature = "cuda")]
    if table.device().is_cuda() {
        // candle notes what is looked up in variables itself.
        let out = table
            .detach()
            .index_select(&Tensor::new(ids, table.device())?, 0)?;
        return Ok(pass.record_rows(out, table, (rows, width), ids));
    }
    let out = {
        let table = Numbers::of(table)?;
        let mut out = Vec::with_capacity(ids.len() * width);
        for &id in ids {
            out.extend_from_slice(&table[id as usize * width..][..width]);
        }
        out
    };
    let out = Tensor::from_vec(out, (ids.len(), width), table.device())?;
    Ok(pass.record_rows(out, table, (rows, width), ids))
}

/// Adds each of `rows` to the row of a contiguous table with the same place in `ids`.
pub(super) struct AddRows<'a> {
    pub(super) ids: &'a [u32],
    pub(super) rows: &'a [f32],
}

impl InplaceOp1 for AddRows<'_> {
    fn name(&self) -> &'static str {
        "add-rows"
    }

    fn cpu_fwd(&self, table: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (_, width) = layout.shape().dims2()?;
        let (CpuStorage::F32(table), Some((start, end))) = (table, layout.contiguous_offsets())
        else {
            candle_core::bail!("add-rows needs contiguous f32 numbers");
        };
        let table = &mut table[start..end];
        for (row, &id) in self.rows.chunks_exact(width).zip(self.ids) {
            sums::add(&mut table[id as usize * width..][..width], row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sum;
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        let inputs = [normal(1, &[7, 5])?];
        let difference = difference(&inputs, |pass, inputs| {
            embedding(pass, &inputs[0], &[3, 0, 3, 6, 3])
        })?;
        assert!(difference < 1e-6, "{difference}");
        let pass = Pass::new(Kernels::Fused, true);
        assert!(embedding(&pass, &inputs[0], &[7]).is_err());
        Ok(())
    }

    #[test]
    fn rows_add_to_other_gradients_of_their_table() -> Result<()> {
        let inputs = [normal(1, &[7, 5])?];
        let difference = difference(&inputs, |pass, inputs| {
            let table = &inputs[0];
            let first = embedding(pass, table, &[3, 0, 3, 6, 3, 1, 2])?;
            let some = sum(pass, table, &first, 1.0)?;
            let second = embedding(pass, table, &[0, 1, 2, 3, 4, 5, 6])?;
            let more = sum(pass, &some, &second, 1.0)?;
            // The gradient of the sum is that of both its parts: neither may change with the other.
            sum(pass, &more, &some, 1.0)
        })?;
        assert!(difference < 1e-6, "{difference}");
        Ok(())
    }
}

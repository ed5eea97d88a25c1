//! Looking up rows of a table.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{Kernels, Numbers};
use crate::model::cpu::{contiguous, sums};

/// The rows of `table (rows, width)` at `ids`: `(ids.len(), width)`.
///
/// # Errors
/// When an id is outside of the table or the device fails.
pub fn embedding(table: &Tensor, ids: &[u32], kernels: Kernels) -> Result<Tensor> {
    if let Some(id) = ids.iter().find(|id| **id as usize >= table.dims()[0]) {
        candle_core::bail!("row {id} of a table of {:?} was asked for", table.shape());
    }
    if kernels == Kernels::Fused {
        return table.apply_op1(Rows { ids: ids.to_vec() });
    }
    table.index_select(&Tensor::new(ids, table.device())?, 0)
}

struct Rows {
    ids: Vec<u32>,
}

impl CustomOp1 for Rows {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, table: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, width) = layout.shape().dims2()?;
        let table = contiguous(table, layout, self.name())?;
        let mut out = Vec::with_capacity(self.ids.len() * width);
        for &id in &self.ids {
            out.extend_from_slice(&table[id as usize * width..][..width]);
        }
        Ok((CpuStorage::F32(out), Shape::from((self.ids.len(), width))))
    }

    fn bwd(&self, table: &Tensor, _result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        let gradient = Numbers::of(&gradient)?;
        let width = table.dim(1)?;
        let mut sum = vec![0.0; table.elem_count()];
        for (row, &id) in gradient.chunks_exact(width).zip(&self.ids) {
            sums::add(&mut sum[id as usize * width..][..width], row);
        }
        Ok(Some(Tensor::from_vec(sum, table.shape(), table.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        let inputs = [normal(1, &[7, 5])?];
        let difference = difference(&inputs, |inputs, kernels| {
            embedding(&inputs[0], &[3, 0, 3, 6, 3], kernels)
        })?;
        assert!(difference < 1e-6, "{difference}");
        assert!(embedding(&inputs[0], &[7], Kernels::Fused).is_err());
        Ok(())
    }
}

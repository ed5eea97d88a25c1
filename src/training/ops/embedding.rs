//! Looking up rows of a table.

use candle_core::{Result, Tensor};

use super::{Kernels, Numbers, Pass};
use crate::model::cpu::{sums, zeros};

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
    let out = {
        let table = Numbers::of(table)?;
        let mut out = Vec::with_capacity(ids.len() * width);
        for &id in ids {
            out.extend_from_slice(&table[id as usize * width..][..width]);
        }
        out
    };
    let out = Tensor::from_vec(out, (ids.len(), width), table.device())?;
    let (ids, device) = (ids.to_vec(), table.device().clone());
    Ok(pass.record(out, [table], move |gradient| {
        let gradient = Numbers::of(gradient)?;
        let mut sum = zeros(rows * width);
        for (row, &id) in gradient.chunks_exact(width).zip(&ids) {
            sums::add(&mut sum[id as usize * width..][..width], row);
        }
        Ok([Some(Tensor::from_vec(sum, (rows, width), &device)?)])
    }))
}

#[cfg(test)]
mod tests {
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
}

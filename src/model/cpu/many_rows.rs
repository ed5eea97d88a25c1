//! The product of many rows with a large matrix, where multiplying is all the cost.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape};

use super::{Factors, Matrix, contiguous, product};

/// `x (m, k)` times the transpose of `weight (n, k)`, giving `(m, n)`, on candle's own pool of threads: its matrix
/// product has another, and the two take each other's processors.
pub(in crate::model) struct ManyRows;

impl CustomOp2 for ManyRows {
    fn name(&self) -> &'static str {
        "many-rows"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (m, k) = x_layout.shape().dims2()?;
        let (n, weight_k) = weight_layout.shape().dims2()?;
        if k != weight_k {
            candle_core::bail!("many-rows: {m} x {k} does not fit {n} x {weight_k}");
        }
        let x = Matrix::new(contiguous(x, x_layout, self.name())?, m, k);
        let weight = Matrix::new(contiguous(weight, weight_layout, self.name())?, n, k);
        let products = product(x, weight.transposed(), Factors::F32);
        Ok((CpuStorage::F32(products), Shape::from((m, n))))
    }
}

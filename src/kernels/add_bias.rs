//! Adding a vector to every row, in place.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result};
use pulp::{Arch, Simd};

use super::{contiguous, for_each_chunk, sums};

/// Numbers that a thread takes at once, about.
const AT_ONCE: usize = 1 << 14;

/// Adds `bias (width)` to each row of a contiguous `x (n, width)`.
pub struct AddBias;

impl InplaceOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(
        &self,
        x: &mut CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<()> {
        let bias = contiguous(bias, bias_layout, self.name())?;
        let (CpuStorage::F32(x), Some((start, end))) = (x, x_layout.contiguous_offsets()) else {
            candle_core::bail!("add-bias needs contiguous f32 numbers");
        };
        let (x, width) = (&mut x[start..end], bias.len());
        if width == 0 || !x.len().is_multiple_of(width) {
            candle_core::bail!("add-bias: {} numbers are no rows of {width}", x.len());
        }
        if x.len() <= AT_ONCE {
            add_to_rows(x, bias)
        } else {
            for_each_chunk(x, AT_ONCE.next_multiple_of(width), |_, x| {
                add_to_rows(x, bias);
            })
        }
        Ok(())
    }
}

#[pulp::with_simd(add_to_rows = Arch::new())]
#[inline(always)]
fn add_to_rows_with_simd<S: Simd>(_: S, x: &mut [f32], bias: &[f32]) {
    for row in x.chunks_exact_mut(bias.len()) {
        sums::add(row, bias);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn every_row_is_added_to() -> Result<()> {
        for (rows, width) in [(1, 1), (3, 7), (40, 1000)] {
            let x = Tensor::randn(0f32, 1.0, (rows, width), &Device::Cpu)?;
            let bias = Tensor::randn(0f32, 1.0, width, &Device::Cpu)?;
            let expected = x.broadcast_add(&bias)?;
            x.inplace_op2(&bias, &AddBias)?;
            let difference = (x - expected)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert_eq!(difference, 0.0, "{rows} x {width}");
        }
        Ok(())
    }
}

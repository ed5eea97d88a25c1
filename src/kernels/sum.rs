//! The sum of two tensors of one shape, as a layer's output is added to what went in.

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Tensor};

use super::{collect_chunks, contiguous};

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 1 << 14;

/// `a + b`, of two tensors of one shape; without gradients where both are of `f32` on the CPU. Candle's own sum of a
/// long prompt would wake its threads, which then take the processor from those of this module while they look out for
/// more: of reading in q8_0 they took a tenth.
///
/// # Errors
/// When the shapes differ.
pub fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let own = |x: &Tensor| x.device().is_cpu() && x.dtype() == DType::F32 && x.is_contiguous();
    if own(a) && own(b) {
        a.apply_op2_no_bwd(b, &Sum)
    } else {
        a + b
    }
}

struct Sum;

impl CustomOp2 for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = a_layout.shape();
        if shape != b_layout.shape() {
            candle_core::bail!("sum: {shape:?} does not fit {:?}", b_layout.shape());
        }
        let a = contiguous(a, a_layout, self.name())?;
        let b = contiguous(b, b_layout, self.name())?;
        let sum = if a.len() <= AT_ONCE {
            a.iter().zip(b).map(|(a, b)| a + b).collect()
        } else {
            collect_chunks(a.len(), AT_ONCE, |index, sum| {
                let (a, b) = (&a[index * AT_ONCE..], &b[index * AT_ONCE..]);
                for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
                    *sum = a + b;
                }
            })
        };
        Ok((CpuStorage::F32(sum), shape.clone()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn it_is_candles_sum() -> Result<()> {
        for shape in [(1, 1), (3, 7), (5, AT_ONCE - 3)] {
            let a = Tensor::randn(0f32, 1.0, shape, &Device::Cpu)?;
            let b = Tensor::randn(0f32, 1.0, shape, &Device::Cpu)?;
            let difference = (sum(&a, &b)? - (&a + &b)?)?.abs()?.max_all()?;
            assert_eq!(difference.to_scalar::<f32>()?, 0.0, "{shape:?}");
        }
        let (a, b) = (
            Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?,
            Tensor::zeros((3, 2), DType::F32, &Device::Cpu)?,
        );
        assert!(sum(&a, &b).is_err());
        assert_eq!(sum(&a, &b.t()?)?.dims(), [2, 3]);
        Ok(())
    }
}

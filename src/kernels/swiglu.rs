//! The gated activation of the Llama family's feed-forward layers.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};

use super::gelu::exp;
use super::{contiguous, for_each_chunk};

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 4096;

/// `silu(gate) * up` with `silu(x) = x / (1 + exp(-x))`, of two tensors of one shape (Shazeer 2020, "GLU Variants
/// Improve Transformer").
pub struct SwiGlu;

impl CustomOp2 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = gate_layout.shape();
        if shape != up_layout.shape() {
            candle_core::bail!("swiglu: {shape:?} does not fit {:?}", up_layout.shape());
        }
        let mut gate = contiguous(gate, gate_layout, self.name())?.to_vec();
        let up = contiguous(up, up_layout, self.name())?;
        let arch = Arch::new();
        for_each_chunk(&mut gate, AT_ONCE, |index, gate| {
            let start = index * AT_ONCE;
            arch.dispatch(GateAll {
                up: &up[start..start + gate.len()],
                gate,
            });
        });
        Ok((CpuStorage::F32(gate), shape.clone()))
    }
}

struct GateAll<'a> {
    gate: &'a mut [f32],
    up: &'a [f32],
}

impl WithSimd for GateAll<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (gate, up) in self.gate.iter_mut().zip(self.up) {
            *gate = *gate / (1.0 + exp(-*gate)) * up;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn it_is_silu_times_the_other() -> Result<()> {
        let shape = (3, AT_ONCE + 11);
        let gate = Tensor::randn(0f32, 4.0, shape, &Device::Cpu)?;
        let up = Tensor::randn(0f32, 1.0, shape, &Device::Cpu)?;
        let ours = gate.apply_op2_no_bwd(&up, &SwiGlu)?;
        let expected = (gate.silu()? * up)?;
        let difference = (ours - expected)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(difference < 1e-5, "{difference}");
        Ok(())
    }
}

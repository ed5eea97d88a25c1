//! GPT-2's activation, and the exponential that it and the softmax of attention need.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape};
use pulp::{Arch, Simd};

use super::{collect_chunks, contiguous};

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 4096;

/// GELU in its tanh form, `x / 2 * (1 + tanh(u))` with `u = sqrt(2 / pi) * (x + 0.044715 x^3)`, computed as the equal
/// `x / (1 + exp(-2 u))`: that vectorises, where candle calls the scalar `tanh` (16 ns a number, measured).
pub struct GeluTanh;

impl CustomOp1 for GeluTanh {
    fn name(&self) -> &'static str {
        "gelu-tanh"
    }

    fn cpu_fwd(&self, xs: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let xs = contiguous(xs, layout, self.name())?;
        let values = if xs.len() <= AT_ONCE {
            let mut values = vec![0.0; xs.len()];
            gelu_all(xs, &mut values);
            values
        } else {
            collect_chunks(xs.len(), AT_ONCE, |index, out| {
                gelu_all(&xs[index * AT_ONCE..][..out.len()], out);
            })
        };
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

#[pulp::with_simd(gelu_all = Arch::new())]
#[inline(always)]
fn gelu_all_with_simd<S: Simd>(_: S, xs: &[f32], out: &mut [f32]) {
    for (out, x) in out.iter_mut().zip(xs) {
        *out = gelu(*x);
    }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    /// `2 * sqrt(2 / pi)`.
    const SLOPE: f32 = 1.595_769;
    let twice_u = SLOPE * (x + 0.044_715 * x * x * x);
    x / (1.0 + exp(-twice_u))
}

/// `e^x` within 2 units in the last place, for `x` from -87 to 88; what lies outside is moved to these ends. Written
/// without branches or calls, so that loops over it vectorise. The method and its coefficients are those of Cephes'
/// `expf`: `e^x = 2^n * e^r` with `n` whole and `|r| <= ln(2) / 2`, and a polynomial for `e^r`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding `1.5 * 2^23` rounds to a whole number and leaves that number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let polynomial =
        ((((1.987_569_1e-4 * r + 1.398_2e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r
            + 1.666_666_5e-1)
            * r
            + 0.5;
    let e_to_r = polynomial * r * r + r + 1.0;
    // Adding n to the exponent's bits multiplies by 2^n.
    f32::from_bits(e_to_r.to_bits().wrapping_add(rounded.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn the_exponential_is_exact_to_two_units() {
        for step in -87_000..=88_000 {
            let x = step as f32 / 1000.0;
            let exact = f64::from(x).exp();
            let relative = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(
                relative < 2.0 * f64::from(f32::EPSILON),
                "exp({x}) is off by {relative}"
            );
        }
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::NEG_INFINITY) < 1e-37 && exp(f32::INFINITY) > 1e38);
    }

    #[test]
    fn gelu_is_its_definition() {
        for step in -4000..=4000 {
            let x = f64::from(step) / 200.0;
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            let exact = x / 2.0 * (1.0 + u.tanh());
            let difference = (f64::from(gelu(x as f32)) - exact).abs();
            assert!(difference < 1e-6, "gelu({x}) is off by {difference}");
        }
    }

    #[test]
    fn chunks_meet_at_their_borders() -> Result<()> {
        let xs = Tensor::randn(0f32, 3.0, 3 * AT_ONCE + 17, &Device::Cpu)?;
        let whole = xs.apply_op1_no_bwd(&GeluTanh)?;
        let difference = (whole - xs.gelu()?)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(difference < 2e-6, "{difference}");
        Ok(())
    }
}

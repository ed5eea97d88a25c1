//! Numbers of 32 or 16 bits, widened to `f32` in registers: what is read from memory is as narrow as it lies there.

use std::any::TypeId;

use candle_core::WithDType;
use half::{bf16, f16};
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Arch, Simd, WithSimd};

/// A number that `f32` holds exactly.
pub(super) trait Wide: WithDType {
    /// The number itself.
    fn widen(self) -> f32;

    /// Those that need no widening.
    fn as_f32(_: &[Self]) -> Option<&[f32]> {
        None
    }

    /// A vector of the numbers from `start` on.
    ///
    /// # Safety
    /// There are `S::F32_LANES` of them, and `simd` came from [`dispatch`].
    unsafe fn load<S: Simd>(simd: S, start: *const Self) -> S::f32s;
}

/// Numbers in the longest vector that there is.
pub(super) const MOST_LANES: usize = 16;

impl Wide for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }

    fn as_f32(numbers: &[Self]) -> Option<&[f32]> {
        Some(numbers)
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(_: S, start: *const Self) -> S::f32s {
        // SAFETY: the caller's promise; a vector is its numbers, of which every pattern is allowed.
        unsafe { start.cast::<S::f32s>().read_unaligned() }
    }
}

/// The upper half of an `f32`: what half's own conversions add for numbers that are none keeps loops from vectorising.
impl Wide for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(simd: S, start: *const Self) -> S::f32s {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise; the processor has what `S` stands for, and a vector of as many lanes is the same
        // whatever its name.
        unsafe {
            use std::arch::x86_64::*;
            if is::<S, V4>() {
                let bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(start.cast()));
                return same(_mm512_slli_epi32::<16>(bits));
            }
            if is::<S, V3>() {
                let bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(start.cast()));
                return same(_mm256_slli_epi32::<16>(bits));
            }
        }
        // SAFETY: the caller's promise.
        unsafe { one_by_one(simd, start) }
    }
}

impl Wide for f16 {
    /// Without a branch, so that loops vectorise: the exponent's 15 becomes 127 by a product, which also makes of
    /// the smallest numbers what they are.
    #[inline(always)]
    fn widen(self) -> f32 {
        /// 2 to the power of 127 - 15.
        const SHIFT: f32 = f32::from_bits((127 + 127 - 15) << 23);
        let bits = u32::from(self.to_bits());
        let finite = f32::from_bits((bits & 0x7fff) << 13) * SHIFT;
        let none = if bits & 0x7c00 == 0x7c00 {
            0x7f80_0000
        } else {
            0
        };
        f32::from_bits(finite.to_bits() | none | (bits & 0x8000) << 16)
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(simd: S, start: *const Self) -> S::f32s {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as for brain floats; `dispatch` gives `V3` only where there is F16C beside it.
        unsafe {
            use std::arch::x86_64::*;
            if is::<S, V4>() {
                return same(_mm512_cvtph_ps(_mm256_loadu_si256(start.cast())));
            }
            if is::<S, V3>() {
                return same(_mm256_cvtph_ps(_mm_loadu_si128(start.cast())));
            }
        }
        // SAFETY: the caller's promise.
        unsafe { one_by_one(simd, start) }
    }
}

/// # Safety
/// As [`Wide::load`].
#[inline(always)]
unsafe fn one_by_one<S: Simd, W: Wide>(_: S, start: *const W) -> S::f32s {
    let mut wide = [0.0; MOST_LANES];
    for (lane, wide) in wide[..S::F32_LANES].iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        *wide = unsafe { start.add(lane).read() }.widen();
    }
    // SAFETY: no vector has more lanes.
    unsafe { wide.as_ptr().cast::<S::f32s>().read_unaligned() }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn is<S: Simd, Known: Simd>() -> bool {
    TypeId::of::<S>() == TypeId::of::<Known>()
}

/// The same bits by another name.
///
/// # Safety
/// Both are vectors of one size.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn same<From: Copy, To: Copy>(vector: From) -> To {
    // SAFETY: the caller's promise.
    unsafe { std::mem::transmute_copy(&vector) }
}

/// Runs `work` with the longest vectors of this processor.
#[inline(always)]
pub(super) fn dispatch<T: WithSimd>(arch: Arch, work: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Arch::V3(simd) = arch {
        if !is_x86_feature_detected!("f16c") {
            return Arch::Scalar.dispatch(work);
        }
        // SAFETY: the processor has AVX2 and FMA, or there were no `V3`, and F16C.
        return unsafe { with_f16c(simd, work) };
    }
    arch.dispatch(work)
}

/// `V3` does not say that the processor converts half-precision numbers, as all that have the rest do.
///
/// # Safety
/// The processor has these instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn with_f16c<T: WithSimd>(simd: V3, work: T) -> T::Output {
    work.with_simd(simd)
}

/// Writes numbers widened.
///
/// # Panics
/// When there is not a place for each.
pub(super) fn widen_into<W: Wide>(arch: Arch, numbers: &[W], out: &mut [f32]) {
    assert_eq!(numbers.len(), out.len(), "a place for each number");
    dispatch(arch, WidenInto { numbers, out });
}

struct WidenInto<'a, W> {
    numbers: &'a [W],
    out: &'a mut [f32],
}

impl<W: Wide> WithSimd for WidenInto<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (vectors, rest) = S::as_mut_simd_f32s(self.out);
        let done = vectors.len() * S::F32_LANES;
        for (at, vector) in vectors.iter_mut().enumerate() {
            // SAFETY: there are as many numbers as places.
            *vector = unsafe { W::load(simd, self.numbers.as_ptr().add(at * S::F32_LANES)) };
        }
        for (number, out) in self.numbers[done..].iter().zip(rest) {
            *out = number.widen();
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// All that this processor has.
    pub(in crate::kernels) fn archs() -> Vec<Arch> {
        let mut archs = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            archs.extend(V3::try_new().map(Arch::V3));
            archs.extend(V4::try_new().map(Arch::V4));
        }
        archs
    }

    fn compare<W: Wide + std::fmt::Debug>(numbers: &[W], expected: impl Fn(W) -> f32) {
        for arch in archs() {
            let mut wide = vec![0.0; numbers.len()];
            widen_into(arch, numbers, &mut wide);
            for (number, wide) in numbers.iter().zip(wide) {
                let expected = expected(*number);
                let same = wide.to_bits() == expected.to_bits();
                assert!(same || wide.is_nan() && expected.is_nan(), "{number:?}");
                let alone = number.widen();
                assert!(alone.to_bits() == expected.to_bits() || alone.is_nan());
            }
        }
    }

    #[test]
    fn every_number_of_sixteen_bits_is_what_half_says() {
        let all = || 0..=u16::MAX;
        let brains: Vec<_> = all().map(bf16::from_bits).collect();
        compare(&brains, bf16::to_f32);
        let halves: Vec<_> = all().map(f16::from_bits).collect();
        compare(&halves, f16::to_f32);
        // No whole vectors.
        compare(&halves[15_000..15_037], f16::to_f32);
        compare(&[1.5f32, -0.0, f32::MIN_POSITIVE / 2.0], |number| number);
    }
}

//! Inner products of a row of blocks with rows of activations: whole numbers inside of a block, `f32` between them.
//!
//! The sum of a block's 32 products is exact in every kernel; they differ in the order in which blocks are added.

use super::activations::Activations;
use super::forms::{BLOCK, Form, half};
use crate::model::cpu::prefetch::prefetch;

/// What multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Any processor.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512's products of four pairs of bytes at once.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

impl Kernel {
    /// All that this processor has, the fastest last.
    pub(super) fn at_hand() -> Vec<Self> {
        let mut kernels = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
        {
            kernels.push(Self::Avx2);
            if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512vnni") {
                kernels.push(Self::Vnni);
            }
        }
        kernels
    }

    /// For each row of `blocks`, its inner products with all rows of `x`; `in_row` blocks make a row of either. The
    /// products of one row of `x` do not depend on the others.
    ///
    /// # Panics
    /// When `products` are not as many.
    pub(super) fn rows<F: Form>(
        self,
        blocks: &[F::Bytes],
        x: &[Activations],
        in_row: usize,
        products: &mut [f32],
    ) {
        assert_eq!(
            products.len() * in_row * in_row,
            blocks.len() * x.len(),
            "products of another number of rows"
        );
        match self {
            Self::Portable => rows::<F>(
                portable::<F, 4>,
                portable::<F, 1>,
                blocks,
                x,
                in_row,
                products,
            ),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `at_hand` made it, so the processor has the instructions.
            Self::Avx2 => unsafe { x86::rows_avx2::<F>(blocks, x, in_row, products) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Vnni => unsafe { x86::rows_vnni::<F>(blocks, x, in_row, products) },
        }
    }
}

/// Rows of activations that a block, once unpacked, is multiplied with: as many as registers have room for.
const TOGETHER: usize = 4;

/// Calls `four` for four rows of `x` at a time and `one` for those that are left.
#[inline(always)]
fn rows<F: Form>(
    four: impl Fn(&[F::Bytes], [&[Activations]; TOGETHER]) -> [f32; TOGETHER],
    one: impl Fn(&[F::Bytes], [&[Activations]; 1]) -> [f32; 1],
    blocks: &[F::Bytes],
    x: &[Activations],
    in_row: usize,
    products: &mut [f32],
) {
    let m = x.len() / in_row;
    let row_of_x = |row: usize| &x[row * in_row..][..in_row];
    for (row, products) in blocks
        .chunks_exact(in_row)
        .zip(products.chunks_exact_mut(m))
    {
        let (together, alone) = products.as_chunks_mut::<TOGETHER>();
        let first_alone = together.len() * TOGETHER;
        for (index, products) in together.iter_mut().enumerate() {
            let first = index * TOGETHER;
            *products = four(row, [0, 1, 2, 3].map(|next| row_of_x(first + next)));
        }
        for (index, product) in alone.iter_mut().enumerate() {
            [*product] = one(row, [row_of_x(first_alone + index)]);
        }
    }
}

#[inline(always)]
fn portable<F: Form, const N: usize>(row: &[F::Bytes], x: [&[Activations]; N]) -> [f32; N] {
    let mut dots = [0.0; N];
    for (at, block) in row.iter().enumerate() {
        let parts = F::parts(block);
        let (scale, least) = (half(parts.scale), half(parts.least));
        for (dot, x) in dots.iter_mut().zip(x) {
            let x = &x[at];
            let mut sum = 0i32;
            for i in 0..BLOCK {
                sum += i32::from(parts.small[i]) * i32::from(x.small[i]);
            }
            *dot += scale * x.scale * sum as f32 + least * x.sum;
        }
    }
    dots
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! Bytes are multiplied unsigned by signed: the sign of a weight goes over to the activation.

    use std::arch::x86_64::*;

    use super::{Activations, BLOCK, Form, prefetch, rows};

    /// # Safety
    /// The processor has AVX2, FMA and F16C.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) unsafe fn rows_avx2<F: Form>(
        blocks: &[F::Bytes],
        x: &[Activations],
        in_row: usize,
        products: &mut [f32],
    ) {
        // SAFETY: the caller's promise.
        let (four, one) = (
            |row: &[F::Bytes], x: [&[Activations]; 4]| unsafe { dots::<F, 4, false>(row, x) },
            |row: &[F::Bytes], x: [&[Activations]; 1]| unsafe { dots::<F, 1, false>(row, x) },
        );
        rows::<F>(four, one, blocks, x, in_row, products);
    }

    /// # Safety
    /// The processor has AVX2, FMA, F16C, AVX-512 VL and AVX-512 VNNI.
    #[target_feature(enable = "avx2,fma,f16c,avx512vl,avx512vnni")]
    pub(super) unsafe fn rows_vnni<F: Form>(
        blocks: &[F::Bytes],
        x: &[Activations],
        in_row: usize,
        products: &mut [f32],
    ) {
        // SAFETY: the caller's promise.
        let (four, one) = (
            |row: &[F::Bytes], x: [&[Activations]; 4]| unsafe { dots::<F, 4, true>(row, x) },
            |row: &[F::Bytes], x: [&[Activations]; 1]| unsafe { dots::<F, 1, true>(row, x) },
        );
        rows::<F>(four, one, blocks, x, in_row, products);
    }

    /// # Safety
    /// The processor has AVX2, FMA and F16C, and with `VNNI` also AVX-512 VL and AVX-512 VNNI.
    #[inline(always)]
    unsafe fn dots<F: Form, const N: usize, const VNNI: bool>(
        row: &[F::Bytes],
        x: [&[Activations]; N],
    ) -> [f32; N] {
        // SAFETY: the caller's promise; what is loaded lies inside of arrays of 32 bytes.
        unsafe {
            let x = x.map(|x| &x[..row.len()]);
            let mut sums = [_mm256_setzero_ps(); N];
            let mut rests = [0.0f32; N];
            for (at, block) in row.iter().enumerate() {
                prefetch(block);
                let parts = F::parts(block);
                let small = load(&parts.small);
                let size = _mm256_abs_epi8(small);
                let scale = single(parts.scale);
                for n in 0..N {
                    let x = &x[n][at];
                    let signed = _mm256_sign_epi8(load(&x.small), small);
                    let products = match VNNI {
                        true => _mm256_dpbusd_epi32(_mm256_setzero_si256(), size, signed),
                        // Two products of at most 128 * 127 fit into 16 bits.
                        false => _mm256_madd_epi16(
                            _mm256_maddubs_epi16(size, signed),
                            _mm256_set1_epi16(1),
                        ),
                    };
                    let scale = _mm256_set1_ps(scale * x.scale);
                    sums[n] = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(products), sums[n]);
                    if F::HAS_LEAST {
                        rests[n] += single(parts.least) * x.sum;
                    }
                }
            }
            let mut dots = [0.0; N];
            for n in 0..N {
                let mut lanes = [0.0f32; 8];
                _mm256_storeu_ps(lanes.as_mut_ptr(), sums[n]);
                dots[n] = lanes.iter().sum::<f32>() + rests[n];
            }
            dots
        }
    }

    #[inline(always)]
    unsafe fn single(half: u16) -> f32 {
        // SAFETY: the processor has F16C.
        unsafe { _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(half)))) }
    }

    #[inline(always)]
    unsafe fn load(numbers: &[i8; BLOCK]) -> __m256i {
        // SAFETY: 32 bytes.
        unsafe { _mm256_loadu_si256(numbers.as_ptr().cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::{Q4_0, Q4_1, Q8_0};
    use super::*;

    /// Random bytes whose scales are small numbers.
    fn bytes(count: usize, size: usize, halves: usize) -> Vec<u8> {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut bytes = Vec::new();
        for _ in 0..count {
            let start = bytes.len();
            bytes.extend((0..size).map(|_| next()));
            for half in 0..halves {
                let scale = half::f16::from_f32(f32::from(next() as i8) / 512.0);
                bytes[start + 2 * half..][..2].copy_from_slice(&scale.to_le_bytes());
            }
        }
        bytes
    }

    fn compare<F: Form>(halves: usize) {
        for (rows, in_row, m) in [(1, 1, 1), (3, 2, 4), (5, 7, 6), (2, 24, 9)] {
            let bytes = bytes(rows * in_row, size_of::<F::Bytes>(), halves);
            let blocks = F::blocks(&bytes);
            let x: Vec<f32> = (0..m * in_row * BLOCK)
                .map(|at| (at as f32 * 0.37).sin() * (1.0 + (at % 5) as f32))
                .collect();
            let x = Activations::of(&x);
            let products = |kernel: Kernel| {
                let mut products = vec![f32::NAN; rows * m];
                kernel.rows::<F>(blocks, &x, in_row, &mut products);
                products
            };
            let expected = products(Kernel::Portable);
            for kernel in Kernel::at_hand() {
                for (ours, expected) in products(kernel).iter().zip(&expected) {
                    let off = (ours - expected).abs();
                    assert!(
                        off <= 1e-4 * expected.abs().max(1.0),
                        "{kernel:?}: {ours}, {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_kernel_is_the_portable_one() {
        compare::<Q8_0>(1);
        compare::<Q4_0>(1);
        compare::<Q4_1>(2);
    }
}

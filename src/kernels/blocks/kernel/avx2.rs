//! AVX2: bytes are multiplied unsigned by signed into sums of two that must fit into 16 bits, so wide weights give
//! their sign to the activations. Four bits have none, with [`Form::ZERO`] added to all; what this adds to the sum is
//! taken off.

use std::arch::x86_64::*;

use super::super::activations::Activations;
use super::super::forms::{BLOCK, Form};
use super::super::packed::{Group, Line, ROWS, RUN, lines};
use super::Rows;
use crate::kernels::prefetch::{FAR, prefetch};

/// # Safety
/// The processor has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn products<F: Form>(
    groups: &[Group<'_>],
    rows: Rows<'_>,
    put: &mut impl FnMut(usize, usize, &[f32; ROWS]),
) {
    for (index, group) in groups.iter().enumerate() {
        let mut first = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while rows.count() - first >= 2 {
                let products = tile::<F, 2>(group, rows.from(first));
                put(first, index, &products[0]);
                put(first + 1, index, &products[1]);
                first += 2;
            }
            if first < rows.count() {
                let [products] = tile::<F, 1>(group, rows.from(first));
                put(first, index, &products);
            }
        }
    }
}

/// The products of a group with `N` rows.
///
/// # Safety
/// As [`products`].
#[inline(always)]
unsafe fn tile<F: Form, const N: usize>(
    group: &Group<'_>,
    x: [&[Activations]; N],
) -> [[f32; ROWS]; N] {
    // SAFETY: the caller's promise; what is loaded and stored lies inside of arrays of as many bytes.
    unsafe {
        let low = _mm256_set1_epi8(15);
        // Of the first eight rows and of the others.
        let mut sums = [[_mm256_setzero_ps(); N]; 2];
        for (at, scales) in group.scales.iter().enumerate() {
            let mut start = [_mm256_setzero_si256(); N];
            if !F::WIDE {
                for n in 0..N {
                    start[n] = _mm256_set1_epi32(x[n][at].offset);
                }
            }
            let mut whole = [start; 2];
            for line in 0..lines::<F>() {
                let bytes: &Line = &group.lines[at * lines::<F>() + line];
                prefetch(bytes, FAR);
                for (side, whole) in whole.iter_mut().enumerate() {
                    let bytes = bytes.0.as_ptr().cast::<__m256i>().add(side);
                    let bytes = _mm256_load_si256(bytes);
                    for n in 0..N {
                        let x = &x[n][at];
                        let sum = &mut whole[n];
                        if F::WIDE {
                            let signed = _mm256_sign_epi8(run256(x, line * RUN), bytes);
                            *sum = add(*sum, _mm256_abs_epi8(bytes), signed);
                        } else {
                            let first = _mm256_and_si256(bytes, low);
                            let second = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
                            *sum = add(*sum, first, run256(x, line * RUN));
                            *sum = add(*sum, second, run256(x, BLOCK / 2 + line * RUN));
                        }
                    }
                }
            }
            for (side, (sums, whole)) in sums.iter_mut().zip(&whole).enumerate() {
                let scale = wide(scales, side);
                for n in 0..N {
                    let (sum, x) = (&mut sums[n], &x[n][at]);
                    let factor = _mm256_mul_ps(scale, _mm256_set1_ps(x.scale));
                    *sum = _mm256_fmadd_ps(factor, _mm256_cvtepi32_ps(whole[n]), *sum);
                    if F::HAS_LEAST {
                        let total = _mm256_set1_ps(x.total);
                        *sum = _mm256_fmadd_ps(wide(&group.leasts[at], side), total, *sum);
                    }
                }
            }
        }
        let mut products = [[0.0; ROWS]; N];
        for n in 0..N {
            _mm256_storeu_ps(products[n].as_mut_ptr(), sums[0][n]);
            _mm256_storeu_ps(products[n].as_mut_ptr().add(8), sums[1][n]);
        }
        products
    }
}

/// `sum` and the products of four bytes each, `small` without a sign.
#[inline(always)]
unsafe fn add(sum: __m256i, small: __m256i, x: __m256i) -> __m256i {
    // SAFETY: the processor has AVX2.
    unsafe {
        let pairs = _mm256_maddubs_epi16(small, x);
        _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
    }
}

/// A run of activations, as often as there is room.
#[inline(always)]
unsafe fn run256(x: &Activations, start: usize) -> __m256i {
    // SAFETY: the processor has AVX2.
    unsafe { _mm256_set1_epi32(x.run(start)) }
}

/// Eight half-precision numbers, the first or the second.
#[inline(always)]
unsafe fn wide(halves: &[u16; ROWS], side: usize) -> __m256 {
    // SAFETY: the processor has F16C; sixteen bytes from either start.
    unsafe { _mm256_cvtph_ps(_mm_loadu_si128(halves.as_ptr().add(8 * side).cast())) }
}

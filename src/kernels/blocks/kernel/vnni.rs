//! AVX-512 with VNNI: four pairs of bytes are multiplied and added to a sum at once, unsigned by signed. A number is
//! added to all weights so that they have no sign, and what this adds to the sum is taken off.

use std::arch::x86_64::*;

use super::super::activations::Activations;
use super::super::forms::{BLOCK, Form};
use super::super::packed::{Group, Line, ROWS, RUN, lines};
use super::Rows;
use crate::kernels::prefetch::{FAR, prefetch};

/// Rows of activations that meet two groups at once: as many sums as there are registers for.
const MOST: usize = 6;

/// So many are faster with one group at a time, which then passes by once: a tenth of the time of eight texts at once.
const BATCH: usize = 8;

/// # Safety
/// The processor has AVX-512 F, BW and VNNI.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn products<F: Form>(
    groups: &[Group<'_>],
    rows: Rows<'_>,
    put: &mut impl FnMut(usize, usize, &[f32; ROWS]),
) {
    if rows.count() == BATCH {
        for (index, &group) in groups.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                tile::<F, 1, BATCH>([group], rows.from(0), true, |n, _, products| {
                    put(n, index, products);
                });
            }
        }
        return;
    }
    let (pairs, last) = groups.as_chunks::<2>();
    for (index, &pair) in pairs.iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { with_groups::<F, 2>(pair, 2 * index, rows, put) };
    }
    if let &[group] = last {
        // SAFETY: as above.
        unsafe { with_groups::<F, 1>([group], 2 * pairs.len(), rows, put) };
    }
}

/// The products of `G` groups, the first of them number `index`, with all rows.
///
/// # Safety
/// As [`products`].
#[inline(always)]
unsafe fn with_groups<F: Form, const G: usize>(
    groups: [Group<'_>; G],
    index: usize,
    rows: Rows<'_>,
    put: &mut impl FnMut(usize, usize, &[f32; ROWS]),
) {
    let mut first = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while rows.count() - first >= MOST {
            tile::<F, G, MOST>(
                groups,
                rows.from(first),
                first == 0,
                |n, group, products| {
                    put(first + n, index + group, products);
                },
            );
            first += MOST;
        }
        while rows.count() - first >= 2 {
            tile::<F, G, 2>(
                groups,
                rows.from(first),
                first == 0,
                |n, group, products| {
                    put(first + n, index + group, products);
                },
            );
            first += 2;
        }
        if first < rows.count() {
            tile::<F, G, 1>(
                groups,
                rows.from(first),
                first == 0,
                |_, group, products| {
                    put(first, index + group, products);
                },
            );
        }
    }
}

/// The products of `G` groups with `N` rows. The first rows find the groups in memory, others where those left them.
///
/// # Safety
/// As [`products`]; the rows are as long as those of the groups.
#[inline(always)]
unsafe fn tile<F: Form, const G: usize, const N: usize>(
    groups: [Group<'_>; G],
    x: [&[Activations]; N],
    from_memory: bool,
    mut put: impl FnMut(usize, usize, &[f32; ROWS]),
) {
    // SAFETY: the caller's promise; what is loaded and stored lies inside of arrays of as many bytes.
    unsafe {
        let (sign, low) = (_mm512_set1_epi8(-128), _mm512_set1_epi8(15));
        let mut sums = [[_mm512_setzero_ps(); N]; G];
        for at in 0..groups[0].scales.len() {
            let x: [&Activations; N] = std::array::from_fn(|n| x[n].get_unchecked(at));
            let start = x.map(|x| _mm512_set1_epi32(x.offset));
            let mut whole = [start; G];
            for line in 0..lines::<F>() {
                let bytes: [&Line; G] = std::array::from_fn(|g| {
                    groups[g].lines.get_unchecked(at * lines::<F>() + line)
                });
                if from_memory {
                    bytes.iter().for_each(|bytes| prefetch(*bytes, FAR));
                }
                let bytes = bytes.map(|bytes| _mm512_load_si512(bytes.0.as_ptr().cast()));
                if F::WIDE {
                    let small = bytes.map(|bytes| _mm512_xor_si512(bytes, sign));
                    add(&mut whole, small, x, line * RUN);
                } else {
                    let first = bytes.map(|bytes| _mm512_and_si512(bytes, low));
                    let second =
                        bytes.map(|bytes| _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), low));
                    add(&mut whole, first, x, line * RUN);
                    add(&mut whole, second, x, BLOCK / 2 + line * RUN);
                }
            }
            for g in 0..G {
                let scale = wide(groups[g].scales.get_unchecked(at));
                for n in 0..N {
                    let factor = _mm512_mul_ps(scale, _mm512_set1_ps(x[n].scale));
                    let whole = _mm512_cvtepi32_ps(whole[g][n]);
                    sums[g][n] = _mm512_fmadd_ps(factor, whole, sums[g][n]);
                }
                if F::HAS_LEAST {
                    let least = wide(groups[g].leasts.get_unchecked(at));
                    for n in 0..N {
                        let total = _mm512_set1_ps(x[n].total);
                        sums[g][n] = _mm512_fmadd_ps(least, total, sums[g][n]);
                    }
                }
            }
        }
        for (g, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                let mut products = [0.0; ROWS];
                _mm512_storeu_ps(products.as_mut_ptr(), *sum);
                put(n, g, &products);
            }
        }
    }
}

/// Adds the products of four bytes each, `small` without a sign, with the activations from `start` on.
#[inline(always)]
unsafe fn add<const G: usize, const N: usize>(
    sums: &mut [[__m512i; N]; G],
    small: [__m512i; G],
    x: [&Activations; N],
    start: usize,
) {
    for n in 0..N {
        // SAFETY: the processor has VNNI.
        unsafe {
            let run = _mm512_set1_epi32(x[n].run(start));
            for g in 0..G {
                sums[g][n] = _mm512_dpbusd_epi32(sums[g][n], small[g], run);
            }
        }
    }
}

/// Sixteen half-precision numbers.
#[inline(always)]
unsafe fn wide(halves: &[u16; ROWS]) -> __m512 {
    // SAFETY: the processor has AVX-512 F; 32 bytes.
    unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(halves.as_ptr().cast())) }
}

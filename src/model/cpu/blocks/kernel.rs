//! Products of a group of rows with rows of activations: whole numbers inside of a block, `f32` between blocks.
//!
//! The sum of a block's 32 products is exact in every kernel, and blocks are added from the first to the last.

use super::activations::Activations;
use super::forms::{BLOCK, Form, half};
use super::packed::{Group, Line, ROWS, RUN, lines};

/// What multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Any processor.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with products of four pairs of bytes at once.
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
            if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni") {
                kernels.push(Self::Vnni);
            }
        }
        kernels
    }

    /// Calls `put(row, products)` for each row of `x`, as many blocks as the group's: its products with the rows of the
    /// group, which do not depend on the other rows of `x`.
    pub(super) fn products<F: Form>(
        self,
        group: &Group<'_>,
        x: &[Activations],
        mut put: impl FnMut(usize, &[f32; ROWS]),
    ) {
        let rows = Rows {
            x,
            in_row: group.scales.len(),
        };
        match self {
            Self::Portable => rows.portable::<F>(group, &mut put),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `at_hand` made it, so the processor has the instructions.
            Self::Avx2 => unsafe { rows.avx2::<F>(group, &mut put) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Vnni => unsafe { rows.vnni::<F>(group, &mut put) },
        }
    }
}

/// Rows of activations.
struct Rows<'a> {
    x: &'a [Activations],
    in_row: usize,
}

impl Rows<'_> {
    fn count(&self) -> usize {
        self.x.len() / self.in_row
    }

    #[inline(always)]
    fn from<const N: usize>(&self, first: usize) -> [&[Activations]; N] {
        let mut rows: [&[Activations]; N] = [&[]; N];
        for (n, row) in rows.iter_mut().enumerate() {
            *row = &self.x[(first + n) * self.in_row..][..self.in_row];
        }
        rows
    }

    fn portable<F: Form>(&self, group: &Group<'_>, put: &mut impl FnMut(usize, &[f32; ROWS])) {
        for (index, x) in self.x.chunks_exact(self.in_row).enumerate() {
            let mut products = [0.0; ROWS];
            for (at, x) in x.iter().enumerate() {
                let mut whole = [0i32; ROWS];
                let block = &group.lines[at * lines::<F>()..][..lines::<F>()];
                for (line, bytes) in block.iter().enumerate() {
                    add_line::<F>(&mut whole, bytes, &x.small, line * RUN);
                }
                let total = x.scale * x.sum as f32;
                for (row, product) in products.iter_mut().enumerate() {
                    *product += half(group.scales[at][row]) * x.scale * whole[row] as f32;
                    if F::HAS_LEAST {
                        *product += half(group.leasts[at][row]) * total;
                    }
                }
            }
            put(index, &products);
        }
    }
}

/// Adds the products of a line, whose numbers stand from `start` on in a block, with activations.
#[inline(always)]
fn add_line<F: Form>(sums: &mut [i32; ROWS], line: &Line, x: &[i8; BLOCK], start: usize) {
    for (sum, bytes) in sums.iter_mut().zip(&line.0) {
        for (at, &byte) in bytes.iter().enumerate() {
            let first = i16::from(x[start + at]);
            if F::WIDE {
                *sum += i32::from(i16::from(byte.cast_signed()) * first);
            } else {
                let second = i16::from(x[BLOCK / 2 + start + at]);
                *sum += i32::from((i16::from(byte & 15) - i16::from(F::ZERO)) * first);
                *sum += i32::from((i16::from(byte >> 4) - i16::from(F::ZERO)) * second);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! Bytes are multiplied unsigned by signed, so weights lose their sign. With AVX2, where sums of two products must fit
    //! into 16 bits, wide ones give it to the activations; otherwise a number is added to all, and what this adds to the
    //! sum is taken off.

    use std::arch::x86_64::*;

    use super::*;
    use crate::model::cpu::prefetch::prefetch;

    impl Rows<'_> {
        /// # Safety
        /// The processor has AVX2, FMA and F16C.
        #[target_feature(enable = "avx2,fma,f16c")]
        pub(super) unsafe fn avx2<F: Form>(
            &self,
            group: &Group<'_>,
            put: &mut impl FnMut(usize, &[f32; ROWS]),
        ) {
            let mut first = 0;
            // SAFETY: the caller's promise.
            unsafe {
                while self.count() - first >= 2 {
                    let products = avx2_tile::<F, 2>(group, self.from(first));
                    put(first, &products[0]);
                    put(first + 1, &products[1]);
                    first += 2;
                }
                if first < self.count() {
                    let [products] = avx2_tile::<F, 1>(group, self.from(first));
                    put(first, &products);
                }
            }
        }

        /// # Safety
        /// The processor has AVX-512 F, BW and VNNI.
        #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
        pub(super) unsafe fn vnni<F: Form>(
            &self,
            group: &Group<'_>,
            put: &mut impl FnMut(usize, &[f32; ROWS]),
        ) {
            let mut first = 0;
            // SAFETY: the caller's promise.
            unsafe {
                while self.count() - first >= 8 {
                    let products = vnni_tile::<F, 8>(group, self.from(first));
                    for (n, products) in products.iter().enumerate() {
                        put(first + n, products);
                    }
                    first += 8;
                }
                while self.count() - first >= 2 {
                    let products = vnni_tile::<F, 2>(group, self.from(first));
                    put(first, &products[0]);
                    put(first + 1, &products[1]);
                    first += 2;
                }
                if first < self.count() {
                    let [products] = vnni_tile::<F, 1>(group, self.from(first));
                    put(first, &products);
                }
            }
        }
    }

    /// What [`Rows::avx2`] does with `N` rows of `x`.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn avx2_tile<F: Form, const N: usize>(
        group: &Group<'_>,
        x: [&[Activations]; N],
    ) -> [[f32; ROWS]; N] {
        // SAFETY: the caller's promise; what is loaded and stored lies inside of arrays of as many bytes.
        unsafe {
            let low = _mm256_set1_epi8(15);
            // Of the first eight rows and of the others.
            let mut sums = [[_mm256_setzero_ps(); N]; 2];
            for (at, scales) in group.scales.iter().enumerate() {
                let zero = if F::WIDE { 0 } else { i32::from(F::ZERO) };
                let mut start = [_mm256_setzero_si256(); N];
                for n in 0..N {
                    start[n] = _mm256_set1_epi32(-zero * x[n][at].sum);
                }
                let mut whole = [start; 2];
                for line in 0..lines::<F>() {
                    let bytes: &Line = &group.lines[at * lines::<F>() + line];
                    prefetch(bytes);
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
                            let total = _mm256_set1_ps(x.scale * x.sum as f32);
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

    /// A run of activations, as often as there is room.
    #[inline(always)]
    unsafe fn run512(x: &Activations, start: usize) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_set1_epi32(x.run(start)) }
    }

    /// Eight half-precision numbers, the first or the second.
    #[inline(always)]
    unsafe fn wide(halves: &[u16; ROWS], side: usize) -> __m256 {
        // SAFETY: the processor has F16C; sixteen bytes from either start.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(halves.as_ptr().add(8 * side).cast())) }
    }

    /// What [`Rows::vnni`] does with `N` rows of `x`.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn vnni_tile<F: Form, const N: usize>(
        group: &Group<'_>,
        x: [&[Activations]; N],
    ) -> [[f32; ROWS]; N] {
        // SAFETY: the caller's promise; what is loaded and stored lies inside of arrays of as many bytes.
        unsafe {
            let (sign, low) = (_mm512_set1_epi8(-128), _mm512_set1_epi8(15));
            let zero = if F::WIDE { 128 } else { i32::from(F::ZERO) };
            let mut sums = [_mm512_setzero_ps(); N];
            for (at, scales) in group.scales.iter().enumerate() {
                let mut whole = [_mm512_setzero_si512(); N];
                for n in 0..N {
                    whole[n] = _mm512_set1_epi32(-zero * x[n][at].sum);
                }
                for line in 0..lines::<F>() {
                    let bytes: &Line = &group.lines[at * lines::<F>() + line];
                    prefetch(bytes);
                    let bytes = _mm512_load_si512(bytes.0.as_ptr().cast());
                    for n in 0..N {
                        let x = &x[n][at];
                        if F::WIDE {
                            let small = _mm512_xor_si512(bytes, sign);
                            whole[n] = _mm512_dpbusd_epi32(whole[n], small, run512(x, line * RUN));
                        } else {
                            let first = _mm512_and_si512(bytes, low);
                            let second = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), low);
                            whole[n] = _mm512_dpbusd_epi32(whole[n], first, run512(x, line * RUN));
                            let run = run512(x, BLOCK / 2 + line * RUN);
                            whole[n] = _mm512_dpbusd_epi32(whole[n], second, run);
                        }
                    }
                }
                let scale = _mm512_cvtph_ps(_mm256_loadu_si256(scales.as_ptr().cast()));
                for n in 0..N {
                    let x = &x[n][at];
                    let factor = _mm512_mul_ps(scale, _mm512_set1_ps(x.scale));
                    sums[n] = _mm512_fmadd_ps(factor, _mm512_cvtepi32_ps(whole[n]), sums[n]);
                    if F::HAS_LEAST {
                        let least = _mm256_loadu_si256(group.leasts[at].as_ptr().cast());
                        let total = _mm512_set1_ps(x.scale * x.sum as f32);
                        sums[n] = _mm512_fmadd_ps(_mm512_cvtph_ps(least), total, sums[n]);
                    }
                }
            }
            let mut products = [[0.0; ROWS]; N];
            for n in 0..N {
                _mm512_storeu_ps(products[n].as_mut_ptr(), sums[n]);
            }
            products
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::{Q4_0, Q4_1, Q8_0};
    use super::super::packed::Packed;
    use super::super::packed::tests::blocks;
    use super::*;

    /// The products number by number.
    fn defined<F: Form>(packed: &Packed<F>, x: &[Activations], in_row: usize) -> Vec<f32> {
        let mut all = Vec::new();
        for x in x.chunks(in_row) {
            for row in 0..ROWS {
                let mut numbers = Vec::new();
                packed.row(row, &mut numbers);
                let x = x
                    .iter()
                    .flat_map(|x| x.small.map(|small| x.scale * f32::from(small)));
                let products = numbers.iter().zip(x).map(|(a, b)| f64::from(a * b));
                all.push(products.sum::<f64>() as f32);
            }
        }
        all
    }

    fn compare<F: Form>() {
        for (in_row, m) in [(1, 1), (2, 3), (7, 8), (24, 13)] {
            let packed = Packed::<F>::of(&blocks::<F>(ROWS * in_row), ROWS, in_row);
            let x: Vec<f32> = (0..m * in_row * BLOCK)
                .map(|at| (at as f32 * 0.37).sin() * (1.0 + (at % 5) as f32))
                .collect();
            let x = Activations::of(&x);
            let products = |kernel: Kernel| {
                let mut all = vec![[f32::NAN; ROWS]; m];
                kernel.products::<F>(&packed.group(0), &x, |row, products| all[row] = *products);
                all.concat()
            };
            let expected = defined(&packed, &x, in_row);
            for kernel in Kernel::at_hand() {
                for (ours, expected) in products(kernel).iter().zip(&expected) {
                    let off = (ours - expected).abs();
                    let most = 1e-4 * expected.abs().max(1.0);
                    assert!(off <= most, "{kernel:?}: {ours}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn every_kernel_is_the_definition() {
        compare::<Q8_0>();
        compare::<Q4_0>();
        compare::<Q4_1>();
    }
}

//! Products of groups of rows with rows of activations: whole numbers inside of a block, `f32` between blocks.
//!
//! The sum of a block's 32 products is exact in every kernel, and blocks are added from the first to the last.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(target_arch = "x86_64")]
mod vnni;

use super::activations::Activations;
use super::forms::Form;
use super::packed::{Group, ROWS};

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

    /// Calls `put(row, group, products)` for each row of `x`, as many blocks as a group's, and each group: the row's
    /// products with the rows of the group, which do not depend on what else is multiplied.
    pub(super) fn products<F: Form>(
        self,
        groups: &[Group<'_>],
        x: &[Activations],
        mut put: impl FnMut(usize, usize, &[f32; ROWS]),
    ) {
        let rows = Rows::new(x, groups);
        match self {
            Self::Portable => portable::products::<F>(groups, rows, &mut put),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `at_hand` made it, so the processor has the instructions.
            Self::Avx2 => unsafe { avx2::products::<F>(groups, rows, &mut put) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Vnni => unsafe { vnni::products::<F>(groups, rows, &mut put) },
        }
    }
}

/// Rows of activations.
#[derive(Clone, Copy)]
struct Rows<'a> {
    x: &'a [Activations],
    in_row: usize,
}

impl<'a> Rows<'a> {
    /// # Panics
    /// When they are not as long as the rows of every group.
    fn new(x: &'a [Activations], groups: &[Group<'_>]) -> Self {
        let in_row = groups[0].scales.len();
        assert!(groups.iter().all(|group| group.scales.len() == in_row));
        assert!(x.len().is_multiple_of(in_row));
        Self { x, in_row }
    }

    fn count(self) -> usize {
        self.x.len() / self.in_row
    }

    #[inline(always)]
    fn from<const N: usize>(self, first: usize) -> [&'a [Activations]; N] {
        std::array::from_fn(|n| &self.x[(first + n) * self.in_row..][..self.in_row])
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::{BLOCK, Q4_0, Q4_1, Q8_0};
    use super::super::packed::Packed;
    use super::super::packed::tests::blocks;
    use super::*;

    /// The products number by number.
    fn defined<F: Form>(packed: &Packed<F>, x: &[Activations], rows: usize) -> Vec<f32> {
        let mut all = Vec::new();
        for x in x.chunks(packed.in_row()) {
            let x: Vec<f32> = x
                .iter()
                .flat_map(|x| x.small.map(|small| x.scale * f32::from(small)))
                .collect();
            for row in 0..rows {
                let mut numbers = Vec::new();
                packed.row(row, &mut numbers);
                let products = numbers.iter().zip(&x).map(|(a, b)| f64::from(a * b));
                all.push(products.sum::<f64>() as f32);
            }
        }
        all
    }

    fn compare<F: Form>() {
        for (groups, in_row, m) in [(1, 1, 1), (2, 2, 3), (3, 7, 8), (5, 24, 13)] {
            let rows = groups * ROWS;
            let packed = Packed::<F>::of(&blocks::<F>(rows * in_row), rows, in_row);
            let x: Vec<f32> = (0..m * in_row * BLOCK)
                .map(|at| (at as f32 * 0.37).sin() * (1.0 + (at % 5) as f32))
                .collect();
            let x = Activations::of::<F>(&x);
            let groups: Vec<_> = (0..groups).map(|group| packed.group(group)).collect();
            let products = |kernel: Kernel| {
                let mut all = vec![[f32::NAN; ROWS]; m * groups.len()];
                kernel.products::<F>(&groups, &x, |row, group, products| {
                    all[row * groups.len() + group] = *products;
                });
                all.concat()
            };
            let expected = defined(&packed, &x, rows);
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

//! Numbers that keys and values are kept as.

use std::borrow::Cow;

use half::bf16;

use crate::kernels::wide::Wide;

/// A number of a cache.
pub(super) trait CacheNumber: Wide {
    /// The nearest of its kind.
    fn nearest(number: f32) -> Self;

    /// Numbers as `f32`.
    fn widened(numbers: &[Self]) -> Cow<'_, [f32]>;
}

impl CacheNumber for f32 {
    #[inline(always)]
    fn nearest(number: f32) -> Self {
        number
    }

    fn widened(numbers: &[Self]) -> Cow<'_, [f32]> {
        Cow::Borrowed(numbers)
    }
}

impl CacheNumber for bf16 {
    /// The even one of two that are as near.
    #[inline(always)]
    fn nearest(number: f32) -> Self {
        let bits = number.to_bits();
        let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
        // Rounding could turn what is no number into one.
        let quiet = bits | 0x0040_0000;
        let bits = if number.is_nan() { quiet } else { rounded };
        Self::from_bits((bits >> 16) as u16)
    }

    fn widened(numbers: &[Self]) -> Cow<'_, [f32]> {
        numbers.iter().map(|number| number.widen()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brain_floats_are_those_of_half() {
        let bits = (0..=u32::MAX).step_by(65_521);
        for number in bits.map(f32::from_bits).chain([f32::NAN, f32::INFINITY]) {
            let (ours, halfs) = (bf16::nearest(number), bf16::from_f32(number));
            assert_eq!(ours.to_bits(), halfs.to_bits(), "{number}");
            assert_eq!(ours.widen().to_bits(), halfs.to_f32().to_bits(), "{number}");
        }
    }
}

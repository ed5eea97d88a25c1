//! Which numbers dropout drops.

use crate::training::random::Key;

/// Which numbers are dropped: a function of the key and each number's place, so that the backward pass, a
/// recomputation and a resumed run meet the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    pub key: Key,
    /// Share of numbers that are dropped, 0 to below 1.
    pub rate: f64,
}

impl Dropout {
    /// What the number at `place` is multiplied by: 0 or `1 / (1 - rate)`.
    #[inline(always)]
    pub(super) fn factor(&self, place: u64) -> f32 {
        let (threshold, factor) = self.threshold_and_factor();
        let kept = self.key.bits(place) >> 32 >= u64::from(threshold);
        f32::from(u8::from(kept)) * factor
    }

    /// What the upper half of a place's bits must reach for its number to be kept, and what it is then multiplied by.
    #[inline(always)]
    pub(super) fn threshold_and_factor(&self) -> (u32, f32) {
        let threshold = (self.rate * (1u64 << 32) as f64) as u32;
        (threshold, (1.0 / (1.0 - self.rate)) as f32)
    }

    /// The factors of `length` numbers from `start` on.
    pub(super) fn factors(&self, start: u64, length: usize) -> Vec<f32> {
        (start..start + length as u64)
            .map(|place| self.factor(place))
            .collect()
    }
}

//! Dropout: numbers are zeroed at random and the others made larger, so that the mean stays (Srivastava et al. 2014).

use candle_core::{Result, Tensor};

use super::{Kernels, Numbers, Pass};
use crate::kernels::collect_chunks;
use crate::training::random::Key;

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 4096;

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

    fn dropped(&self, x: &Tensor) -> Result<Tensor> {
        let numbers = Numbers::of(x)?;
        let out = collect_chunks(numbers.len(), AT_ONCE, |index, out| {
            let start = index * AT_ONCE;
            let numbers = &numbers[start..start + out.len()];
            for (offset, (out, number)) in out.iter_mut().zip(numbers).enumerate() {
                *out = number * self.factor((start + offset) as u64);
            }
        });
        Tensor::from_vec(out, x.shape(), x.device())
    }
}

/// Drops numbers of `x`; without a dropout, `x` as it is.
///
/// # Errors
/// When the device fails.
pub fn dropout(pass: &Pass, x: &Tensor, dropout: Option<Dropout>) -> Result<Tensor> {
    let Some(dropout) = dropout.filter(|dropout| dropout.rate > 0.0) else {
        return Ok(x.clone());
    };
    #[cfg(feature = "cuda")]
    if pass.kernels() == Kernels::Fused && x.device().is_cuda() {
        return super::card::dropout(pass, x, dropout);
    }
    if pass.kernels() == Kernels::Fused {
        let out = dropout.dropped(x)?;
        return Ok(pass.record(out, [x], move |gradient| {
            Ok([Some(dropout.dropped(gradient)?)])
        }));
    }
    let factors = dropout.factors(0, x.elem_count());
    let factors = Tensor::from_vec(factors, x.shape(), x.device())?.to_dtype(x.dtype())?;
    x * factors
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form_and_keeps_the_mean() -> Result<()> {
        let rule = Dropout {
            key: Key::new(4),
            rate: 0.1,
        };
        let inputs = [normal(1, &[90, 101])?];
        let difference = difference(&inputs, |pass, inputs| {
            dropout(pass, &inputs[0], Some(rule))
        })?;
        assert!(difference < 1e-6, "{difference}");
        let factors = rule.factors(0, 100_000);
        let dropped = factors.iter().filter(|factor| **factor == 0.0).count();
        assert!(dropped.abs_diff(10_000) < 400, "{dropped} of 100,000");
        let mean = factors.iter().sum::<f32>() / 1e5;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        Ok(())
    }
}

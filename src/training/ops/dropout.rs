//! Dropout: numbers are zeroed at random and the others made larger, so that the mean stays (Srivastava et al. 2014).

use candle_core::{Result, Tensor};

use super::rule::Dropout;
use super::{Kernels, Numbers, Pass};
use crate::kernels::collect_chunks;

/// Numbers that a thread takes at once.
const AT_ONCE: usize = 4096;

impl Dropout {
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
    use crate::training::random::Key;

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

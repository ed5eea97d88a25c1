//! Adding what was computed beside each other, as residual connections do.

use candle_core::{Result, Tensor};

use super::{Kernels, Pass};

/// `a + factor * b`, number by number.
///
/// # Errors
/// When shapes do not fit or the device fails.
pub fn sum(pass: &Pass, a: &Tensor, b: &Tensor, factor: f64) -> Result<Tensor> {
    let scaled = move |x: &Tensor| {
        if factor == 1.0 {
            Ok(x.clone())
        } else {
            x * factor
        }
    };
    let out = (a + scaled(b)?)?;
    if pass.kernels() == Kernels::Plain {
        return Ok(out);
    }
    // candle notes sums of variables itself.
    let out = out.detach();
    Ok(pass.record(out, [a, b], move |gradient| {
        Ok([Some(gradient.clone()), Some(scaled(gradient)?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        let inputs = [normal(1, &[5, 3])?, normal(2, &[5, 3])?];
        for factor in [1.0, -0.25] {
            let once = |pass: &Pass, x: &[Tensor]| sum(pass, &x[0], &x[1], factor);
            // What is used twice has the sum of both gradients.
            let twice = |pass: &Pass, x: &[Tensor]| sum(pass, &once(pass, x)?, &x[0], factor);
            assert!(difference(&inputs, once)? < 1e-6);
            assert!(difference(&inputs, twice)? < 1e-6);
        }
        Ok(())
    }
}

//! Changing the type of numbers.

use candle_core::{DType, Result, Tensor};

use super::{Kernels, Pass};

/// `x` in another type; the gradient comes back in that of `x`.
///
/// # Errors
/// When the device fails.
pub fn cast(pass: &Pass, x: &Tensor, dtype: DType) -> Result<Tensor> {
    let (before, out) = (x.dtype(), x.to_dtype(dtype)?);
    if before == dtype || pass.kernels() == Kernels::Plain {
        return Ok(out);
    }
    // candle notes casts of variables itself.
    let out = out.detach();
    Ok(pass.record(out, [x], move |gradient| {
        Ok([Some(gradient.to_dtype(before)?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::super::sum;
    use super::super::testing::{difference, normal};
    use super::*;

    #[test]
    fn the_tape_goes_on_behind_a_cast() -> Result<()> {
        let inputs = [normal(1, &[4, 3])?];
        let difference = difference(&inputs, |pass, inputs| {
            let narrow = cast(pass, &inputs[0], DType::BF16)?;
            let twice = sum(pass, &narrow, &narrow, 1.0)?;
            cast(pass, &twice, DType::F32)
        })?;
        assert!(difference < 0.02, "{difference}");
        Ok(())
    }
}

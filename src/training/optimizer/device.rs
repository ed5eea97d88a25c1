//! Updates by candle's operations, on any device.

use candle_core::{Result, Tensor, Var};

use super::{Method, Step};

/// Updates a parameter and its running means.
pub(super) fn update(
    method: Method,
    step: Step,
    var: &Var,
    gradient: &Tensor,
    slots: &mut [Tensor],
) -> Result<()> {
    let gradient = (gradient.to_dtype(var.dtype())? * f64::from(step.scale))?;
    let (beta1, beta2) = (f64::from(step.beta1), f64::from(step.beta2));
    let updated = match (method, slots) {
        (Method::Sgd, [velocity]) => {
            *velocity = ((&*velocity * beta1)? + gradient)?;
            (var.as_tensor() - (&*velocity * f64::from(step.size))?)?
        }
        (_, [mean, square]) => {
            *mean = ((&*mean * beta1)? + (&gradient * (1.0 - beta1))?)?;
            *square = ((&*square * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?;
            let root = (square.sqrt()? + f64::from(step.epsilon))?;
            let change = ((&*mean / root)? * f64::from(step.size))?;
            ((var.as_tensor() * f64::from(step.keep))? - change)?
        }
        _ => candle_core::bail!("{method:?} keeps other running means"),
    };
    var.set(&updated)
}

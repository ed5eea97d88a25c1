//! Updates on any device by candle's operations, and on NVIDIA cards by kernels of ours.

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
    #[cfg(feature = "cuda")]
    if var.device().is_cuda() {
        return on_card(method, step, var, gradient, slots);
    }
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

#[cfg(feature = "cuda")]
fn on_card(
    method: Method,
    step: Step,
    var: &Var,
    gradient: &Tensor,
    slots: &[Tensor],
) -> Result<()> {
    use crate::kernels::cuda;
    match slots {
        [velocity] => {
            let rates = (step.size, step.beta1, step.scale);
            cuda::sgd(var, gradient, velocity, rates)
        }
        [mean, square] => {
            let step = cuda::Adam {
                size: step.size,
                epsilon: step.epsilon,
                keep: step.keep,
                beta1: step.beta1,
                beta2: step.beta2,
                scale: step.scale,
            };
            cuda::adam(var, gradient, (mean, square), step)
        }
        _ => candle_core::bail!("{method:?} keeps other running means"),
    }
}

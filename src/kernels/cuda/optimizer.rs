//! Updates in place, each number read and written once, and the size of gradients.

use candle_core::{DType, Result, Tensor};

use super::launch::{Argument, Grid, Module, address, card, check, launch, ptx, unwritten};

const MODULE: Module = Module {
    name: "logitscope-optimizer",
    ptx: ptx::OPTIMIZER,
};

/// Numbers whose squares a block sums, about, and most blocks.
const SQUARES_AT_ONCE: usize = 1 << 13;
const MOST_BLOCKS: usize = 512;

/// What one update by Adam needs: `m = beta1 m + (1 - beta1) scale g`, `v` likewise of its square, and
/// `p = keep p - size m / (sqrt(v) + epsilon)`.
#[derive(Debug, Clone, Copy)]
pub struct Adam {
    pub size: f32,
    pub epsilon: f32,
    pub keep: f32,
    pub beta1: f32,
    pub beta2: f32,
    pub scale: f32,
}

/// Updates a parameter and its running means, all `f32`, in place.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn adam(
    parameter: &Tensor,
    gradient: &Tensor,
    (mean, square): (&Tensor, &Tensor),
    step: Adam,
) -> Result<()> {
    let length = parameter.elem_count();
    for tensor in [parameter, gradient, mean, square] {
        check("adam", tensor, DType::F32, length)?;
    }
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(parameter)?,
            MODULE,
            "adam",
            Grid::each(length),
            &[
                Argument::Tensor(parameter),
                Argument::Tensor(gradient),
                Argument::Tensor(mean),
                Argument::Tensor(square),
                Argument::Length(length as u64),
                Argument::Float(step.size),
                Argument::Float(step.epsilon),
                Argument::Float(step.keep),
                Argument::Float(step.beta1),
                Argument::Float(step.beta2),
                Argument::Float(step.scale),
            ],
        )
    }
}

/// `v = momentum v + scale g`, `p = p - rate v`, all `f32`, in place.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn sgd(
    parameter: &Tensor,
    gradient: &Tensor,
    velocity: &Tensor,
    (rate, momentum, scale): (f32, f32, f32),
) -> Result<()> {
    let length = parameter.elem_count();
    for tensor in [parameter, gradient, velocity] {
        check("sgd", tensor, DType::F32, length)?;
    }
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(parameter)?,
            MODULE,
            "sgd",
            Grid::each(length),
            &[
                Argument::Tensor(parameter),
                Argument::Tensor(gradient),
                Argument::Tensor(velocity),
                Argument::Length(length as u64),
                Argument::Float(rate),
                Argument::Float(momentum),
                Argument::Float(scale),
            ],
        )
    }
}

/// The sum of the squares of all numbers of some `f32` tensors. Waits for the card, once.
///
/// # Errors
/// When types do not fit, or the device fails.
pub fn squares<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> Result<f64> {
    let tensors: Vec<_> = tensors
        .map(|tensor| {
            let length = tensor.elem_count();
            check("squares", tensor, DType::F32, length)?;
            let blocks = length.div_ceil(SQUARES_AT_ONCE).min(MOST_BLOCKS);
            Ok((tensor, length, blocks))
        })
        .collect::<Result<_>>()?;
    let Some((first, _, _)) = tensors.first() else {
        return Ok(0.0);
    };
    let parts: usize = tensors.iter().map(|(_, _, blocks)| blocks).sum();
    let partial = unwritten(parts, DType::F32, first)?;
    let mut to = address(&partial)?;
    for (tensor, length, blocks) in &tensors {
        // SAFETY: as the kernel has it; each block has a place of its own in `partial`.
        unsafe {
            launch::<u64>(
                card(tensor)?,
                MODULE,
                "squares",
                Grid {
                    blocks: (*blocks as u32, 1, 1),
                    threads: (256, 1),
                    shared: 0,
                },
                &[
                    Argument::Tensor(tensor),
                    Argument::Length(*length as u64),
                    Argument::Address(to),
                ],
            )?;
        }
        to += (blocks * size_of::<f32>()) as u64;
    }
    let sums = partial.to_vec1::<f32>()?;
    Ok(sums.into_iter().map(f64::from).sum())
}

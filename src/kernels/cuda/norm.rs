//! Norms of rows.

use candle_core::{DType, Result, Tensor};

use super::launch::{Argument, Grid, Module, card, check, launch, ptx, suffix, unwritten};
use super::rows::column_sums;

const MODULE: Module = Module {
    name: "logitscope-norm",
    ptx: ptx::NORM,
};

/// Blocks that share the rows of a backward pass: as many as fill a large card twice.
const BLOCKS: usize = 264;

/// Layer norm of each row of `x (n, width)`. Weight and bias `(width)` are of the type of `x`, or `f32`.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f32) -> Result<Tensor> {
    let (n, width) = x.dims2()?;
    let x = x.contiguous()?;
    check("layer-norm", weight, weight.dtype(), width)?;
    check("layer-norm", bias, weight.dtype(), width)?;
    let kind = if weight.dtype() == x.dtype() {
        "layer_norm"
    } else {
        check("layer-norm", weight, DType::F32, width)?;
        "layer_norm_wide"
    };
    let out = unwritten((n, width), x.dtype(), &x)?;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(&x)?,
            MODULE,
            &format!("{kind}_{}", suffix(x.dtype())?),
            Grid::rows(n, width),
            &[
                Argument::Tensor(&x),
                Argument::Tensor(weight),
                Argument::Tensor(bias),
                Argument::Tensor(&out),
                Argument::Int(width as i32),
                Argument::Float(epsilon),
            ],
        )?;
    }
    Ok(out)
}

/// The gradients of `x`, weight and bias of a [`layer_norm`] from that of its result; weight in `f32`.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn layer_norm_back(
    x: &Tensor,
    weight: &Tensor,
    gradient: &Tensor,
    epsilon: f32,
) -> Result<[Tensor; 3]> {
    let (n, width) = x.dims2()?;
    check("layer-norm", weight, DType::F32, width)?;
    check("layer-norm", gradient, x.dtype(), n * width)?;
    let blocks = n.clamp(1, BLOCKS);
    let partial = Tensor::zeros((blocks, 2 * width), DType::F32, x.device())?;
    let dx = unwritten((n, width), x.dtype(), x)?;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(x)?,
            MODULE,
            &format!("layer_norm_back_{}", suffix(x.dtype())?),
            Grid::rows(blocks.min(n), width),
            &[
                Argument::Tensor(x),
                Argument::Tensor(weight),
                Argument::Tensor(gradient),
                Argument::Tensor(&dx),
                Argument::Tensor(&partial),
                Argument::Int(n as i32),
                Argument::Int(width as i32),
                Argument::Float(epsilon),
            ],
        )?;
    }
    let both = column_sums(&partial)?;
    Ok([dx, both.narrow(0, 0, width)?, both.narrow(0, width, width)?])
}

/// Root-mean-square norm of each row of `x (n, width)`, weight `(width)` of the same type.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f32) -> Result<Tensor> {
    let (n, width) = x.dims2()?;
    let x = x.contiguous()?;
    check("rms-norm", weight, x.dtype(), width)?;
    let out = unwritten((n, width), x.dtype(), &x)?;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(&x)?,
            MODULE,
            &format!("rms_norm_{}", suffix(x.dtype())?),
            Grid::rows(n, width),
            &[
                Argument::Tensor(&x),
                Argument::Tensor(weight),
                Argument::Tensor(&out),
                Argument::Int(width as i32),
                Argument::Float(epsilon),
            ],
        )?;
    }
    Ok(out)
}

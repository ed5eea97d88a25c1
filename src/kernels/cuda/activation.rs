//! A bias and the non-linearity after it.

use candle_core::{DType, Result, Tensor};

use super::launch::{Argument, Grid, card, check, launch, suffix, unwritten};
use super::rows::MODULE;

/// The non-linearities that the kernels know. The order is that of `rows.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    Identity = 0,
    GeluTanh,
    GeluErf,
    QuickGelu,
    Relu,
    Silu,
    Tanh,
}

/// Numbers that a thread takes, if rows allow it.
const AT_ONCE: usize = 4;

fn at_once(width: usize) -> usize {
    if width.is_multiple_of(AT_ONCE) {
        AT_ONCE
    } else {
        1
    }
}

/// `code(x + bias)` for `x (n, width)`; the bias is of the type of `x`, or `f32`.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn bias_activation(x: &Tensor, bias: &Tensor, code: Code) -> Result<Tensor> {
    let (n, width) = x.dims2()?;
    let x = x.contiguous()?;
    check("bias", bias, bias.dtype(), width)?;
    let kind = if bias.dtype() == x.dtype() {
        "bias_activation"
    } else {
        check("bias", bias, DType::F32, width)?;
        "bias_activation_wide"
    };
    let out = unwritten((n, width), x.dtype(), &x)?;
    let each = at_once(width);
    let packs = n * width / each;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(&x)?,
            MODULE,
            &format!("{kind}_{each}_{}", suffix(x.dtype())?),
            Grid::each(packs),
            &[
                Argument::Tensor(&x),
                Argument::Tensor(bias),
                Argument::Tensor(&out),
                Argument::Length(packs as u64),
                Argument::Int(width as i32),
                Argument::Int(code as i32),
            ],
        )?;
    }
    Ok(out)
}

/// The gradient of `x` of a [`bias_activation`] from that of its result; the bias in `f32`. That of the bias are its
/// columns' sums.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn bias_activation_back(
    x: &Tensor,
    bias: &Tensor,
    gradient: &Tensor,
    code: Code,
) -> Result<Tensor> {
    let (n, width) = x.dims2()?;
    check("bias", bias, DType::F32, width)?;
    check("bias", gradient, x.dtype(), n * width)?;
    let dx = unwritten((n, width), x.dtype(), x)?;
    let each = at_once(width);
    let packs = n * width / each;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(x)?,
            MODULE,
            &format!("bias_activation_back_{each}_{}", suffix(x.dtype())?),
            Grid::each(packs),
            &[
                Argument::Tensor(x),
                Argument::Tensor(bias),
                Argument::Tensor(gradient),
                Argument::Tensor(&dx),
                Argument::Length(packs as u64),
                Argument::Int(width as i32),
                Argument::Int(code as i32),
            ],
        )?;
    }
    Ok(dx)
}

/// `silu(gate) * up`, number by number.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    let (gate, up) = (gate.contiguous()?, up.contiguous()?);
    let length = gate.elem_count();
    check("swiglu", &up, gate.dtype(), length)?;
    let out = unwritten(gate.shape(), gate.dtype(), &gate)?;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(&gate)?,
            MODULE,
            &format!("swiglu_{}", suffix(gate.dtype())?),
            Grid::each(length),
            &[
                Argument::Tensor(&gate),
                Argument::Tensor(&up),
                Argument::Tensor(&out),
                Argument::Length(length as u64),
            ],
        )?;
    }
    Ok(out)
}

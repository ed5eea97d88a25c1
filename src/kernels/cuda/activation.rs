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
    let x = x.contiguous()?;
    let out = unwritten(x.shape(), x.dtype(), &x)?;
    put(&x, Some(bias), None, &out, code)?;
    Ok(out)
}

/// As [`bias_activation`], but `x`, which must be contiguous, becomes the result, to which `base` of the same shape and
/// type is added: what ends a layer without another tensor.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn finish(
    x: Tensor,
    bias: Option<&Tensor>,
    code: Code,
    base: Option<&Tensor>,
) -> Result<Tensor> {
    put(&x, bias, base, &x, code)?;
    Ok(x)
}

fn put(
    x: &Tensor,
    bias: Option<&Tensor>,
    base: Option<&Tensor>,
    out: &Tensor,
    code: Code,
) -> Result<()> {
    let (n, width) = x.dims2()?;
    let mut kind = "bias_activation";
    if let Some(bias) = bias {
        check("bias", bias, bias.dtype(), width)?;
        if bias.dtype() != x.dtype() {
            check("bias", bias, DType::F32, width)?;
            kind = "bias_activation_wide";
        }
    }
    if let Some(base) = base {
        check("sum", base, x.dtype(), n * width)?;
    }
    let each = at_once(width);
    let packs = n * width / each;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(x)?,
            MODULE,
            &format!("{kind}_{each}_{}", suffix(x.dtype())?),
            Grid::each(packs),
            &[
                Argument::Tensor(x),
                bias.map_or(Argument::Nothing, Argument::Tensor),
                base.map_or(Argument::Nothing, Argument::Tensor),
                Argument::Tensor(out),
                Argument::Length(packs as u64),
                Argument::Int(width as i32),
                Argument::Int(code as i32),
            ],
        )
    }
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

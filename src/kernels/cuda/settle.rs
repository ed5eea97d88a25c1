//! Cross-entropy of logits.

use candle_core::{DType, Result, Tensor};

use super::launch::{Argument, Grid, Module, card, check, launch, ptx, suffix, unwritten};

const MODULE: Module = Module {
    name: "logitscope-head",
    ptx: ptx::HEAD,
};

/// Turns the first `vocabulary` of each row of contiguous `logits (n, vocabulary or more)` into the gradients, by them, of
/// the sum of each row's cross-entropy times its share, and the others into 0, in place if `slopes`. The result `(n, 2)`, in `f32`, has each row's own cross-entropy in nats, and 1 where its
/// target had the largest logit. `bias (vocabulary)` in `f32` is added first. `targets` and `shares` have `n` numbers.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn settle(
    logits: &Tensor,
    vocabulary: usize,
    bias: Option<&Tensor>,
    (targets, shares): (&Tensor, &Tensor),
    slopes: bool,
) -> Result<Tensor> {
    let (n, stride) = logits.dims2()?;
    if vocabulary > stride {
        candle_core::bail!("rows of {stride} logits for a vocabulary of {vocabulary}");
    }
    check("targets", targets, DType::U32, n)?;
    check("shares", shares, DType::F32, n)?;
    if let Some(bias) = bias {
        check("the head's bias", bias, DType::F32, vocabulary)?;
    }
    let stats = unwritten((n, 2), DType::F32, logits)?;
    // SAFETY: as the kernel has it; sizes were checked, and the caller's targets are within the vocabulary.
    unsafe {
        launch::<u64>(
            card(logits)?,
            MODULE,
            &format!("settle_{}", suffix(logits.dtype())?),
            Grid::rows(n, vocabulary),
            &[
                Argument::Tensor(logits),
                bias.map_or(Argument::Nothing, Argument::Tensor),
                Argument::Tensor(targets),
                Argument::Tensor(shares),
                Argument::Tensor(&stats),
                Argument::Int(vocabulary as i32),
                Argument::Int(stride as i32),
                Argument::Int(i32::from(slopes)),
            ],
        )?;
    }
    Ok(stats)
}

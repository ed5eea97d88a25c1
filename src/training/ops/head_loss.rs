//! The head and the cross-entropy after it as one operation: logits are made for some rows at a time and turned into
//! their gradients in place, so that they are never held for the whole batch.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp3, D, DType, Device, Layout, Result, Shape, Tensor};
use pulp::Arch;

use super::{Kernels, for_each_pair, host};
use crate::model::cpu::{Factors, Matrix, contiguous, exp, multiply, sums};

/// Logits that are held at once: 32 MB.
const LOGITS_AT_ONCE: usize = 8 << 20;

/// How well each row's target was predicted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowLosses {
    /// Cross-entropy in nats.
    pub losses: Vec<f32>,
    /// Whether the target had the largest logit.
    pub correct: Vec<bool>,
}

/// The sum over rows of `shares[row]` times the cross-entropy of `targets[row]` under the softmax of
/// `hidden weight^T + bias`, and each row's own. `hidden (n, width)`, `weight (vocabulary, width)`. Rows without a
/// share cost nothing in the gradient. `gradients`: whether a backward pass will follow. The kernel rounds what it multiplies to `factors`.
///
/// # Errors
/// When a target is outside of the vocabulary, shapes do not fit, or the device fails.
pub fn head_loss(
    hidden: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    (targets, shares): (&[u32], &[f32]),
    gradients: bool,
    (kernels, factors): (Kernels, Factors),
) -> Result<(Tensor, RowLosses)> {
    let (rows, vocabulary) = (hidden.dim(0)?, weight.dim(0)?);
    if targets.len() != rows || shares.len() != rows {
        candle_core::bail!("head-loss: {} targets for {rows} rows", targets.len());
    }
    if let Some(target) = targets.iter().find(|id| **id as usize >= vocabulary) {
        candle_core::bail!("target {target} is outside of the vocabulary of {vocabulary}");
    }
    if kernels == Kernels::Plain {
        return plain(hidden, weight, bias, targets, shares);
    }
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let op = HeadLoss {
        targets: targets.to_vec(),
        shares: shares.to_vec(),
        gradients,
        factors,
        outcome: Arc::clone(&outcome),
    };
    let no_bias = Tensor::zeros(0, DType::F32, &Device::Cpu)?;
    let loss = hidden
        .contiguous()?
        .apply_op3(weight, bias.unwrap_or(&no_bias), op)?;
    let rows = std::mem::take(&mut outcome.lock().unwrap_or_else(PoisonError::into_inner).rows);
    Ok((loss, rows))
}

fn plain(
    hidden: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    targets: &[u32],
    shares: &[f32],
) -> Result<(Tensor, RowLosses)> {
    let logits = hidden.matmul(&weight.to_dtype(hidden.dtype())?.t()?)?;
    let logits = match bias {
        Some(bias) => super::plain_bias(&logits, bias)?,
        None => logits,
    };
    let logits = logits.to_dtype(DType::F32)?;
    let ids = Tensor::new(targets, hidden.device())?;
    let rows = candle_nn::ops::log_softmax(&logits, D::Minus1)?
        .gather(&ids.unsqueeze(1)?, 1)?
        .squeeze(1)?
        .neg()?;
    let best = logits.argmax(D::Minus1)?.to_vec1::<u32>()?;
    let shares = Tensor::new(shares, hidden.device())?;
    let losses = RowLosses {
        losses: host(&rows)?,
        correct: best.iter().zip(targets).map(|(a, b)| a == b).collect(),
    };
    Ok(((rows * shares)?.sum_all()?, losses))
}

struct HeadLoss {
    targets: Vec<u32>,
    shares: Vec<f32>,
    gradients: bool,
    factors: Factors,
    outcome: Arc<Mutex<Outcome>>,
}

/// What the forward pass leaves for its caller and for the backward pass.
#[derive(Default)]
struct Outcome {
    rows: RowLosses,
    hidden: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl HeadLoss {
    /// Turns the logits of some rows, `first` the number of the first, into gradients of the loss; `stats` gets each
    /// row's loss and whether it was right.
    fn settle_rows(&self, logits: &mut [f32], stats: &mut [f32], bias: &[f32], first: usize) {
        let vocabulary = logits.len() / (stats.len() / 2);
        let arch = Arch::new();
        for_each_pair((logits, vocabulary), (stats, 2), |row, logits, stats| {
            let (target, share) = (self.targets[first + row] as usize, self.shares[first + row]);
            arch.dispatch(|| {
                if !bias.is_empty() {
                    sums::add(logits, bias);
                }
                let (highest, aimed) = (sums::highest(logits), logits[target]);
                for logit in logits.iter_mut() {
                    *logit = exp(*logit - highest);
                }
                let sum = sums::sum(logits);
                // In full precision: `exp` moves what is out of its range to the ends, and NaN must stay NaN.
                stats[0] = sum.ln() + highest - aimed;
                stats[1] = f32::from(u8::from(aimed >= highest));
                let factor = share / sum;
                for logit in logits.iter_mut() {
                    *logit *= factor;
                }
                logits[target] -= share;
            });
        });
    }
}

impl CustomOp3 for HeadLoss {
    fn name(&self) -> &'static str {
        "head-loss"
    }

    fn cpu_fwd(
        &self,
        hidden: &CpuStorage,
        hidden_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((n, width), (vocabulary, weight_width)) = (
            hidden_layout.shape().dims2()?,
            weight_layout.shape().dims2()?,
        );
        if width != weight_width {
            candle_core::bail!("head-loss: rows of {width} do not fit a head of {weight_width}");
        }
        let hidden = contiguous(hidden, hidden_layout, self.name())?;
        let weight = contiguous(weight, weight_layout, self.name())?;
        let bias = contiguous(bias, bias_layout, self.name())?;
        let mut outcome = Outcome::default();
        if self.gradients {
            outcome.hidden = vec![0.0; n * width];
            outcome.weight = vec![0.0; vocabulary * width];
            outcome.bias = vec![0.0; bias.len()];
        }
        let at_once = (LOGITS_AT_ONCE / vocabulary).clamp(16, n.max(16));
        let mut logits = vec![0.0; at_once.min(n) * vocabulary];
        let mut total = 0.0f64;
        for first in (0..n).step_by(at_once) {
            let len = at_once.min(n - first);
            let logits = &mut logits[..len * vocabulary];
            let rows = &hidden[first * width..(first + len) * width];
            let (rows, head) = (
                Matrix::new(rows, len, width),
                Matrix::new(weight, vocabulary, width),
            );
            multiply(rows, head.transposed(), logits, false, self.factors);
            let mut stats = vec![0.0; 2 * len];
            self.settle_rows(logits, &mut stats, bias, first);
            for (row, stats) in stats.chunks_exact(2).enumerate() {
                let share = self.shares[first + row];
                if share != 0.0 {
                    total += f64::from(share) * f64::from(stats[0]);
                }
                outcome.rows.losses.push(stats[0]);
                outcome.rows.correct.push(stats[1] > 0.0);
            }
            if self.gradients {
                let slopes = Matrix::new(logits, len, vocabulary);
                let out = &mut outcome.hidden[first * width..(first + len) * width];
                multiply(slopes, head, out, false, self.factors);
                multiply(
                    slopes.transposed(),
                    rows,
                    &mut outcome.weight,
                    first > 0,
                    self.factors,
                );
                if !bias.is_empty() {
                    for row in logits.chunks_exact(vocabulary) {
                        sums::add(&mut outcome.bias, row);
                    }
                }
            }
        }
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        Ok((CpuStorage::F32(vec![total as f32]), Shape::from(())))
    }

    fn bwd(
        &self,
        hidden: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let factor = f64::from(gradient.to_scalar::<f32>()?);
        let outcome =
            std::mem::take(&mut *self.outcome.lock().unwrap_or_else(PoisonError::into_inner));
        if outcome.hidden.len() != hidden.elem_count() {
            candle_core::bail!("head-loss was run without gradients, or its backward pass twice");
        }
        let scaled = |numbers: Vec<f32>, like: &Tensor| -> Result<Option<Tensor>> {
            if !like.track_op() {
                return Ok(None);
            }
            let tensor = Tensor::from_vec(numbers, like.shape(), like.device())?;
            match factor == 1.0 {
                true => Ok(Some(tensor)),
                false => (tensor * factor).map(Some),
            }
        };
        Ok((
            scaled(outcome.hidden, hidden)?,
            scaled(outcome.weight, weight)?,
            scaled(outcome.bias, bias)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{difference, normal};
    use super::*;
    use crate::training::random::Key;

    fn targets(rows: usize, vocabulary: usize) -> (Vec<u32>, Vec<f32>) {
        let key = Key::new(5);
        let ids = (0..rows).map(|row| (key.bits(row as u64) % vocabulary as u64) as u32);
        let shares = (0..rows).map(|row| if row % 4 == 1 { 0.0 } else { 0.5 });
        (ids.collect(), shares.collect())
    }

    #[test]
    fn the_kernel_is_the_plain_form() -> Result<()> {
        for (rows, width, vocabulary) in [(1, 1, 2), (5, 7, 19), (70, 12, 130)] {
            let (ids, shares) = targets(rows, vocabulary);
            let inputs = [
                normal(1, &[rows, width])?,
                normal(2, &[vocabulary, width])?,
                normal(3, &[vocabulary])?,
            ];
            let run = |inputs: &[Tensor], kernels, bias: Option<&Tensor>| {
                head_loss(
                    &inputs[0],
                    &inputs[1],
                    bias,
                    (&ids, &shares),
                    true,
                    (kernels, Factors::F32),
                )
            };
            let with = difference(&inputs, |inputs, kernels| {
                Ok(run(inputs, kernels, Some(&inputs[2]))?.0)
            })?;
            let without = difference(&inputs[..2], |inputs, kernels| {
                Ok(run(inputs, kernels, None)?.0)
            })?;
            assert!(with < 1e-4 && without < 1e-4, "{rows}: {with}, {without}");
            let (_, plain) = run(&inputs, Kernels::Plain, Some(&inputs[2]))?;
            let (_, fused) = run(&inputs, Kernels::Fused, Some(&inputs[2]))?;
            assert_eq!(plain.correct, fused.correct);
            for (plain, fused) in plain.losses.iter().zip(&fused.losses) {
                assert!((plain - fused).abs() < 1e-4, "{plain} and {fused}");
            }
        }
        Ok(())
    }

    #[test]
    fn what_is_no_number_stays_none() -> Result<()> {
        let hidden = (normal(1, &[2, 3])? * f64::NAN)?;
        let weight = normal(2, &[4, 3])?;
        let (loss, _) = head_loss(
            &hidden,
            &weight,
            None,
            (&[1, 2], &[0.5, 0.5]),
            false,
            (Kernels::Fused, Factors::F32),
        )?;
        assert!(loss.to_scalar::<f32>()?.is_nan());
        assert!(
            head_loss(
                &hidden,
                &weight,
                None,
                (&[1, 4], &[0.5, 0.5]),
                false,
                (Kernels::Fused, Factors::F32)
            )
            .is_err()
        );
        Ok(())
    }

    #[test]
    fn chunks_of_rows_add_up() -> Result<()> {
        // So large a vocabulary that the rows are taken in pieces.
        let (rows, width, vocabulary) = (40, 2, LOGITS_AT_ONCE / 17);
        let (ids, shares) = targets(rows, vocabulary);
        let inputs = [normal(1, &[rows, width])?, normal(2, &[vocabulary, width])?];
        let difference = difference(&inputs, |inputs, kernels| {
            let pair = (&ids[..], &shares[..]);
            Ok(head_loss(
                &inputs[0],
                &inputs[1],
                None,
                pair,
                true,
                (kernels, Factors::F32),
            )?
            .0)
        })?;
        assert!(difference < 1e-3, "{difference}");
        Ok(())
    }
}

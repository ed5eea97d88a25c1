//! The head and the cross-entropy after it as one operation: logits are made for some rows at a time and turned into
//! their gradients in place, so that they are never held for the whole batch.

use candle_core::{D, DType, Result, Tensor};
use pulp::{Arch, Simd};

use super::shape::RowLosses;
use super::{Kernels, Numbers, Pass, host};
use crate::kernels::{
    Factors, Matrix, exp, for_each_chunk, for_each_piece, multiply, product, sums, zeros,
};

/// Logits that are held at once, at most 128 MB. The head is brought into order anew for every part, so few large parts
/// are best, as long as they stay near the processor.
const LOGITS_AT_ONCE: usize = 32 << 20;
const ROWS_AT_ONCE: usize = 2048;
/// Numbers of the bias' gradient that a thread sums at once.
const BIASES_AT_ONCE: usize = 1024;

/// The sum over rows of `shares[row]` times the cross-entropy of `targets[row]` under the softmax of
/// `hidden weight^T + bias`, and each row's own. `hidden (n, width)`, `weight (vocabulary, width)`. Rows without a
/// share cost nothing in the gradient. The kernel rounds what it multiplies to `factors`.
///
/// # Errors
/// When a target is outside of the vocabulary, shapes do not fit, or the device fails.
pub fn head_loss(
    pass: &Pass,
    hidden: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    (targets, shares): (&[u32], &[f32]),
    factors: Factors,
) -> Result<(Tensor, RowLosses)> {
    let ((rows, width), (vocabulary, weight_width)) = (hidden.dims2()?, weight.dims2()?);
    if width != weight_width {
        candle_core::bail!("head-loss: rows of {width} do not fit a head of {weight_width}");
    }
    if targets.len() != rows || shares.len() != rows {
        candle_core::bail!("head-loss: {} targets for {rows} rows", targets.len());
    }
    if let Some(target) = targets.iter().find(|id| **id as usize >= vocabulary) {
        candle_core::bail!("target {target} is outside of the vocabulary of {vocabulary}");
    }
    if pass.kernels() == Kernels::Plain {
        return plain(hidden, weight, bias, targets, shares);
    }
    #[cfg(feature = "cuda")]
    if hidden.device().is_cuda() {
        return super::card::head_loss(pass, hidden, weight, bias, (targets, shares));
    }
    let device = hidden.device();
    let no_bias = Tensor::zeros(0, DType::F32, device)?;
    let bias = bias.unwrap_or(&no_bias);
    let inputs = [hidden, weight, bias];
    let outcome = HeadLoss {
        hidden: &Numbers::of(hidden)?,
        weight: &Numbers::of(weight)?,
        bias: &Numbers::of(bias)?,
        targets,
        shares,
        factors,
    }
    .run(pass, inputs.iter().any(|input| pass.wants(input)))?;
    let gradients = [outcome.hidden, outcome.weight, outcome.bias]
        .into_iter()
        .zip(inputs)
        .map(|(numbers, like)| {
            if numbers.len() == like.elem_count() {
                Tensor::from_vec(numbers, like.shape(), device).map(Some)
            } else {
                Ok(None)
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let loss = Tensor::new(outcome.total as f32, device)?;
    let loss = pass.record_own(loss, inputs, move |gradient| {
        let factor = f64::from(gradient.to_scalar::<f32>()?);
        let mut scaled = [None, None, None];
        for (scaled, gradient) in scaled.iter_mut().zip(gradients) {
            *scaled = match gradient {
                Some(gradient) if factor != 1.0 => Some((gradient * factor)?),
                gradient => gradient,
            };
        }
        Ok(scaled)
    });
    Ok((loss, outcome.rows))
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

fn rows_at_once(vocabulary: usize) -> usize {
    (LOGITS_AT_ONCE / vocabulary.max(1)).clamp(16, ROWS_AT_ONCE)
}

/// How many logits the kernel holds for so many rows.
pub fn logits_at_once(vocabulary: usize, rows: u64) -> u64 {
    rows.min(rows_at_once(vocabulary) as u64)
        .saturating_mul(vocabulary as u64)
}

struct HeadLoss<'a> {
    hidden: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    targets: &'a [u32],
    shares: &'a [f32],
    factors: Factors,
}

/// The loss, and the gradients of what it was made of.
#[derive(Default)]
struct Outcome {
    total: f64,
    rows: RowLosses,
    hidden: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl HeadLoss<'_> {
    /// Turns the logits of some rows, `first` the number of the first, into gradients of the loss; `stats` gets each
    /// row's loss and whether it was right.
    fn settle_rows(&self, logits: &mut [f32], stats: &mut [f32], first: usize) {
        let vocabulary = logits.len() / (stats.len() / 2);
        let rows = logits.chunks_mut(vocabulary).zip(stats.chunks_mut(2));
        for_each_piece(rows, |row, (logits, stats)| {
            let (target, share) = (self.targets[first + row] as usize, self.shares[first + row]);
            settle(logits, self.bias, target, share, stats);
        });
    }

    fn run(&self, pass: &Pass, gradients: bool) -> Result<Outcome> {
        let n = self.targets.len();
        let width = self.hidden.len() / n.max(1);
        let vocabulary = self.weight.len() / width.max(1);
        let head = Matrix::new(self.weight, vocabulary, width);
        let mut outcome = Outcome::default();
        if gradients {
            outcome.hidden = zeros(self.hidden.len());
            outcome.bias = zeros(self.bias.len());
        }
        let at_once = rows_at_once(vocabulary);
        let mut logits = zeros(at_once.min(n) * vocabulary);
        for first in (0..n).step_by(at_once) {
            pass.check()?;
            let len = at_once.min(n - first);
            let logits = &mut logits[..len * vocabulary];
            let range = first * width..(first + len) * width;
            let rows = Matrix::new(&self.hidden[range.clone()], len, width);
            multiply(rows, head.transposed(), logits, false, self.factors);
            let mut stats = vec![0.0; 2 * len];
            self.settle_rows(logits, &mut stats, first);
            for (row, stats) in stats.chunks_exact(2).enumerate() {
                let share = self.shares[first + row];
                if share != 0.0 {
                    outcome.total += f64::from(share) * f64::from(stats[0]);
                }
                outcome.rows.losses.push(stats[0]);
                outcome.rows.correct.push(stats[1] > 0.0);
            }
            if !gradients {
                continue;
            }
            let slopes = Matrix::new(logits, len, vocabulary);
            let out = &mut outcome.hidden[range];
            multiply(slopes, head, out, false, self.factors);
            let slopes = slopes.transposed();
            match first {
                0 => outcome.weight = product(slopes, rows, &[], self.factors),
                _ => multiply(slopes, rows, &mut outcome.weight, true, self.factors),
            }
            if !self.bias.is_empty() {
                for_each_chunk(&mut outcome.bias, BIASES_AT_ONCE, |index, bias| {
                    add_columns(bias, logits, vocabulary, index * BIASES_AT_ONCE);
                });
            }
        }
        Ok(outcome)
    }
}

/// Adds to `sum` the columns of `x (n, width)` from `start` on.
#[pulp::with_simd(add_columns = Arch::new())]
#[inline(always)]
fn add_columns_with_simd<S: Simd>(_: S, sum: &mut [f32], x: &[f32], width: usize, start: usize) {
    for row in x.chunks_exact(width) {
        sums::add(sum, &row[start..]);
    }
}

#[pulp::with_simd(settle = Arch::new())]
#[inline(always)]
fn settle_with_simd<S: Simd>(
    _: S,
    logits: &mut [f32],
    bias: &[f32],
    target: usize,
    share: f32,
    stats: &mut [f32],
) {
    if !bias.is_empty() {
        sums::add(logits, bias);
    }
    let (highest, aimed) = (sums::highest(logits), logits[target]);
    let sum = exponentials(logits, highest);
    // In full precision: `exp` moves what is out of its range to the ends, and NaN must stay NaN.
    stats[0] = sum.ln() + highest - aimed;
    stats[1] = f32::from(u8::from(aimed >= highest));
    let factor = share / sum;
    for logit in logits.iter_mut() {
        *logit *= factor;
    }
    logits[target] -= share;
}

/// Puts `e^(x - highest)` for each `x`: their sum.
#[inline(always)]
fn exponentials(x: &mut [f32], highest: f32) -> f32 {
    let mut sums = [0.0; 16];
    let (chunks, rest) = x.as_chunks_mut::<16>();
    for chunk in chunks {
        for (x, sum) in chunk.iter_mut().zip(&mut sums) {
            *x = exp(*x - highest);
            *sum += *x;
        }
    }
    for (x, sum) in rest.iter_mut().zip(&mut sums) {
        *x = exp(*x - highest);
        *sum += *x;
    }
    sums::sum(&sums)
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
            let pair = (&ids[..], &shares[..]);
            let run = |pass: &Pass, inputs: &[Tensor]| {
                let bias = inputs.get(2);
                head_loss(pass, &inputs[0], &inputs[1], bias, pair, Factors::F32)
            };
            let with = difference(&inputs, |pass, inputs| Ok(run(pass, inputs)?.0))?;
            let without = difference(&inputs[..2], |pass, inputs| Ok(run(pass, inputs)?.0))?;
            assert!(with < 1e-4 && without < 1e-4, "{rows}: {with}, {without}");
            let (_, plain) = run(&Pass::new(Kernels::Plain, false), &inputs)?;
            let (_, fused) = run(&Pass::new(Kernels::Fused, false), &inputs)?;
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
        let run = |targets: &[u32]| {
            let pass = Pass::new(Kernels::Fused, false);
            head_loss(
                &pass,
                &hidden,
                &weight,
                None,
                (targets, &[0.5, 0.5]),
                Factors::F32,
            )
        };
        assert!(run(&[1, 2])?.0.to_scalar::<f32>()?.is_nan());
        assert!(run(&[1, 4]).is_err());
        Ok(())
    }

    #[test]
    fn chunks_of_rows_add_up() -> Result<()> {
        // So large a vocabulary that the rows are taken in pieces.
        let (rows, width, vocabulary) = (40, 2, LOGITS_AT_ONCE / 17);
        let (ids, shares) = targets(rows, vocabulary);
        let inputs = [normal(1, &[rows, width])?, normal(2, &[vocabulary, width])?];
        let pair = (&ids[..], &shares[..]);
        let difference = difference(&inputs, |pass, inputs| {
            Ok(head_loss(pass, &inputs[0], &inputs[1], None, pair, Factors::F32)?.0)
        })?;
        assert!(difference < 1e-3, "{difference}");
        Ok(())
    }
}

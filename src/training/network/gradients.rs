//! Losses of a batch, and the gradients of the parameters.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};
use pulp::{Arch, Simd};

use super::{Batch, Network};
use crate::kernels::{for_each_chunk, sums};
use crate::training::ops::{self, Kernels, Numbers, Pass, RowLosses};
use crate::training::random::Key;

/// How a batch was predicted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Losses {
    /// What was differentiated: the sum over targets of share times cross-entropy.
    pub loss: f64,
    pub rows: RowLosses,
}

/// Gradients of the parameters that train, in their order. One that the loss does not depend on is none.
#[derive(Debug, Default)]
pub struct Gradients {
    pub list: Vec<Option<Tensor>>,
}

impl Gradients {
    /// Adds the gradients of another batch.
    ///
    /// # Errors
    /// When the device fails.
    pub fn add(&mut self, other: Self) -> Result<()> {
        if self.list.is_empty() {
            self.list = other.list;
            return Ok(());
        }
        for (sum, other) in self.list.iter_mut().zip(other.list) {
            *sum = match (sum.take(), other) {
                (Some(sum), Some(other)) => Some((sum + other)?),
                (sum, other) => sum.or(other),
            };
        }
        Ok(())
    }

    /// The Euclidean norm of all of them together.
    ///
    /// # Errors
    /// When the device fails.
    pub fn norm(&self, kernels: Kernels) -> Result<f64> {
        #[cfg(feature = "cuda")]
        if kernels == Kernels::Fused
            && let Some(first) = self.list.iter().flatten().next()
            && first.device().is_cuda()
        {
            let list = self.list.iter().flatten();
            return Ok(crate::kernels::cuda::squares(list)?.sqrt());
        }
        let mut squares = 0.0;
        for gradient in self.list.iter().flatten() {
            squares += match kernels {
                Kernels::Plain => f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?),
                Kernels::Fused => {
                    let numbers = Numbers::of(gradient)?;
                    let mut partial = vec![0.0; numbers.len().div_ceil(AT_ONCE)];
                    for_each_chunk(&mut partial, 16, |index, partial| {
                        let from = &numbers[index * 16 * AT_ONCE..];
                        squares_of_parts(from, partial);
                    });
                    partial.iter().map(|sum| f64::from(*sum)).sum()
                }
            };
        }
        Ok(squares.sqrt())
    }
}

/// Numbers whose squares are summed in `f32`.
const AT_ONCE: usize = 4096;

/// The sum of the squares of each [`AT_ONCE`] numbers.
#[pulp::with_simd(squares_of_parts = Arch::new())]
#[inline(always)]
fn squares_of_parts_with_simd<S: Simd>(_: S, numbers: &[f32], squares: &mut [f32]) {
    for (sum, numbers) in squares.iter_mut().zip(numbers.chunks(AT_ONCE)) {
        *sum = sums::dot(numbers, numbers);
    }
}

impl Network {
    /// The losses of a batch without dropout and without gradients. `shares` is what each target counts.
    ///
    /// # Errors
    /// When a token is outside of the vocabulary or the device fails.
    pub fn losses(&self, batch: &Batch, shares: &[f32]) -> Result<Losses> {
        let pass = self.pass(false);
        let hidden = self.hidden(&pass, batch, None)?.detach();
        let (_, losses) = self.head(&pass, &hidden, batch, shares)?;
        Ok(losses)
    }

    /// The losses of a batch and the gradients of their sum by `shares`. `key` addresses the dropout; without it
    /// nothing is dropped.
    ///
    /// # Errors
    /// When a token is outside of the vocabulary, the device fails, or the run is to end.
    pub fn gradients(
        &self,
        batch: &Batch,
        shares: &[f32],
        key: Option<Key>,
    ) -> Result<(Losses, Gradients)> {
        if self.compute.recompute {
            return self.gradients_by_block(batch, shares, key);
        }
        let pass = self.gradient_pass(true);
        let hidden = self.hidden(&pass, batch, key)?;
        let (loss, losses) = self.head(&pass, &hidden, batch, shares)?;
        drop(hidden);
        let mut store = pass.backward(&loss, None)?;
        Ok((losses, self.collect(&mut store)?))
    }

    /// As [`Self::gradients`], keeping only each block's input: what a block computed is computed again when its turn
    /// comes in the backward pass.
    fn gradients_by_block(
        &self,
        batch: &Batch,
        shares: &[f32],
        key: Option<Key>,
    ) -> Result<(Losses, Gradients)> {
        let size = (batch.batch, batch.time);
        let once = self.gradient_pass(false);
        let mut inputs = vec![self.embed(&once, batch, key)?.detach()];
        for layer in 0..self.config.n_layer {
            let next = self.block(&once, layer, &inputs[layer], size, key)?;
            inputs.push(next.detach());
        }
        let mut sum = Gradients::default();
        let mut take = |mut store: GradStore, input: Option<&Var>| -> Result<Option<Tensor>> {
            sum.add(self.collect(&mut store)?)?;
            Ok(input.and_then(|input| store.remove(input)))
        };
        let last = Var::from_tensor(&inputs[self.config.n_layer])?;
        let pass = self.gradient_pass(true);
        let (loss, losses) = self.head(&pass, &self.finish(&pass, &last)?, batch, shares)?;
        let mut gradient = take(pass.backward(&loss, None)?, Some(&last))?;
        for layer in (0..self.config.n_layer).rev() {
            let Some(known) = gradient.take() else { break };
            let input = Var::from_tensor(&inputs[layer])?;
            inputs.truncate(layer);
            let pass = self.gradient_pass(true);
            let out = self.block(&pass, layer, &input, size, key)?;
            gradient = take(pass.backward(&out, Some(&known))?, Some(&input))?;
        }
        if let Some(known) = gradient {
            let pass = self.gradient_pass(true);
            let embedded = self.embed(&pass, batch, key)?;
            take(pass.backward(&embedded, Some(&known))?, None)?;
        }
        Ok((losses, sum))
    }

    fn pass(&self, gradients: bool) -> Pass {
        Pass::new(self.compute.kernels, gradients)
    }

    /// A pass of the work on gradients, which a run that is to end does not wait for.
    fn gradient_pass(&self, gradients: bool) -> Pass {
        self.pass(gradients).until(&self.control)
    }

    fn head(
        &self,
        pass: &Pass,
        hidden: &Tensor,
        batch: &Batch,
        shares: &[f32],
    ) -> Result<(Tensor, Losses)> {
        let name = if self.config.tie_word_embeddings {
            "wte.weight"
        } else {
            "lm_head.weight"
        };
        let (loss, rows) = ops::head_loss(
            pass,
            hidden,
            self.parameters.tensor(name)?,
            self.parameters.find("lm_head.bias"),
            (&batch.targets, shares),
            self.compute.factors,
        )?;
        let total = f64::from(loss.to_scalar::<f32>()?);
        Ok((loss, Losses { loss: total, rows }))
    }

    fn collect(&self, store: &mut GradStore) -> Result<Gradients> {
        let list = self.parameters.trainable();
        let list = list
            .map(|(_, var)| store.remove(var).map(|g| g.contiguous()).transpose())
            .collect::<Result<_>>()?;
        Ok(Gradients { list })
    }
}

//! The operations by kernels of a card, for the tape of a [`Pass`]: in `f32` or brain floats, parameters and their
//! gradients always in `f32`.

use candle_core::{DType, Device, Result, Tensor};

use super::Pass;
use super::rule::Dropout;
use super::shape::{AttentionShape, RowLosses};
use crate::kernels::cuda::{self, Causal, Code, Dropping, Factor};
use crate::model::Activation;

/// Logits, and scores of attention, that are held at once.
const NUMBERS_AT_ONCE: usize = 64 << 20;

/// Rows of a head are a multiple of so many.
const TOGETHER: usize = 64;

pub(super) fn layer_norm(
    pass: &Pass,
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f32,
) -> Result<Tensor> {
    let out = cuda::layer_norm(x, weight, bias, epsilon)?;
    let (kept, scale) = (x.clone(), weight.clone());
    Ok(pass.record(out, [x, weight, bias], move |gradient| {
        let gradients = cuda::layer_norm_back(&kept, &scale, gradient, epsilon)?;
        Ok(gradients.map(Some))
    }))
}

/// What the tape is given where there is no bias. Not on the card: some refuse room for no numbers at all.
fn no_bias() -> Result<Tensor> {
    Tensor::zeros(0, DType::F32, &Device::Cpu)
}

pub(super) fn product(
    pass: &Pass,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let dtype = x.dtype();
    let rounded = weight.to_dtype(dtype)?;
    let mut out = cuda::products(Factor::new(x), Factor::new(&rounded), 1.0, dtype)?;
    if let Some(bias) = bias {
        out = cuda::bias_activation(&out, bias, Code::Identity)?;
    }
    let no_bias = no_bias()?;
    let inputs = [x, weight, bias.unwrap_or(&no_bias)];
    let [for_x, for_weight, for_bias] = inputs.map(|input| pass.wants(input));
    let kept = x.clone();
    Ok(pass.record(out, inputs, move |gradient| {
        let g = Factor::new(gradient);
        let dx = || cuda::products(g, Factor::transposed(&rounded), 1.0, dtype);
        let dw = || cuda::products(Factor::transposed(&kept), g, 1.0, DType::F32);
        let db = || cuda::column_sums(gradient);
        Ok([
            for_x.then(dx).transpose()?,
            for_weight.then(dw).transpose()?,
            for_bias.then(db).transpose()?,
        ])
    }))
}

pub(super) fn bias_activation(
    pass: &Pass,
    x: &Tensor,
    bias: &Tensor,
    activation: Activation,
) -> Result<Tensor> {
    let code = activation.code();
    let out = cuda::bias_activation(x, bias, code)?;
    let (kept, added) = (x.clone(), bias.clone());
    let for_bias = pass.wants(bias);
    Ok(pass.record(out, [x, bias], move |gradient| {
        let dx = cuda::bias_activation_back(&kept, &added, gradient, code)?;
        let db = for_bias.then(|| cuda::column_sums(&dx)).transpose()?;
        Ok([Some(dx), db])
    }))
}

pub(super) fn dropout(pass: &Pass, x: &Tensor, rule: Dropout) -> Result<Tensor> {
    let dropped = move |x: &Tensor| {
        let (threshold, kept) = rule.threshold_and_factor();
        cuda::dropout(x, rule.key.word(), threshold, kept)
    };
    let out = dropped(x)?;
    Ok(pass.record(out, [x], move |gradient| Ok([Some(dropped(gradient)?)])))
}

pub(super) fn attention(pass: &Pass, qkv: &Tensor, shape: AttentionShape) -> Result<Tensor> {
    let heads = Heads {
        parts: cuda::split_heads(qkv, 3, shape.time, shape.head_width)?,
        shape,
    };
    let out = heads.forward()?;
    Ok(pass.record(out, [qkv], move |gradient| {
        Ok([Some(heads.backward(gradient)?)])
    }))
}

/// Queries, keys and values of all heads: `(3, sequences * heads, time, head width)`.
struct Heads {
    parts: Tensor,
    shape: AttentionShape,
}

impl Heads {
    /// Runs of heads whose scores are held together: the first of each, and how many.
    fn runs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let all = self.shape.batch * self.shape.heads;
        let at_once = (NUMBERS_AT_ONCE / self.shape.time.pow(2).max(1)).clamp(1, all.max(1));
        (0..all)
            .step_by(at_once)
            .map(move |first| (first, at_once.min(all - first)))
    }

    fn part(&self, part: usize, (first, len): (usize, usize)) -> Result<Tensor> {
        self.parts.get(part)?.narrow(0, first, len)
    }

    /// The weights of some heads, before and after dropout.
    fn weights(&self, run: (usize, usize)) -> Result<(Tensor, Tensor)> {
        let (q, k) = (self.part(0, run)?, self.part(1, run)?);
        let scale = self.shape.scale as f32;
        let scores = cuda::products(Factor::new(&q), Factor::transposed(&k), scale, DType::F32)?;
        cuda::causal_softmax(&scores, self.causal(), self.dropping(run.0), q.dtype())
    }

    fn causal(&self) -> Causal {
        Causal {
            queries: self.shape.time,
            past: 0,
            seen: self.shape.time,
        }
    }

    /// The dropout of weights from those of head `first` on.
    fn dropping(&self, first: usize) -> Option<Dropping> {
        let dropout = self.shape.dropout?;
        let (threshold, kept) = dropout.threshold_and_factor();
        Some(Dropping {
            first: (first * self.shape.time.pow(2)) as u64,
            key: dropout.key.word(),
            threshold,
            kept,
        })
    }

    fn forward(&self) -> Result<Tensor> {
        let out = unwritten_like(&self.parts.get(0)?)?;
        for run in self.runs() {
            let (_, weights) = self.weights(run)?;
            let v = self.part(2, run)?;
            let to = out.narrow(0, run.0, run.1)?;
            cuda::product(Factor::new(&weights), Factor::new(&v), 1.0, &to, false)?;
        }
        cuda::merge_heads(&out.unsqueeze(0)?, self.shape.heads)
    }

    /// As the kernel for the CPU: the weights are made again rather than kept.
    fn backward(&self, gradient: &Tensor) -> Result<Tensor> {
        let shape = self.shape;
        let gradient = cuda::split_heads(gradient, 1, shape.time, shape.head_width)?.squeeze(0)?;
        let out = unwritten_like(&self.parts)?;
        let scale = shape.scale as f32;
        for run in self.runs() {
            let (first, len) = run;
            let g = gradient.narrow(0, first, len)?;
            let to = |part: usize| out.get(part)?.narrow(0, first, len);
            let (q, k, v) = (self.part(0, run)?, self.part(1, run)?, self.part(2, run)?);
            let (weights, dropped) = self.weights(run)?;
            let (of, g) = (Factor::transposed(&dropped), Factor::new(&g));
            cuda::product(of, g, 1.0, &to(2)?, false)?;
            let slopes = cuda::products(g, Factor::transposed(&v), 1.0, DType::F32)?;
            let ds = cuda::softmax_back(&weights, &slopes, self.causal(), self.dropping(first))?;
            cuda::product(Factor::new(&ds), Factor::new(&k), scale, &to(0)?, false)?;
            cuda::product(
                Factor::transposed(&ds),
                Factor::new(&q),
                scale,
                &to(1)?,
                false,
            )?;
        }
        cuda::merge_heads(&out, shape.heads)
    }
}

/// A tensor of the same shape, whose numbers are still to be written.
fn unwritten_like(tensor: &Tensor) -> Result<Tensor> {
    // SAFETY: each run of heads writes its own, and the runs are all heads.
    unsafe { tensor.empty_like() }
}

/// As [`super::head_loss`].
pub(super) fn head_loss(
    pass: &Pass,
    hidden: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    (targets, shares): (&[u32], &[f32]),
) -> Result<(Tensor, RowLosses)> {
    let ((n, width), vocabulary) = (hidden.dims2()?, weight.dim(0)?);
    let (device, dtype) = (hidden.device(), hidden.dtype());
    let no_bias = no_bias()?;
    let inputs = [hidden, weight, bias.unwrap_or(&no_bias)];
    let [for_hidden, for_weight, for_bias] = inputs.map(|input| pass.wants(input));
    let slopes = for_hidden || for_weight || for_bias;
    // Rows of logits that do not begin at addresses of 16 bytes make cuBLAS slow: the head gets rows of zeros behind it.
    let padded = vocabulary.next_multiple_of(TOGETHER);
    let rounded = weight.to_dtype(dtype)?;
    let rounded = rounded.pad_with_zeros(0, 0, padded - vocabulary)?.detach();
    let marks = (Tensor::new(targets, device)?, Tensor::new(shares, device)?);
    let dh = if for_hidden {
        // SAFETY: each run of rows writes its own, and the runs are all rows.
        Some(unsafe { hidden.empty_like() }?)
    } else {
        None
    };
    let dw = if for_weight {
        Some(Tensor::zeros((padded, width), DType::F32, device)?)
    } else {
        None
    };
    let mut db: Option<Tensor> = None;
    let at_once = (NUMBERS_AT_ONCE / padded).max(16);
    let mut stats = Vec::new();
    for first in (0..n).step_by(at_once) {
        pass.check()?;
        let len = at_once.min(n - first);
        let rows = hidden.narrow(0, first, len)?;
        let of = Factor::new(&rows);
        let logits = cuda::products(of, Factor::transposed(&rounded), 1.0, dtype)?;
        let part = |marks: &Tensor| marks.narrow(0, first, len);
        let marks = (&part(&marks.0)?, &part(&marks.1)?);
        stats.push(cuda::settle(&logits, vocabulary, bias, marks, slopes)?);
        if let Some(dh) = &dh {
            let to = dh.narrow(0, first, len)?;
            cuda::product(Factor::new(&logits), Factor::new(&rounded), 1.0, &to, false)?;
        }
        if let Some(dw) = &dw {
            cuda::product(Factor::transposed(&logits), of, 1.0, dw, true)?;
        }
        if for_bias {
            let sums = cuda::column_sums(&logits)?.narrow(0, 0, vocabulary)?;
            db = Some(match db {
                Some(before) => (before + sums)?,
                None => sums,
            });
        }
    }
    let stats: Vec<f32> = Tensor::cat(&stats, 0)?.flatten_all()?.to_vec1()?;
    let mut rows = RowLosses::default();
    let mut total = 0.0;
    for (stats, share) in stats.chunks_exact(2).zip(shares) {
        if *share != 0.0 {
            total += f64::from(*share) * f64::from(stats[0]);
        }
        rows.losses.push(stats[0]);
        rows.correct.push(stats[1] > 0.0);
    }
    let loss = Tensor::new(total as f32, device)?;
    let loss = pass.record_own(loss, inputs, move |gradient| {
        let factor = f64::from(gradient.to_scalar::<f32>()?);
        let scaled = |gradient: Option<Tensor>| match gradient {
            Some(gradient) if factor != 1.0 => (gradient * factor).map(Some),
            gradient => Ok(gradient),
        };
        let dw = dw.map(|dw| dw.narrow(0, 0, vocabulary)).transpose()?;
        Ok([scaled(dh)?, scaled(dw)?, scaled(db)?])
    });
    Ok((loss, rows))
}

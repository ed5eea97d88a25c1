//! Causal attention over a cache.

mod causal;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

pub(in crate::model) use self::causal::Causal;
use self::causal::{Block, mask};
use super::cache::{LayerCache, Shared};
#[cfg(feature = "cuda")]
use super::on_card;
use crate::kernels::{Append, ReadAttention, Scoring, Seen, StepAttention};

/// Whether there are kernels for such activations.
pub(super) fn has_kernel(device: &Device, dtype: DType) -> bool {
    device.is_cpu() && dtype == DType::F32
}

/// How attention is cut into heads. With fewer key heads than query heads, each run of query heads shares one
/// (grouped-query attention).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) struct Heads {
    pub(in crate::model) queries: usize,
    /// Divides `queries`.
    pub(in crate::model) keys: usize,
    /// Numbers in one head's query, key or value.
    pub(in crate::model) width: usize,
}

/// What tokens ask for, `(n, query heads * width)`, and what they offer, `(n, key heads * width)` each.
pub(in crate::model) struct Projected {
    pub(in crate::model) queries: Tensor,
    pub(in crate::model) keys: Tensor,
    pub(in crate::model) values: Tensor,
}

impl Projected {
    /// The part of one token.
    pub(in crate::model) fn row(&self, row: usize) -> Result<Self> {
        self.rows(row, 1)
    }

    /// The part of `count` tokens, from the `first` on.
    pub(in crate::model) fn rows(&self, first: usize, count: usize) -> Result<Self> {
        Ok(Self {
            queries: self.queries.narrow(0, first, count)?,
            keys: self.keys.narrow(0, first, count)?,
            values: self.values.narrow(0, first, count)?,
        })
    }

    fn have_kernel(&self) -> bool {
        has_kernel(self.queries.device(), self.queries.dtype())
    }
}

/// The scoring of a text of so many tokens: a window that is no narrower is none.
pub(super) fn within<'a>(scoring: &Scoring<'a>, tokens: usize) -> Scoring<'a> {
    Scoring {
        window: scoring.window.filter(|window| *window < tokens),
        ..*scoring
    }
}

/// Appends the keys and values of new tokens to `cache` and lets each token look at all up to itself, or as far back as
/// its window reaches. The result is `(n, query heads * width)`.
pub(in crate::model) fn attend(
    new: &Projected,
    cache: &LayerCache,
    heads: Heads,
    scoring: &Scoring,
    causal: &Causal,
) -> Result<Tensor> {
    let n = new.queries.dim(0)?;
    let scoring = within(scoring, causal.past + n);
    #[cfg(feature = "cuda")]
    if new.queries.device().is_cuda() && scoring.is_plain() {
        return on_card::attend(new, cache, heads, scoring.scale, causal.past);
    }
    if new.have_kernel() {
        let text = append(new, cache, causal.past)?;
        if n == 1 {
            return step(new, &[text], heads, scoring);
        }
        let op = ReadAttention {
            heads: heads.queries,
            scoring,
        };
        return new.queries.apply_op3_no_bwd(&text.keys, &text.values, &op);
    }
    let by_head = |tensor: &Tensor, count: usize| {
        tensor
            .reshape((n, count, heads.width))?
            .transpose(0, 1)?
            .contiguous()
    };
    let (keys, values) = cache.write(
        &by_head(&new.keys, heads.keys)?,
        &by_head(&new.values, heads.keys)?,
        causal.past,
    )?;
    let width = heads.queries * heads.width;
    let q = by_head(&new.queries, heads.queries)?;
    let attended = causal
        .blocks(n, scoring.window)?
        .iter()
        .map(|block| attend_block(&q, (&keys, &values), &scoring, causal.past, block))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&attended, 1)?
        .transpose(0, 1)?
        .reshape((n, width))
}

/// [`attend`] for one new token of each of some texts, whose caches hold as many tokens as `causal` says.
pub(in crate::model) fn attend_each<'a>(
    new: &Projected,
    caches: impl ExactSizeIterator<Item = &'a LayerCache>,
    heads: Heads,
    scoring: &Scoring,
    causal: &[Causal],
) -> Result<Tensor> {
    let longest = causal.iter().map(|causal| causal.past + 1).max();
    let scoring = within(scoring, longest.unwrap_or(0));
    #[cfg(feature = "cuda")]
    if new.queries.device().is_cuda() && scoring.is_plain() {
        let past = causal.iter().map(|causal| causal.past);
        return on_card::attend_each(new, caches.zip(past), heads, scoring.scale);
    }
    let rows = caches.zip(causal).enumerate();
    if new.have_kernel() {
        let texts = rows
            .map(|(row, (cache, causal))| append(&new.row(row)?, cache, causal.past))
            .collect::<Result<Vec<_>>>()?;
        return step(new, &texts, heads, scoring);
    }
    let attended = rows
        .map(|(row, (cache, causal))| attend(&new.row(row)?, cache, heads, &scoring, causal))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&attended, 0)
}

/// [`attend`] for new tokens of several texts, one text after the other, so many of each.
pub(in crate::model) fn attend_several<'a>(
    new: &Projected,
    caches: impl Iterator<Item = &'a LayerCache>,
    counts: &[usize],
    heads: Heads,
    scoring: &Scoring,
    causal: &[Causal],
) -> Result<Tensor> {
    let mut first = 0;
    let texts = caches.zip(counts).zip(causal);
    let attended = texts.map(|((cache, &count), causal)| {
        let own = new.rows(first, count)?;
        first += count;
        attend(&own, cache, heads, scoring, causal)
    });
    Tensor::cat(&attended.collect::<Result<Vec<_>>>()?, 0)
}

/// The weights by which each new token, after `past` others, looks at all up to itself, whose keys are in `cache`: in
/// `f32`, `(query heads * n, past + n)`, 0 for what it does not see. For whoever looks inside: [`attend`] does not make
/// them.
pub(in crate::model) fn pattern(
    new: &Projected,
    cache: &LayerCache,
    heads: Heads,
    scoring: &Scoring,
    past: usize,
) -> Result<Tensor> {
    let n = new.queries.dim(0)?;
    let (seen, shared) = (past + n, heads.queries / heads.keys);
    let q = new
        .queries
        .reshape((n, heads.queries, heads.width))?
        .transpose(0, 1)?
        .to_dtype(DType::F32)?
        .contiguous()?
        .reshape((heads.keys, shared * n, heads.width))?;
    let keys = cache.keys.narrow(1, 0, seen)?.to_dtype(DType::F32)?;
    let scores = (q.matmul(&keys.contiguous()?.t()?)? * f64::from(scoring.scale))?;
    let scores = scores.reshape((heads.queries, n, seen))?;
    let mask = mask((n, past, 0), scoring.window, q.device())?;
    let weights = weights(scores, &mask, (past, 0), scoring)?;
    weights.reshape((heads.queries * n, seen))
}

/// Appends keys and values after `past` tokens by the kernel: all up to and with them.
fn append(new: &Projected, cache: &LayerCache, past: usize) -> Result<Seen> {
    let before = cache.shared.as_ref().map(Shared::views).transpose()?;
    let shared = before.as_ref().map_or(Ok(0), |(keys, _)| keys.dim(1))?;
    let start = past - shared;
    cache.keys.inplace_op2(&new.keys, &Append { start })?;
    cache.values.inplace_op2(&new.values, &Append { start })?;
    let end = start + new.keys.dim(0)?;
    Ok(Seen {
        before,
        keys: cache.keys.narrow(1, 0, end)?,
        values: cache.values.narrow(1, 0, end)?,
    })
}

/// A query of each text by the kernel.
fn step(new: &Projected, texts: &[Seen], heads: Heads, scoring: Scoring) -> Result<Tensor> {
    new.queries.apply_op1_no_bwd(&StepAttention {
        texts,
        heads: heads.queries,
        scoring,
    })
}

/// The queries of `block` and the keys and values that they may see: `(heads, block.len, head width)`.
fn attend_block(
    q: &Tensor,
    (keys, values): (&Tensor, &Tensor),
    scoring: &Scoring,
    past: usize,
    block: &Block,
) -> Result<Tensor> {
    let visible = past + block.start + block.len - block.first;
    let (heads, _, width) = q.dims3()?;
    let key_heads = keys.dim(0)?;
    // The queries of the heads that share keys are stacked: nothing of the cache is copied.
    let stacked = heads / key_heads * block.len;
    let q = q.narrow(1, block.start, block.len)?.contiguous()?;
    let q = (q * f64::from(scoring.scale))?;
    let scores = q
        .reshape((key_heads, stacked, width))?
        .matmul(&keys.narrow(1, block.first, visible)?.t()?)?
        .to_dtype(DType::F32)?
        .reshape((heads, block.len, visible))?;
    let places = (past + block.start, block.first);
    weights(scores, &block.mask, places, scoring)?
        .to_dtype(q.dtype())?
        .reshape((key_heads, stacked, visible))?
        .matmul(&values.narrow(1, block.first, visible)?)?
        .reshape((heads, block.len, width))
}

/// The weights of scaled scores `(heads, queries, keys)` in `f32`, of queries and keys from these places on.
fn weights(
    mut scores: Tensor,
    mask: &Tensor,
    (query, key): (usize, usize),
    scoring: &Scoring,
) -> Result<Tensor> {
    let (heads, queries, keys) = scores.dims3()?;
    let device = scores.device().clone();
    if let Some(cap) = scoring.cap {
        let cap = f64::from(cap);
        scores = ((scores / cap)?.tanh()? * cap)?;
    }
    if let Some(slopes) = scoring.slopes {
        let distance = |at: usize| {
            let (query, key) = (query + at / keys, key + at % keys);
            query.saturating_sub(key) as f32
        };
        let distances: Vec<f32> = (0..queries * keys).map(distance).collect();
        let distances = Tensor::from_vec(distances, (1, queries, keys), &device)?;
        let slopes = Tensor::from_slice(slopes, (heads, 1, 1), &device)?;
        scores = (scores - distances.broadcast_mul(&slopes)?)?;
    }
    scores = scores.broadcast_add(mask)?;
    debug_assert!(scores.dim(D::Minus1)? > 0);
    match scoring.sinks {
        None => softmax_last_dim(&scores),
        Some(sinks) => {
            let sinks = Tensor::from_slice(sinks, (heads, 1, 1), &device)?;
            let sinks = sinks.broadcast_as((heads, queries, 1))?.contiguous()?;
            let all = Tensor::cat(&[scores, sinks], 2)?;
            softmax_last_dim(&all)?.narrow(2, 0, keys)?.contiguous()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cache::Cache;
    use super::causal::QUERIES_AT_ONCE;
    use super::*;
    use crate::model::network::linear::Storage;

    /// The definition, one query and one head at a time.
    fn by_definition(qkv: &[Vec<f32>], heads: Heads, scale: f32) -> Vec<Vec<f32>> {
        let (width, key_width) = (heads.queries * heads.width, heads.keys * heads.width);
        let mut out = vec![vec![0.0; width]; qkv.len()];
        for (i, row) in qkv.iter().enumerate() {
            for head in 0..heads.queries {
                let query = head * heads.width;
                let key = width + head * heads.keys / heads.queries * heads.width;
                let score = |other: &Vec<f32>| -> f32 {
                    (0..heads.width)
                        .map(|d| row[query + d] * other[key + d])
                        .sum::<f32>()
                        * scale
                };
                let exps: Vec<f32> = qkv[..=i].iter().map(|other| score(other).exp()).collect();
                let sum: f32 = exps.iter().sum();
                for (other, exp) in qkv.iter().zip(&exps) {
                    for d in 0..heads.width {
                        out[i][query + d] += exp / sum * other[key + key_width + d];
                    }
                }
            }
        }
        out
    }

    fn difference(dtype: DType, key_heads: usize, pieces: &[usize]) -> Result<f32> {
        let heads = Heads {
            queries: 6,
            keys: key_heads,
            width: 8,
        };
        let (width, key_width) = (heads.queries * heads.width, heads.keys * heads.width);
        let n: usize = pieces.iter().sum();
        let qkv = Tensor::randn(0f32, 1.0, (n, width + 2 * key_width), &Device::Cpu)?;
        let cache = Cache::new(1, heads.keys, n + 5, heads.width, dtype, &Device::Cpu)
            .map_err(candle_core::Error::wrap)?;
        let storage = Storage {
            device: Device::Cpu,
            dtype,
            matrices: None,
            cache: dtype,
            quantised: None,
        };
        let mut past = 0;
        let mut outs = Vec::new();
        for &piece in pieces {
            let rows = qkv.narrow(0, past, piece)?.to_dtype(dtype)?;
            let causal = Causal::new(past, &storage);
            let new = Projected {
                queries: rows.narrow(1, 0, width)?,
                keys: rows.narrow(1, width, key_width)?,
                values: rows.narrow(1, width + key_width, key_width)?,
            };
            outs.push(attend(
                &new,
                &cache.layers()[0],
                heads,
                &Scoring::plain(0.4),
                &causal,
            )?);
            past += piece;
        }
        let ours = Tensor::cat(&outs, 0)?
            .to_dtype(DType::F32)?
            .to_vec2::<f32>()?;
        let expected = by_definition(&qkv.to_vec2()?, heads, 0.4);
        let pairs = ours.iter().flatten().zip(expected.iter().flatten());
        Ok(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
    }

    #[test]
    fn pieces_of_any_size_give_the_same() -> Result<()> {
        let block = QUERIES_AT_ONCE;
        for pieces in [
            &[1, 1, 1][..],
            &[7],
            &[3, 1, 4],
            &[block, 2],
            &[2, block + 1],
            &[2 * block + 3],
        ] {
            for key_heads in [6, 2, 1] {
                let difference = difference(DType::F32, key_heads, pieces)?;
                assert!(
                    difference < 1e-5,
                    "{pieces:?}, {key_heads} key heads: {difference}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn half_precision_takes_the_way_of_a_gpu() -> Result<()> {
        let difference = difference(DType::BF16, 3, &[9, 1, 1])?;
        assert!(difference > 0.0 && difference < 0.05, "{difference}");
        Ok(())
    }
}

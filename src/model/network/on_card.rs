//! Attention over a cache by the kernels of a card.

use candle_core::{DType, Result, Tensor};

use super::attention::{Heads, Projected, within};
use super::cache::LayerCache;
use crate::kernels::Scoring;
use crate::kernels::cuda::{self, Causal, Factor, Text};

/// Queries whose scores are held together.
const QUERIES_AT_ONCE: usize = 1024;
/// Scores that are held together: of a long text there are fewer queries.
const SCORES_AT_ONCE: usize = 64 << 20;

/// As [`super::attention::attend`], for tokens after `past` others.
pub(super) fn attend(
    new: &Projected,
    cache: &LayerCache,
    heads: Heads,
    scale: f32,
    past: usize,
) -> Result<Tensor> {
    let text = text(cache, past);
    cuda::append(&new.keys, &new.values, &[text], None)?;
    if new.queries.dim(0)? == 1 && cuda::can_step(heads.width, past + 1) {
        return cuda::step_attention(&new.queries, &[text], None, heads.queries, scale);
    }
    read(&new.queries, cache, heads, scale, past)
}

/// As [`super::attention::attend_each`], for the caches of some texts and how many tokens each holds.
pub(super) fn attend_each<'a>(
    new: &Projected,
    caches: impl Iterator<Item = (&'a LayerCache, usize)>,
    heads: Heads,
    scale: f32,
) -> Result<Tensor> {
    let caches: Vec<_> = caches.collect();
    let can_step = |(_, past): &(_, usize)| cuda::can_step(heads.width, past + 1);
    if caches.iter().all(can_step) {
        let texts: Vec<_> = caches
            .iter()
            .map(|(cache, past)| text(cache, *past))
            .collect();
        cuda::append(&new.keys, &new.values, &texts, None)?;
        return cuda::step_attention(&new.queries, &texts, None, heads.queries, scale);
    }
    let attended = caches
        .iter()
        .enumerate()
        .map(|(row, (cache, past))| attend(&new.row(row)?, cache, heads, scale, *past))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&attended, 0)
}

/// As [`attend_each`] for caches that `past` says on the card how far they are filled, so that the launches can be recorded.
///
/// # Errors
/// When a cache has more room than one launch takes, or tokens that are scored in a way of their own.
pub(super) fn attend_recorded<'a>(
    new: &Projected,
    caches: impl Iterator<Item = &'a LayerCache>,
    past: &Tensor,
    heads: Heads,
    scoring: &Scoring,
) -> Result<Tensor> {
    let texts: Vec<_> = caches.map(|cache| text(cache, 0)).collect();
    for text in &texts {
        let room = text.keys.dim(1)?;
        if !cuda::can_step(heads.width, room) || !within(scoring, room).is_plain() {
            candle_core::bail!(
                "not all tokens of a text with room for {room} are attended to in one launch"
            );
        }
    }
    cuda::append(&new.keys, &new.values, &texts, Some(past))?;
    cuda::step_attention(
        &new.queries,
        &texts,
        Some(past),
        heads.queries,
        scoring.scale,
    )
}

/// Where the keys and values of each layer of each text lie, and how much room they have: another text, or one that was
/// moved to have more room, lies elsewhere.
pub(super) fn addresses(texts: &[&[LayerCache]]) -> Result<Vec<u64>> {
    let layers = texts.iter().copied().flatten();
    let each = layers.flat_map(|layer| [&layer.keys, &layer.values]);
    let places = each.map(|tensor| Ok([cuda::address(tensor)?, tensor.dim(1)? as u64]));
    Ok(places.collect::<Result<Vec<_>>>()?.concat())
}

fn text(cache: &LayerCache, past: usize) -> Text<'_> {
    Text {
        keys: &cache.keys,
        values: &cache.values,
        past,
    }
}

/// Queries `(n, query heads * width)` of one text, whose keys and values stand in the cache after `past` others.
fn read(
    queries: &Tensor,
    cache: &LayerCache,
    heads: Heads,
    scale: f32,
    past: usize,
) -> Result<Tensor> {
    let n = queries.dim(0)?;
    let at_once = SCORES_AT_ONCE / (heads.queries * (past + n));
    let at_once = at_once.clamp(16, QUERIES_AT_ONCE);
    let blocks = (0..n)
        .step_by(at_once)
        .map(|start| {
            let len = at_once.min(n - start);
            let causal = Causal {
                queries: len,
                past: past + start,
                seen: past + start + len,
            };
            let keys = cache.keys.narrow(1, 0, causal.seen)?;
            let values = cache.values.narrow(1, 0, causal.seen)?;
            // The queries of the heads that share keys are stacked: nothing of the cache is copied.
            let stacked = (heads.keys, heads.queries / heads.keys * len, heads.width);
            let q = cuda::split_heads(&queries.narrow(0, start, len)?, 1, len, heads.width)?;
            let q = q.reshape(stacked)?;
            let (q, k) = (Factor::new(&q), Factor::transposed(&keys));
            let scores = cuda::products(q, k, scale, DType::F32)?;
            let (weights, _) = cuda::causal_softmax(&scores, causal, None, values.dtype())?;
            let (p, v) = (Factor::new(&weights), Factor::new(&values));
            let out = cuda::products(p, v, 1.0, queries.dtype())?;
            let by_head = (1, heads.queries, len, heads.width);
            cuda::merge_heads(&out.reshape(by_head)?, heads.queries)
        })
        .collect::<Result<Vec<_>>>()?;
    match blocks.as_slice() {
        [one] => Ok(one.clone()),
        blocks => Tensor::cat(blocks, 0),
    }
}

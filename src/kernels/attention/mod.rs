//! Attention straight from a cache of keys and values, `(key heads, room, width)` each, of `f32` or of brain floats.
//! Each run of `heads / key heads` heads shares keys and values, as in grouped-query attention (Ainslie et al. 2023).

mod append;
mod causal;
mod number;
mod read;
mod scoring;
mod step;

use candle_core::{CpuStorage, Layout, Result, Tensor};

use self::number::CacheNumber;

pub use append::Append;
pub(crate) use causal::causal_weights;
pub use read::ReadAttention;
pub use scoring::Scoring;
pub use step::StepAttention;

/// What the tokens of one text so far offer: `(key heads, length, width)` each, views into a cache.
pub struct Seen {
    /// Keys and values of the tokens before those, where they lie elsewhere.
    pub before: Option<(Tensor, Tensor)>,
    pub keys: Tensor,
    pub values: Tensor,
}

/// The rows of each head in a cache of `(key heads, room, width)` of which the first few are in use.
struct HeadRows<'a, T> {
    rows: &'a [T],
    head_stride: usize,
    /// How many heads share one.
    group: usize,
    used: usize,
}

impl<'a, T: CacheNumber> HeadRows<'a, T> {
    fn new(storage: &'a CpuStorage, layout: &Layout, heads: usize, width: usize) -> Result<Self> {
        let (cache_heads, length, cache_width) = layout.shape().dims3()?;
        let stride = layout.stride();
        let shared = cache_heads > 0 && heads.is_multiple_of(cache_heads);
        if !shared || cache_width != width || stride[1..] != [width, 1] {
            candle_core::bail!(
                "attention: a cache of {layout:?} does not fit {heads} heads of {width}"
            );
        }
        Ok(Self {
            rows: &storage.as_slice::<T>()?[layout.start_offset()..],
            head_stride: stride[0],
            group: heads / cache_heads,
            used: length * width,
        })
    }

    fn of(&self, head: usize) -> &'a [T] {
        &self.rows[head / self.group * self.head_stride..][..self.used]
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{D, DType, Device};

    use super::*;

    const SIZES: [(usize, usize, usize); 5] = [
        (1, 1, 4),
        (1, 11, 10),
        (1, 200, 64),
        (3, 20, 8),
        (2, 70, 97),
    ];

    #[test]
    fn it_is_softmax_attention_over_the_used_part() -> Result<()> {
        for dtype in [DType::F32, DType::BF16] {
            for (group, length, width) in SIZES {
                let difference = difference_from_definition(dtype, group, length, width)?;
                assert!(
                    difference < 1e-5,
                    "{dtype:?}, {group} heads share {length} keys of {width}: {difference}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn keys_in_two_runs_are_attended_to_as_in_one_to_the_bit() -> Result<()> {
        for dtype in [DType::F32, DType::BF16] {
            for window in [None, Some(3), Some(9), Some(40)] {
                let (heads, length, width, device) = (2, 30, 24, Device::Cpu);
                let randn = |rows| Tensor::randn(0f32, 1.0, rows, &device);
                let q = randn((1, 2 * heads * width))?;
                let cached = || -> Result<Tensor> {
                    let cache = Tensor::zeros((heads, length, width), dtype, &device)?;
                    let rows = randn((length, heads * width))?;
                    cache.inplace_op2(&rows, &Append { start: 0 })?;
                    Ok(cache)
                };
                let (keys, values) = (cached()?, cached()?);
                let attended = |text: Seen| {
                    let scoring = Scoring {
                        window,
                        ..Scoring::plain(0.2)
                    };
                    let op = StepAttention {
                        texts: &[text],
                        heads: 2 * heads,
                        scoring,
                    };
                    q.apply_op1_no_bwd(&op)?.to_vec2::<f32>()
                };
                let whole = attended(Seen {
                    before: None,
                    keys: keys.clone(),
                    values: values.clone(),
                })?;
                for cut in [1, 22, 29] {
                    let parts = |cache: &Tensor| -> Result<_> {
                        let later = Tensor::zeros((heads, length + 7, width), dtype, &device)?;
                        let rest = cache.narrow(1, cut, length - cut)?;
                        later.slice_set(&rest.contiguous()?, 1, 0)?;
                        Ok((cache.narrow(1, 0, cut)?, later.narrow(1, 0, length - cut)?))
                    };
                    let (early_keys, keys) = parts(&keys)?;
                    let (early_values, values) = parts(&values)?;
                    let before = Some((early_keys, early_values));
                    let split = attended(Seen {
                        before,
                        keys,
                        values,
                    })?;
                    assert_eq!(split, whole, "{dtype:?}, cut at {cut}, window {window:?}");
                }
            }
        }
        Ok(())
    }

    /// Of the last query alone and of all queries, with keys and values that were appended a few at a time.
    fn difference_from_definition(
        dtype: DType,
        group: usize,
        length: usize,
        width: usize,
    ) -> Result<f32> {
        let (key_heads, scale, device) = (3, 0.3, Device::Cpu);
        let heads = key_heads * group;
        let randn = |heads: usize| Tensor::randn(0f32, 1.0, (length, heads * width), &device);
        let (queries, keys, values) = (randn(heads)?, randn(key_heads)?, randn(key_heads)?);
        let cached = |rows: &Tensor| -> Result<Tensor> {
            let cache = Tensor::zeros((key_heads, length + 9, width), dtype, &device)?;
            for start in (0..length).step_by(17) {
                let rows = rows.narrow(0, start, 17.min(length - start))?;
                cache.inplace_op2(&rows, &Append { start })?;
            }
            cache.narrow(1, 0, length)
        };
        let text = Seen {
            before: None,
            keys: cached(&keys)?,
            values: cached(&values)?,
        };
        let op = ReadAttention {
            heads,
            scoring: Scoring::plain(scale),
        };
        let all = queries.apply_op3_no_bwd(&text.keys, &text.values, &op)?;
        let op = StepAttention {
            texts: &[text],
            heads,
            scoring: Scoring::plain(scale),
        };
        let last = queries.narrow(0, length - 1, 1)?.apply_op1_no_bwd(&op)?;

        let by_head = |rows: &Tensor, heads: usize| {
            let rows = rows.to_dtype(dtype)?.to_dtype(DType::F64)?;
            rows.reshape((length, heads, width))?.transpose(0, 1)
        };
        let shared = |rows: &Tensor| -> Result<Tensor> {
            let rows = by_head(rows, key_heads)?.unsqueeze(1)?;
            let rows = rows.broadcast_as((key_heads, group, length, width))?;
            rows.contiguous()?.reshape((heads, length, width))
        };
        let q = queries.to_dtype(DType::F64)?;
        let q = q.reshape((length, heads, width))?.transpose(0, 1)?;
        let scores = (q.contiguous()?.matmul(&shared(&keys)?.t()?)? * f64::from(scale))?;
        let hidden: Vec<f64> = (0..length * length)
            .map(|at| {
                if at % length > at / length {
                    f64::NEG_INFINITY
                } else {
                    0.0
                }
            })
            .collect();
        let hidden = Tensor::from_vec(hidden, (1, length, length), &device)?;
        let weights = candle_nn::ops::softmax(&scores.broadcast_add(&hidden)?, D::Minus1)?;
        let expected = weights.matmul(&shared(&values)?)?.transpose(0, 1)?;
        let expected = expected
            .reshape((length, heads * width))?
            .to_dtype(DType::F32)?;
        let difference = |ours: &Tensor, expected: &Tensor| -> Result<f32> {
            (ours - expected)?.abs()?.max_all()?.to_scalar::<f32>()
        };
        let of_last = difference(&last, &expected.narrow(0, length - 1, 1)?)?;
        Ok(of_last.max(difference(&all, &expected)?))
    }
}

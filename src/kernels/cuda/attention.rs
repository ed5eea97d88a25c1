//! The parts of attention: heads, causal softmax, caches, and one query of each text.

use candle_core::cuda_backend::cudarc::driver::DeviceRepr;
use candle_core::{DType, Result, Tensor};

use super::launch::{
    Argument, Grid, Module, THREADS, address, card, check, launch, ptx, rows, suffix, unwritten,
};

const MODULE: Module = Module {
    name: "logitscope-attention",
    ptx: ptx::ATTENTION,
};

/// Texts that one launch takes, as in `attention.cu`.
const TEXTS_AT_ONCE: usize = 32;
/// Rows that one launch appends: a grid has no more blocks this way.
const ROWS_AT_ONCE: usize = 32_768;
/// Numbers that a thread of [`step_attention`] reads together, if a head's width allows it.
const AT_ONCE: usize = 8;
/// Bytes that a block's threads can share (48 KiB) beside the parts of sums over a block.
const MOST_SHARED: usize = 47 << 10;

/// Which earlier tokens queries see: query `i` of `queries` the first `past + i + 1` of `seen`.
#[derive(Debug, Clone, Copy)]
pub struct Causal {
    pub queries: usize,
    pub past: usize,
    pub seen: usize,
}

/// Dropout of weights: one whose bits, by its place from `first` on, reach the threshold is multiplied by `kept`, the others
/// by 0.
#[derive(Debug, Clone, Copy)]
pub struct Dropping {
    pub first: u64,
    pub key: u64,
    pub threshold: u32,
    pub kept: f32,
}

/// Keeps all.
const NOTHING_DROPPED: Dropping = Dropping {
    first: 0,
    key: 0,
    threshold: 0,
    kept: 1.0,
};

/// The cache of one text, keys and values `(heads, room, width)`, and how many tokens it holds before the new ones.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    pub keys: &'a Tensor,
    pub values: &'a Tensor,
    pub past: usize,
}

/// As in `attention.cu`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Caches {
    keys: [u64; TEXTS_AT_ONCE],
    values: [u64; TEXTS_AT_ONCE],
    past: [i32; TEXTS_AT_ONCE],
    room: [i32; TEXTS_AT_ONCE],
    past_on_card: u64,
}

// SAFETY: plain numbers, laid out as the kernel's struct is.
unsafe impl DeviceRepr for Caches {}

impl Caches {
    /// Of at most [`TEXTS_AT_ONCE`] texts with caches of one shape, but for their room; `past_on_card` has how many tokens
    /// each holds, if that is where it stands.
    fn new(texts: &[Text<'_>], past_on_card: Option<&Tensor>) -> Result<Self> {
        let mut caches = Self {
            keys: [0; TEXTS_AT_ONCE],
            values: [0; TEXTS_AT_ONCE],
            past: [0; TEXTS_AT_ONCE],
            room: [0; TEXTS_AT_ONCE],
            past_on_card: past_on_card.map_or(Ok(0), address)?,
        };
        for (at, text) in texts.iter().enumerate() {
            caches.keys[at] = address(text.keys)?;
            caches.values[at] = address(text.values)?;
            caches.past[at] = text.past as i32;
            caches.room[at] = text.keys.dim(1)? as i32;
        }
        Ok(caches)
    }
}

/// The shape of caches: heads, and the width of each.
fn shape(texts: &[Text<'_>]) -> Result<(usize, usize, DType)> {
    let Some(first) = texts.first() else {
        candle_core::bail!("attention of no text");
    };
    let (heads, _, width) = first.keys.dims3()?;
    for text in texts {
        let (own, room, own_width) = text.keys.dims3()?;
        if (own, own_width) != (heads, width) || text.values.dims() != text.keys.dims() {
            candle_core::bail!("attention: caches of different models");
        }
        if text.past >= room {
            candle_core::bail!("attention: a cache for {room} tokens is full");
        }
    }
    Ok((heads, width, first.keys.dtype()))
}

fn check_past(past: Option<&Tensor>, texts: &[Text<'_>]) -> Result<()> {
    past.map_or(Ok(()), |past| {
        check("lengths", past, DType::U32, texts.len())
    })
}

/// The lengths of some of the texts.
fn of_some(past: Option<&Tensor>, start: usize, len: usize) -> Result<Option<Tensor>> {
    past.map(|past| past.narrow(0, start, len)).transpose()
}

fn kinds(rows: &Tensor, cache: DType) -> Result<String> {
    Ok(format!("{}_{}", suffix(rows.dtype())?, suffix(cache)?))
}

/// Writes keys and values `(n, heads * width)`, whose rows may lie apart, into caches: the next token of each of `n`
/// texts, or the next `n` tokens of one. How many tokens the texts hold is read on the card, `u32`, if `past` is given.
///
/// # Errors
/// When shapes or types do not fit, a cache is full, or the device fails.
pub fn append(
    keys: &Tensor,
    values: &Tensor,
    texts: &[Text<'_>],
    past: Option<&Tensor>,
) -> Result<()> {
    let (heads, width, cache) = shape(texts)?;
    let n = keys.dim(0)?;
    if keys.dims2()? != (n, heads * width) || values.dims() != keys.dims() {
        candle_core::bail!(
            "append: rows of {:?} for {heads} heads of {width}",
            keys.shape()
        );
    }
    let one_text = texts.len() == 1;
    check_past(past, texts)?;
    match texts {
        [text] if text.past + n > text.keys.dim(1)? => {
            candle_core::bail!("append: {n} tokens after {} do not fit", text.past)
        }
        [_] => {}
        _ if texts.len() != n => candle_core::bail!("append: {n} rows for {} texts", texts.len()),
        _ => {}
    }
    let name = format!("append_{}", kinds(keys, cache)?);
    let at_once = if one_text {
        ROWS_AT_ONCE
    } else {
        TEXTS_AT_ONCE
    };
    for start in (0..n).step_by(at_once) {
        let len = at_once.min(n - start);
        let caches = match texts {
            [text] => {
                let past_there = text.past + start;
                let text = Text {
                    past: past_there,
                    ..*text
                };
                Caches::new(&[text], past)?
            }
            _ => Caches::new(
                &texts[start..start + len],
                of_some(past, start, len)?.as_ref(),
            )?,
        };
        let (key_rows, key_stride) = rows(&keys.narrow(0, start, len)?)?;
        let (value_rows, value_stride) = rows(&values.narrow(0, start, len)?)?;
        let grid = Grid {
            blocks: (
                (heads * width).div_ceil(THREADS as usize) as u32,
                len as u32,
                2,
            ),
            threads: (THREADS, 1),
            shared: 0,
        };
        // SAFETY: as the kernel has it; the rows fit the caches.
        unsafe {
            launch(
                card(keys)?,
                MODULE,
                &name,
                grid,
                &[
                    Argument::Address(key_rows),
                    Argument::Address(value_rows),
                    Argument::Int(key_stride as i32),
                    Argument::Int(value_stride as i32),
                    Argument::Int(heads as i32),
                    Argument::Int(width as i32),
                    Argument::Int(i32::from(one_text)),
                    Argument::Struct(&caches),
                ],
            )?;
        }
    }
    Ok(())
}

/// Numbers of a head of this width that a thread of [`step_attention`] reads together.
fn at_once(width: usize) -> usize {
    if width.is_multiple_of(AT_ONCE) {
        AT_ONCE
    } else {
        1
    }
}

/// Bytes that a block's threads of [`step_attention`] share.
fn shared(width: usize, tokens: usize) -> usize {
    (width + THREADS as usize * at_once(width) + tokens) * size_of::<f32>()
}

/// Whether [`step_attention`] takes heads of this width and texts of so many tokens, the new one among them.
pub fn can_step(width: usize, tokens: usize) -> bool {
    width / at_once(width) <= THREADS as usize && shared(width, tokens) <= MOST_SHARED
}

/// `softmax(scale * q k^T) v` for one query of each text, `queries (texts, heads * width)`, whose keys and values were
/// appended; as [`can_step`] allows. How many tokens the texts held before is read on the card if `past` is given; then
/// they may be as many as there is room for.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn step_attention(
    queries: &Tensor,
    texts: &[Text<'_>],
    past: Option<&Tensor>,
    heads: usize,
    scale: f32,
) -> Result<Tensor> {
    let (key_heads, width, cache) = shape(texts)?;
    let (n, all) = queries.dims2()?;
    check_past(past, texts)?;
    let lengths = texts.iter().map(|text| match past {
        Some(_) => text.keys.dim(1),
        None => Ok(text.past + 1),
    });
    let longest = lengths.collect::<Result<Vec<_>>>()?.into_iter().max();
    let longest = longest.unwrap_or(0);
    let fits = n == texts.len()
        && all == heads * width
        && heads.is_multiple_of(key_heads)
        && can_step(width, longest);
    if !fits {
        candle_core::bail!("attention: {n} queries of {all} for {} texts", texts.len());
    }
    let out = unwritten((n, all), queries.dtype(), queries)?;
    let name = format!(
        "step_attention_{}_{}",
        at_once(width),
        kinds(queries, cache)?
    );
    let mut to = address(&out)?;
    for (start, texts) in (0..)
        .step_by(TEXTS_AT_ONCE)
        .zip(texts.chunks(TEXTS_AT_ONCE))
    {
        let past = of_some(past, start, texts.len())?;
        let caches = Caches::new(texts, past.as_ref())?;
        let (from, stride) = rows(&queries.narrow(0, start, texts.len())?)?;
        let grid = Grid {
            blocks: (heads as u32, texts.len() as u32, 1),
            threads: (THREADS, 1),
            shared: shared(width, longest) as u32,
        };
        // SAFETY: as the kernel has it; the caches hold `past + 1` tokens, and a block's threads share enough.
        unsafe {
            launch(
                card(queries)?,
                MODULE,
                &name,
                grid,
                &[
                    Argument::Address(from),
                    Argument::Address(to),
                    Argument::Int(stride as i32),
                    Argument::Int(heads as i32),
                    Argument::Int(key_heads as i32),
                    Argument::Int(width as i32),
                    Argument::Float(scale),
                    Argument::Struct(&caches),
                ],
            )?;
        }
        to += (texts.len() * all * queries.dtype().size_in_bytes()) as u64;
    }
    Ok(out)
}

/// Cuts rows `(sequences * time, parts * heads * width)`, which may lie apart, into
/// `(parts, sequences * heads, time, width)`.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn split_heads(from: &Tensor, parts: usize, time: usize, width: usize) -> Result<Tensor> {
    let (n, all) = from.dims2()?;
    let heads = all / (parts * width);
    if heads * parts * width != all || !n.is_multiple_of(time) {
        candle_core::bail!("heads: {n} rows of {all} for {parts} parts of heads of {width}");
    }
    let out = unwritten((parts, n / time * heads, time, width), from.dtype(), from)?;
    let (address, stride) = rows(from)?;
    let numbers = n * heads * width;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(from)?,
            MODULE,
            &format!("split_heads_{}", suffix(from.dtype())?),
            heads_grid(numbers, parts),
            &[
                Argument::Address(address),
                Argument::Tensor(&out),
                Argument::Int(time as i32),
                Argument::Int(heads as i32),
                Argument::Int(width as i32),
                Argument::Int(stride as i32),
                Argument::Length(numbers as u64),
            ],
        )?;
    }
    Ok(out)
}

/// The way back from contiguous `(parts, sequences * heads, time, width)`: `(sequences * time, parts * heads * width)`.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn merge_heads(from: &Tensor, heads: usize) -> Result<Tensor> {
    let (parts, all_heads, time, width) = from.dims4()?;
    let n = all_heads / heads * time;
    let out = unwritten((n, parts * heads * width), from.dtype(), from)?;
    let numbers = n * heads * width;
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(from)?,
            MODULE,
            &format!("merge_heads_{}", suffix(from.dtype())?),
            heads_grid(numbers, parts),
            &[
                Argument::Tensor(from),
                Argument::Tensor(&out),
                Argument::Int(time as i32),
                Argument::Int(heads as i32),
                Argument::Int(width as i32),
                Argument::Int((parts * heads * width) as i32),
                Argument::Length(numbers as u64),
            ],
        )?;
    }
    Ok(out)
}

fn heads_grid(numbers: usize, parts: usize) -> Grid {
    let mut grid = Grid::each(numbers);
    grid.blocks.1 = parts as u32;
    grid
}

/// The softmax, in `dtype`, of the last dimension of contiguous `f32` scores, whose rows are those of `causal.queries` over
/// and over: the weights, and the same after dropout.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn causal_softmax(
    scores: &Tensor,
    causal: Causal,
    dropping: Option<Dropping>,
    dtype: DType,
) -> Result<(Tensor, Tensor)> {
    let n = check_causal(scores, causal)?;
    check("scores", scores, DType::F32, n * causal.seen)?;
    let weights = unwritten(scores.shape(), dtype, scores)?;
    let dropped = match dropping {
        Some(_) => unwritten(scores.shape(), dtype, scores)?,
        None => weights.clone(),
    };
    let after = match dropping {
        Some(_) => Argument::Tensor(&dropped),
        None => Argument::Nothing,
    };
    let rule = dropping.unwrap_or(NOTHING_DROPPED);
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(scores)?,
            MODULE,
            &format!("causal_softmax_{}", suffix(dtype)?),
            Grid::rows(n, causal.seen),
            &[
                Argument::Tensor(scores),
                Argument::Tensor(&weights),
                after,
                Argument::Int(causal.queries as i32),
                Argument::Int(causal.past as i32),
                Argument::Int(causal.seen as i32),
                Argument::Length(rule.first),
                Argument::Length(rule.key),
                Argument::Bits(rule.threshold),
                Argument::Float(rule.kept),
            ],
        )?;
    }
    Ok((weights, dropped))
}

/// The gradient of the scores of [`causal_softmax`] from `weights`, before dropout, and the gradient of those after it in
/// `f32`: in the type of the weights.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn softmax_back(
    weights: &Tensor,
    slopes: &Tensor,
    causal: Causal,
    dropping: Option<Dropping>,
) -> Result<Tensor> {
    let n = check_causal(weights, causal)?;
    check("slopes", slopes, DType::F32, n * causal.seen)?;
    let out = unwritten(weights.shape(), weights.dtype(), weights)?;
    let rule = dropping.unwrap_or(NOTHING_DROPPED);
    // SAFETY: as the kernel has it; sizes were checked.
    unsafe {
        launch::<u64>(
            card(weights)?,
            MODULE,
            &format!("softmax_back_{}", suffix(weights.dtype())?),
            Grid::rows(n, causal.seen),
            &[
                Argument::Tensor(weights),
                Argument::Tensor(slopes),
                Argument::Tensor(&out),
                Argument::Int(causal.queries as i32),
                Argument::Int(causal.past as i32),
                Argument::Int(causal.seen as i32),
                Argument::Length(rule.first),
                Argument::Length(rule.key),
                Argument::Bits(rule.threshold),
                Argument::Float(rule.kept),
            ],
        )?;
    }
    Ok(out)
}

/// The rows of what is as wide as queries see.
fn check_causal(tensor: &Tensor, causal: Causal) -> Result<usize> {
    let n = tensor.elem_count() / causal.seen.max(1);
    let fits = tensor.elem_count() == n * causal.seen
        && n.is_multiple_of(causal.queries)
        && causal.past + causal.queries <= causal.seen;
    if fits {
        Ok(n)
    } else {
        candle_core::bail!("softmax: {:?} does not fit {causal:?}", tensor.shape())
    }
}

//! What a GGUF file says of itself: metadata, and where its tensors are.
//!
//! The format is that of ggml's `docs/gguf.md`. candle can read it too, but divides by an alignment of 0, multiplies
//! shapes without a check, and holds each number of an array in 32 bytes; nothing in the file is trusted here.

use std::collections::HashMap;

use candle_core::quantized::GgmlDType;

use super::reader::{Reader, truncated};
use super::value::Value;

/// Most entries of the metadata, and most tensors.
const MOST_ENTRIES: u64 = 1 << 16;

/// One tensor.
#[derive(Debug, Clone)]
pub(super) struct TensorInfo {
    /// Rows first, as numpy has it; the file has it the other way round.
    pub(super) shape: Vec<usize>,
    pub(super) dtype: GgmlDType,
    /// Which of the parts of a split file has it.
    pub(super) part: usize,
    /// Its first byte in that file.
    pub(super) start: u64,
    pub(super) bytes: usize,
}

/// A checked header: every tensor lies within the file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: HashMap<String, Value>,
    pub(super) tensors: HashMap<String, TensorInfo>,
}

impl Header {
    /// Reads and checks a header.
    ///
    /// # Errors
    /// When it is none, or describes what the file does not have; the error is the rest of a sentence that begins
    /// with the file's name.
    pub(super) fn read(reader: &mut Reader) -> Result<Self, String> {
        check_magic(reader)?;
        let tensor_count = count(reader, "tensors")?;
        let entry_count = count(reader, "entries of metadata")?;
        let mut metadata = HashMap::new();
        for _ in 0..entry_count {
            let key = reader.string()?;
            let value = Value::read(reader).map_err(|problem| format!("`{key}` {problem}"))?;
            metadata.insert(key, value);
        }
        let mut tensors = HashMap::new();
        for _ in 0..tensor_count {
            let name = reader.string()?;
            let info =
                tensor_info(reader).map_err(|problem| format!("tensor `{name}` {problem}"))?;
            tensors.insert(name, info);
        }
        let alignment = match metadata.get("general.alignment") {
            Some(value) => value.unsigned().filter(|size| size.is_power_of_two()),
            None => Some(32),
        };
        let alignment = alignment.filter(|size| *size <= 1 << 20).ok_or_else(|| {
            "has a `general.alignment` that is no power of two; it is damaged".to_owned()
        })?;
        let data_start = reader.position().next_multiple_of(alignment);
        for (name, info) in &mut tensors {
            let start = info.start.checked_add(data_start);
            let end = start.and_then(|start| start.checked_add(info.bytes as u64));
            match (start, end) {
                (Some(start), Some(end)) if end <= reader.length() => info.start = start,
                _ => {
                    return Err(format!("tensor `{name}` {}", truncated(reader.length())));
                }
            }
        }
        Ok(Self { metadata, tensors })
    }
}

fn check_magic(reader: &mut Reader) -> Result<(), String> {
    let no_gguf = "is no GGUF file: it does not begin with `GGUF`";
    let magic = reader.u32().map_err(|_| no_gguf.to_owned())?;
    if magic.to_le_bytes() != *b"GGUF" {
        return Err(no_gguf.to_owned());
    }
    match reader.u32()? {
        2 | 3 => Ok(()),
        version if version.swap_bytes() <= 3 => {
            Err("is a GGUF file for big-endian machines, which cannot be read".to_owned())
        }
        version => Err(format!(
            "is a GGUF file of version {version}, but only 2 and 3 can be read"
        )),
    }
}

fn count(reader: &mut Reader, what: &str) -> Result<u64, String> {
    match reader.u64()? {
        count if count > MOST_ENTRIES => Err(format!(
            "announces {count} {what}, more than any model has; it is damaged"
        )),
        count => Ok(count),
    }
}

/// One entry of the list of tensors; `start` is still relative to where the data begins.
fn tensor_info(reader: &mut Reader) -> Result<TensorInfo, String> {
    let dimensions = reader.u32()?;
    if dimensions == 0 || dimensions > 4 {
        return Err(format!("has {dimensions} dimensions; the file is damaged"));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let size = reader.u64()?;
        let size = usize::try_from(size).map_err(|_| format!("has a size of {size}"))?;
        shape.insert(0, size);
    }
    let dtype = dtype(reader.u32()?)?;
    let start = reader.u64()?;
    let row = shape.last().copied().unwrap_or(0);
    if !row.is_multiple_of(dtype.block_size()) {
        return Err(format!(
            "has rows of {row}, which its blocks of {} do not fill; the file is damaged",
            dtype.block_size()
        ));
    }
    let numbers = shape
        .iter()
        .try_fold(1usize, |all, &size| all.checked_mul(size));
    let bytes = numbers
        .map(|numbers| numbers / dtype.block_size())
        .and_then(|blocks| blocks.checked_mul(dtype.type_size()))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| format!("has the shape {shape:?}, which no file can hold"))?;
    Ok(TensorInfo {
        shape,
        dtype,
        part: 0,
        start,
        bytes,
    })
}

/// The types of numbers by ggml's own count, as far as candle computes with them.
fn dtype(number: u32) -> Result<GgmlDType, String> {
    Ok(match number {
        0 => GgmlDType::F32,
        1 => GgmlDType::F16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        30 => GgmlDType::BF16,
        other => {
            return Err(format!(
                "has numbers of ggml's type {other}, which cannot be read; \
                 choose a file in F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 or one of Q2_K to Q6_K"
            ));
        }
    })
}

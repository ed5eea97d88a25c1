//! One safetensors file, read tensor by tensor.
//!
//! The header is untrusted: every claim in it is held against the file's real length before anything is allocated.
//! Files are read rather than mapped, so that a file which shrinks while it is read is an error and not a crash,
//! and only a piece of one tensor's bytes is held at a time.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorInfo};

use super::files::pointer_in;
use crate::model::ModelError;
use crate::model::memory::reserved;
use crate::model::network::dense::Numbers;

/// The format's own limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// Bytes that are held at once beside the numbers made of them; whole numbers of any type.
const PIECE: usize = 1 << 20;

/// What a safetensors file is read from.
pub(super) trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

/// An open safetensors file with a checked header.
pub(super) struct SafetensorsFile {
    /// The path, for errors.
    name: String,
    source: Box<dyn Source>,
    data_start: u64,
    tensors: HashMap<String, TensorInfo>,
}

impl SafetensorsFile {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// When the header is cut off, malformed, or describes bytes that the file does not have.
    pub(super) fn open(name: String, mut source: Box<dyn Source>) -> Result<Self, ModelError> {
        let wrong = |problem: String| ModelError::file(&name, problem);
        let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
        if let Some(problem) = pointer_in(&mut *source).map_err(unreadable)? {
            return Err(wrong(problem));
        }
        let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
        source.rewind().map_err(unreadable)?;
        if length < 8 {
            return Err(wrong(format!(
                "has {length} bytes, too few for a safetensors file; it is truncated, fetch it again"
            )));
        }
        let mut header_length = [0; 8];
        source.read_exact(&mut header_length).map_err(unreadable)?;
        let header_length = u64::from_le_bytes(header_length);
        if header_length > LONGEST_HEADER || header_length > length - 8 {
            return Err(wrong(format!(
                "announces a header of {header_length} bytes in a file of {length}; it is truncated or no safetensors file"
            )));
        }
        let mut header = reserved(header_length as usize, "its header")?;
        header.resize(header_length as usize, 0);
        source.read_exact(&mut header).map_err(unreadable)?;
        let header: HashMap<String, serde_json::Value> = serde_json::from_slice(&header)
            .map_err(|error| wrong(format!("has a header that is no valid JSON: {error}")))?;

        let data_start = 8 + header_length;
        let mut tensors = HashMap::with_capacity(header.len());
        for (tensor, value) in header {
            if tensor == "__metadata__" {
                continue;
            }
            let info = check_info(value, length - data_start)
                .map_err(|problem| ModelError::tensor(&name, &tensor, problem))?;
            tensors.insert(tensor, info);
        }
        Ok(Self {
            name,
            source,
            data_start,
            tensors,
        })
    }

    /// The file's path, for errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The names of its tensors, in no order.
    pub(super) fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor, if the file has it.
    pub(super) fn shape(&self, tensor: &str) -> Option<&[usize]> {
        self.tensors.get(tensor).map(|info| info.shape.as_slice())
    }

    /// Of each tensor the type of its numbers, such as `bf16`, its bytes, and how many numbers it has.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (String, usize, usize)> {
        self.tensors.values().map(|info| {
            let (first, last) = info.data_offsets;
            let kind = format!("{:?}", info.dtype).to_lowercase();
            (kind, last - first, info.shape.iter().product())
        })
    }

    /// The values of a tensor in row-major order, widened to `f32`.
    ///
    /// # Errors
    /// When the file lacks it, holds it in a type other than F32, F16 or BF16, or cannot be read, or there is no memory
    /// for it.
    pub(super) fn read(&mut self, tensor: &str) -> Result<Vec<f32>, ModelError> {
        let shape = self.shape(tensor).unwrap_or_default();
        let count = shape.iter().product();
        self.read_part(tensor, 0..count)
    }

    /// As [`SafetensorsFile::read`], of those values alone.
    ///
    /// # Errors
    /// As [`SafetensorsFile::read`].
    pub(super) fn read_part(
        &mut self,
        tensor: &str,
        part: Range<usize>,
    ) -> Result<Vec<f32>, ModelError> {
        let mut values = reserved(part.len(), tensor)?;
        self.read_bytes(tensor, part, |dtype, bytes| match dtype {
            Dtype::F16 => values.extend(halves(bytes).map(|bits| f16::from_bits(bits).to_f32())),
            Dtype::BF16 => values.extend(halves(bytes).map(|bits| bf16::from_bits(bits).to_f32())),
            _ => {
                let (quads, _) = bytes.as_chunks::<4>();
                values.extend(quads.iter().map(|quad| f32::from_le_bytes(*quad)));
            }
        })?;
        Ok(values)
    }

    /// As [`SafetensorsFile::read`], in the width that they have.
    ///
    /// # Errors
    /// As [`SafetensorsFile::read`].
    pub(super) fn read_as_stored(&mut self, tensor: &str) -> Result<Numbers, ModelError> {
        let shape = self.shape(tensor).unwrap_or_default();
        let count = shape.iter().product();
        self.read_part_as_stored(tensor, 0..count)
    }

    /// As [`SafetensorsFile::read_as_stored`], of those values alone.
    ///
    /// # Errors
    /// As [`SafetensorsFile::read`].
    pub(super) fn read_part_as_stored(
        &mut self,
        tensor: &str,
        part: Range<usize>,
    ) -> Result<Numbers, ModelError> {
        match self.tensors.get(tensor).map(|info| info.dtype) {
            Some(Dtype::F16) => {
                let mut numbers = reserved(part.len(), tensor)?;
                self.read_bytes(tensor, part, |_, bytes| {
                    numbers.extend(halves(bytes).map(f16::from_bits));
                })?;
                Ok(Numbers::F16(numbers))
            }
            Some(Dtype::BF16) => {
                let mut numbers = reserved(part.len(), tensor)?;
                self.read_bytes(tensor, part, |_, bytes| {
                    numbers.extend(halves(bytes).map(bf16::from_bits));
                })?;
                Ok(Numbers::Bf16(numbers))
            }
            _ => Ok(Numbers::F32(self.read_part(tensor, part)?)),
        }
    }

    /// The types of all matrices and stacks of them, with how many numbers each has.
    pub(super) fn matrices(&self) -> impl Iterator<Item = (Dtype, usize)> {
        let matrices = self
            .tensors
            .values()
            .filter(|info| matches!(info.shape.len(), 2 | 3));
        matrices.map(|info| (info.dtype, info.shape.iter().product()))
    }

    /// Shows `take` the bytes of some of a tensor's values, a piece after the other.
    fn read_bytes(
        &mut self,
        tensor: &str,
        part: Range<usize>,
        mut take: impl FnMut(Dtype, &[u8]),
    ) -> Result<(), ModelError> {
        let wrong = |problem: String| ModelError::tensor(&self.name, tensor, problem);
        let info = self
            .tensors
            .get(tensor)
            .ok_or_else(|| wrong("is missing".to_owned()))?;
        if !matches!(info.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(wrong(format!(
                "has numbers of type {}, but only F32, F16 and BF16 are read; save it as one of these",
                info.dtype
            )));
        }
        let size = info.dtype.bitsize() / 8;
        let (first, last) = info.data_offsets;
        let start = first + part.start * size;
        let end = last.min(first + part.end * size);
        let mut bytes = reserved(PIECE.min(end - start), tensor)?;
        bytes.resize(PIECE.min(end - start), 0);
        let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
        self.source
            .seek(SeekFrom::Start(self.data_start + start as u64))
            .map_err(unreadable)?;
        for at in (start..end).step_by(PIECE) {
            let piece = &mut bytes[..PIECE.min(end - at)];
            self.source.read_exact(piece).map_err(unreadable)?;
            take(info.dtype, piece);
        }
        Ok(())
    }
}

/// Holds one tensor's entry against the length of the file's data.
fn check_info(value: serde_json::Value, data_length: u64) -> Result<TensorInfo, String> {
    let info: TensorInfo = serde_json::from_value(value)
        .map_err(|error| format!("has an entry that cannot be understood: {error}"))?;
    let (start, end) = info.data_offsets;
    if end < start {
        return Err(format!("ends at byte {end}, before its start at {start}"));
    }
    if end as u64 > data_length {
        return Err(format!(
            "ends at byte {end}, but the file has only {data_length} bytes of data; it is truncated, fetch it again"
        ));
    }
    let bits = info
        .shape
        .iter()
        .try_fold(info.dtype.bitsize(), |bits, &size| bits.checked_mul(size));
    if bits != (end - start).checked_mul(8) {
        return Err(format!(
            "has {} bytes, which its shape {:?} of {} does not fill exactly",
            end - start,
            info.shape,
            info.dtype
        ));
    }
    Ok(info)
}

/// Numbers of two bytes.
fn halves(bytes: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair))
}

//! The tensors of a GGUF file, read one by one.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QTensor, ggml_file::qtensor_from_ggml};
use half::{bf16, f16};

use super::Gguf;
use super::header::TensorInfo;
use crate::model::ModelError;
use crate::model::loading::families::GgufForm;
use crate::model::loading::row_order::RowOrder;
use crate::model::memory::{check_room, reserved};
use crate::model::network::dense::{Numbers, in_order};
use crate::model::network::linear::{Matrix, QUANTISED_ROWS};
use crate::model::network::numbers::all_finite;
use crate::model::network::tensors::{Name, Part};

/// The tensors of a GGUF file, by the names that transformers has for them.
pub(in crate::model) struct GgufWeights {
    file: Gguf,
    /// Whether quantised matrices stay as they are.
    keep: bool,
    form: &'static GgufForm,
    order: RowOrder,
    used: HashSet<String>,
}

impl GgufWeights {
    pub(super) fn new(file: Gguf, form: &'static GgufForm, order: RowOrder) -> Self {
        Self {
            file,
            keep: true,
            form,
            order,
            used: HashSet::new(),
        }
    }

    /// Bytes of all tensors as they are held: matrices in blocks that are multiplied, and those of 16 bits, as the file has
    /// them, others in 32 bits.
    pub(in crate::model) fn bytes_as_stored(&self) -> u64 {
        let tensors = self.file.header.tensors.values();
        let bytes = tensors.map(|info| match info.shape[..] {
            // Of experts, all lie in one.
            [_, .., width] if is_multiplied(info.dtype, width) || is_half(info.dtype) => {
                info.bytes as u64
            }
            _ => 4 * info.shape.iter().product::<usize>() as u64,
        });
        bytes.sum()
    }

    /// Whether there is such a tensor.
    pub(in crate::model) fn has(&self, name: Name) -> bool {
        self.file.header.tensors.contains_key(&self.written(name))
    }

    /// The name of a tensor in this file.
    fn written(&self, name: Name) -> String {
        let tensors = &self.file.header.tensors;
        self.form.name(name, |name| tensors.contains_key(name))
    }

    /// Has quantised matrices read as plain numbers from now on.
    pub(in crate::model) fn dequantise(&mut self) {
        self.keep = false;
    }

    /// A tensor's values in row-major order.
    ///
    /// # Errors
    /// When it is missing, has another shape, or cannot be read.
    pub(in crate::model) fn take(
        &mut self,
        name: Name,
        shape: &[usize],
    ) -> Result<Vec<f32>, ModelError> {
        let written = self.written(name);
        let (info, bytes) = self.read(name, shape)?;
        // The numbers, and a copy on the way.
        let numbers: usize = shape.iter().product();
        check_room(8 * numbers as u64, &written)?;
        let tensor = qtensor_from_ggml(info.dtype, &bytes, shape.to_vec(), &Device::Cpu)?;
        let values: Vec<f32> = tensor.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1()?;
        // candle rounds activations for its blocks in a way that takes what is no number for one: what a norm or a bias
        // makes of them would not be seen in the logits.
        if self.keep && shape.len() == 1 && !all_finite(&values) {
            return Err(ModelError::tensor(
                &self.file.name,
                &written,
                "holds what is no number (NaN or an infinity); fetch the file again",
            ));
        }
        Ok(values)
    }

    /// A matrix of `[out, in]`.
    ///
    /// # Errors
    /// As [`GgufWeights::take`].
    pub(in crate::model) fn matrix(
        &mut self,
        name: Name,
        shape: [usize; 2],
    ) -> Result<Matrix, ModelError> {
        let written = self.written(name);
        let found = self.file.header.tensors.get(&written);
        if !found.is_some_and(|info| self.keep && is_multiplied(info.dtype, shape[1])) {
            return if found.is_some_and(|info| is_half(info.dtype)) {
                Ok(Matrix::Values(self.halves(name, &shape)?))
            } else {
                Ok(Matrix::Values(Numbers::F32(self.take(name, &shape)?)))
            };
        }
        let [out, width] = shape;
        let (info, mut bytes) = self.read(name, &shape)?;
        // Blocks of zero bytes are blocks of zeros.
        let padded = out.next_multiple_of(QUANTISED_ROWS);
        check_room(3 * (bytes.len() / out * padded) as u64, &written)?;
        bytes.resize(bytes.len() / out * padded, 0);
        let tensor: QTensor =
            qtensor_from_ggml(info.dtype, &bytes, vec![padded, width], &Device::Cpu)?;
        Ok(Matrix::Quantised(Arc::new(tensor)))
    }

    /// The numbers of 16 bits of a matrix.
    fn halves(&mut self, name: Name, shape: &[usize]) -> Result<Numbers, ModelError> {
        let written = self.written(name);
        let (info, bytes) = self.read(name, shape)?;
        check_room(bytes.len() as u64, &written)?;
        let (pairs, _) = bytes.as_chunks::<2>();
        let bits = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
        Ok(match info.dtype {
            GgmlDType::BF16 => Numbers::Bf16(bits.map(bf16::from_bits).collect()),
            _ => Numbers::F16(bits.map(f16::from_bits).collect()),
        })
    }

    /// The bytes of a tensor, its rows in the order that is used here. Those of one expert stand among those of all.
    fn read(&mut self, name: Name, shape: &[usize]) -> Result<(TensorInfo, Vec<u8>), ModelError> {
        let written = self.written(name);
        let file = &mut self.file;
        let Some(mut info) = file.header.tensors.get(&written).cloned() else {
            return Err(ModelError::tensor(
                &file.name,
                &written,
                "is missing, but the file's metadata calls for it",
            ));
        };
        let fits = match (name.one, info.shape.split_first()) {
            (Some(expert), Some((experts, own))) => own == shape && expert < *experts,
            // llama.cpp's converter writes a matrix of one row as a vector.
            _ => info.shape == shape || (shape[0] == 1 && info.shape == shape[1..]),
        };
        if !fits {
            return Err(ModelError::tensor(
                &file.name,
                &written,
                format!(
                    "has shape {:?}, but the file's metadata calls for {shape:?}",
                    info.shape
                ),
            ));
        }
        if let Some(expert) = name.one {
            info.bytes /= info.shape[0];
            info.start += (expert * info.bytes) as u64;
        }
        let mut bytes = file.bytes(&written, &info)?;
        if let Some(order) = self.order.of(name.part, shape[0]) {
            bytes = in_order(&bytes, &order);
        }
        self.used.insert(written);
        Ok((info, bytes))
    }

    /// The tensors that were not taken, in order, but for a head that is tied and the speeds of rotary positions.
    pub(in crate::model) fn left_over(&self) -> Vec<&str> {
        let head = self.written(Part::Head.weight());
        let needless = |name: &str| name == head || name.starts_with("rope_f");
        let names = self.file.header.tensors.keys().map(String::as_str);
        let mut names: Vec<&str> = names
            .filter(|name| !self.used.contains(*name) && !needless(name))
            .collect();
        names.sort_unstable();
        names
    }
}

impl Gguf {
    /// The bytes of a tensor as they stand in the file.
    fn bytes(&mut self, name: &str, info: &TensorInfo) -> Result<Vec<u8>, ModelError> {
        let mut bytes = reserved(info.bytes, name)?;
        bytes.resize(info.bytes, 0);
        let part = &mut self.parts[info.part];
        part.source
            .seek(SeekFrom::Start(info.start))
            .and_then(|_| part.source.read_exact(&mut bytes))
            .map_err(|error| {
                ModelError::tensor(&part.name, name, format!("cannot be read: {error}"))
            })?;
        Ok(bytes)
    }

    /// The values of a vector of `length`, by its name in the file.
    pub(super) fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, ModelError> {
        let info = self.header.tensors.get(name).cloned();
        let Some(info) = info.filter(|info| info.shape == [length]) else {
            return Err(ModelError::tensor(
                &self.name,
                name,
                format!("is missing or no vector of {length}"),
            ));
        };
        let bytes = self.bytes(name, &info)?;
        let tensor = qtensor_from_ggml(info.dtype, &bytes, info.shape, &Device::Cpu)?;
        Ok(tensor.dequantize(&Device::Cpu)?.to_vec1()?)
    }
}

/// Whether quantised matrices of this type and width are multiplied as they are.
fn is_multiplied(dtype: GgmlDType, width: usize) -> bool {
    match dtype {
        GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16 => false,
        // candle takes two blocks at once.
        GgmlDType::Q5_0 | GgmlDType::Q5_1 => width.is_multiple_of(2 * dtype.block_size()),
        _ => true,
    }
}

fn is_half(dtype: GgmlDType) -> bool {
    matches!(dtype, GgmlDType::F16 | GgmlDType::BF16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_block_is_read_as_the_gguf_package_reads_it() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
        let mut file = Gguf::open(&folder.join("gguf_blocks.gguf")).expect("a file");
        let bytes = std::fs::read(folder.join("gguf_blocks.safetensors")).expect("a reference");
        let reference = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
        let mut names = reference.names();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "q2_k", "q3_k", "q4_0", "q4_1", "q4_k", "q5_0", "q5_1", "q5_k", "q6_k", "q8_0"
            ]
        );
        for name in names {
            let tensor = reference.tensor(name).expect("a tensor");
            let expected: Vec<f32> = tensor
                .data()
                .chunks_exact(4)
                .map(|word| f32::from_le_bytes(word.try_into().expect("four bytes")))
                .collect();
            let values = file.vector(name, expected.len()).expect(name);
            for (at, (value, expected)) in values.iter().zip(&expected).enumerate() {
                let far = (value - expected).abs() > 1e-6 * expected.abs().max(1e-3);
                assert!(!far, "{name} at {at}: {value}, not {expected}");
            }
            let spread = expected
                .iter()
                .fold(0f32, |most, value| most.max(value.abs()));
            assert!(spread > 0.1, "{name}: the reference says something");
        }
    }
}

//! Matrices that are not quantised: their numbers as a file has them, and as they are held.

use std::borrow::Cow;

use candle_core::{DType, Device, Result, Tensor};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::linear::Storage;
use crate::kernels::transpose;

/// Numbers in the width that a file has for them.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) enum Numbers {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
}

impl Numbers {
    pub(in crate::model) fn len(&self) -> usize {
        match self {
            Self::F32(numbers) => numbers.len(),
            Self::F16(numbers) => numbers.len(),
            Self::Bf16(numbers) => numbers.len(),
        }
    }

    /// What they take of memory.
    pub(in crate::model) fn bytes(&self) -> u64 {
        let each = match self {
            Self::F32(_) => size_of::<f32>(),
            Self::F16(_) | Self::Bf16(_) => size_of::<f16>(),
        };
        (self.len() * each) as u64
    }

    /// A matrix with so many columns, transposed.
    pub(in crate::model) fn transposed(&self, columns: usize) -> Self {
        match self {
            Self::F32(numbers) => Self::F32(transpose(numbers, columns)),
            Self::F16(numbers) => Self::F16(transpose(numbers, columns)),
            Self::Bf16(numbers) => Self::Bf16(transpose(numbers, columns)),
        }
    }

    /// A matrix's rows in this order.
    pub(in crate::model) fn in_order(&self, order: &[usize]) -> Self {
        match self {
            Self::F32(numbers) => Self::F32(in_order(numbers, order)),
            Self::F16(numbers) => Self::F16(in_order(numbers, order)),
            Self::Bf16(numbers) => Self::Bf16(in_order(numbers, order)),
        }
    }

    /// All in order as 32 bits, a piece at a time where they have fewer; whole blocks in each piece.
    pub(super) fn widened(&self) -> impl Iterator<Item = Cow<'_, [f32]>> {
        /// Numbers that are there in 32 bits at once.
        const PIECE: usize = 1 << 20;
        let piece = match self {
            Self::F32(numbers) => numbers.len(),
            Self::F16(_) | Self::Bf16(_) => PIECE,
        };
        (0..self.len()).step_by(piece.max(1)).map(move |start| {
            let part = start..self.len().min(start + piece);
            match self {
                Self::F32(numbers) => Cow::Borrowed(&numbers[part]),
                Self::F16(numbers) => Cow::Owned(wide(&numbers[part])),
                Self::Bf16(numbers) => Cow::Owned(wide(&numbers[part])),
            }
        })
    }

    /// Those of 32 bits in 16, by half-precision numbers.
    pub(super) fn halved(self) -> Self {
        match self {
            Self::F32(numbers) => {
                let mut halves = vec![f16::ZERO; numbers.len()];
                halves.convert_from_f32_slice(&numbers);
                Self::F16(halves)
            }
            narrow => narrow,
        }
    }

    fn tensor(self, rows: usize) -> Result<Tensor> {
        let shape = (rows, self.len() / rows);
        match self {
            Self::F32(numbers) => Tensor::from_vec(numbers, shape, &Device::Cpu),
            Self::F16(numbers) => Tensor::from_vec(numbers, shape, &Device::Cpu),
            Self::Bf16(numbers) => Tensor::from_vec(numbers, shape, &Device::Cpu),
        }
    }
}

/// Rows in this order; all are of one length.
pub(in crate::model) fn in_order<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
    let width = values.len() / order.len();
    let mut ordered = Vec::with_capacity(values.len());
    for row in order {
        ordered.extend_from_slice(&values[row * width..][..width]);
    }
    ordered
}

fn wide<T>(numbers: &[T]) -> Vec<f32>
where
    [T]: HalfFloatSliceExt,
{
    let mut wide = vec![0.0; numbers.len()];
    numbers.convert_to_f32_slice(&mut wide);
    wide
}

/// A matrix of `rows` where and as matrices are held.
pub(super) fn matrix(numbers: Numbers, rows: usize, storage: &Storage) -> Result<Tensor> {
    let matrix = numbers.tensor(rows)?;
    let matrix = match storage.matrices {
        Some(dtype) => matrix.to_dtype(dtype)?,
        None => matrix,
    };
    matrix.to_device(&storage.device)
}

/// A vector in the number type of activations.
pub(super) fn vector(values: Vec<f32>, storage: &Storage) -> Result<Tensor> {
    let length = values.len();
    held(Tensor::from_vec(values, length, &Device::Cpu)?, storage)
}

/// A table of `rows` whose rows are added to activations, in their number type.
pub(super) fn table(values: Vec<f32>, rows: usize, storage: &Storage) -> Result<Tensor> {
    held(Numbers::F32(values).tensor(rows)?, storage)
}

fn held(tensor: Tensor, storage: &Storage) -> Result<Tensor> {
    let dtype: DType = storage.dtype;
    tensor.to_dtype(dtype)?.to_device(&storage.device)
}

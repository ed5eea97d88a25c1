//! Borrowing a tensor's numbers in main memory.

use std::ops::{Deref, Range};

use candle_core::{DType, Result, Storage, StorageRef, Tensor};

/// The numbers of a contiguous `f32` tensor on the CPU, borrowed.
pub(in crate::training) struct Numbers<'a> {
    storage: StorageRef<'a>,
    range: Range<usize>,
}

impl<'a> Numbers<'a> {
    /// Borrows them.
    ///
    /// # Errors
    /// When the tensor is on another device, of another type, or not contiguous.
    pub(in crate::training) fn of(tensor: &'a Tensor) -> Result<Self> {
        let (storage, layout) = tensor.storage_and_layout();
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("a kernel needs a contiguous tensor, not {layout:?}");
        };
        match &*storage {
            Storage::Cpu(numbers) if numbers.as_slice::<f32>().is_ok() => {}
            _ => candle_core::bail!("a kernel needs f32 numbers on the CPU"),
        }
        Ok(Self {
            storage,
            range: start..end,
        })
    }
}

impl Deref for Numbers<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(numbers) => match numbers.as_slice::<f32>() {
                Ok(numbers) => &numbers[self.range.clone()],
                Err(_) => &[],
            },
            _ => &[],
        }
    }
}

/// A tensor's numbers copied to main memory, row-major, as `f32`.
///
/// # Errors
/// When the device fails.
pub(in crate::training) fn host(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

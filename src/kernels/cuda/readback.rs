//! Numbers of the card in main memory.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::PinnedHostSlice;
use candle_core::cuda_backend::cudarc::driver::result::memcpy_dtoh_async;
use candle_core::{DType, Result, Tensor};

use super::launch::{address, card};

/// Room in main memory that stays where it is, so that the card writes there by itself: a copy to memory that the system
/// may move goes through the driver's own, piece by piece.
#[derive(Default)]
pub struct Readback {
    rooms: Vec<PinnedHostSlice<f32>>,
}

/// Numbers for which there is room at least.
const LEAST_ROOM: usize = 1 << 16;

impl Readback {
    /// The numbers of each of `tensors`, as `f32`. The card is waited for once.
    ///
    /// # Errors
    /// When the device fails, or main memory has no room that stays.
    pub fn fetch<const N: usize>(&mut self, tensors: [&Tensor; N]) -> Result<[Vec<f32>; N]> {
        for (at, tensor) in tensors.iter().enumerate() {
            let room = self.room(at, tensor)?.as_mut_slice().w()?;
            let wide = tensor.to_dtype(DType::F32)?.contiguous()?;
            let (numbers, stream) = (address(&wide)?, card(&wide)?.cuda_stream());
            // SAFETY: the copy takes as many numbers as the tensor has, which the room holds; that is not looked at before
            // the stream was waited for.
            unsafe {
                let room = &mut room[..tensor.elem_count()];
                memcpy_dtoh_async(room, numbers, stream.cu_stream()).w()?;
            }
        }
        if let Some(first) = tensors.first() {
            // The rooms' own events would put this thread to sleep, which costs more than most tokens take.
            card(first)?.cuda_stream().synchronize().w()?;
        }
        let mut read = tensors.map(|_| Vec::new());
        for ((values, tensor), room) in read.iter_mut().zip(tensors).zip(&self.rooms) {
            *values = room.as_slice().w()?[..tensor.elem_count()].to_vec();
        }
        Ok(read)
    }

    /// Room for the numbers of a tensor, the `at`-th of its call.
    fn room(&mut self, at: usize, tensor: &Tensor) -> Result<&mut PinnedHostSlice<f32>> {
        let numbers = tensor.elem_count();
        if self.rooms.get(at).is_none_or(|room| room.len() < numbers) {
            let length = numbers.next_power_of_two().max(LEAST_ROOM);
            let context = card(tensor)?.cuda_stream().context().clone();
            // SAFETY: what is read of it was written by a copy from the card.
            let room = unsafe { context.alloc_pinned_with_flags(length, 0) }.w()?;
            self.rooms.truncate(at);
            self.rooms.push(room);
        }
        Ok(&mut self.rooms[at])
    }
}

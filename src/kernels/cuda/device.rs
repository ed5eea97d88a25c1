//! Opening a card.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::sys;
use candle_core::{CudaDevice, Device, Result};

/// The card of this number, from 0 on, with one stream for all threads.
///
/// candle's usual stream is another one for each thread; a model is loaded by one thread and run by another. And memory
/// that was given back stays with the process: by default every wait for the card returns it to the system, and the next
/// step asks for it anew.
///
/// # Errors
/// When there is no such card, or it cannot be used.
pub fn open(ordinal: usize) -> Result<Device> {
    let device = CudaDevice::new_with_stream(ordinal)?;
    // SAFETY: all tensors of this device live on its one stream, which orders their uses; candle is asked for no other.
    unsafe { device.disable_event_tracking() };
    let mut most = u64::MAX;
    // SAFETY: the context was bound to this thread by the calls above, and the value is the `u64` that the attribute takes.
    unsafe {
        let mut pool = std::ptr::null_mut();
        sys::cuDeviceGetDefaultMemPool(&raw mut pool, ordinal as i32)
            .result()
            .w()?;
        sys::cuMemPoolSetAttribute(
            pool,
            sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
            (&raw mut most).cast(),
        )
        .result()
        .w()?;
    }
    Ok(Device::Cuda(device))
}

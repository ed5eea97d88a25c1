//! NVIDIA GPUs through CUDA's driver.

use std::ffi::c_void;

use candle_core::cuda_backend::cudarc::driver::{CudaContext, DriverError, result, sys};
use candle_core::{CudaDevice, Device, Result};

/// How many GPUs there are, if the driver tells.
pub(super) fn count() -> Option<usize> {
    CudaContext::device_count().ok()?.try_into().ok()
}

/// Whether a GPU has less memory left than CUDA's libraries take for themselves.
pub(super) fn is_full(number: usize) -> bool {
    const LEAST: usize = 300 << 20;
    let free = CudaContext::new(number).and_then(|context| context.mem_get_info());
    free.is_ok_and(|(free, _)| free < LEAST)
}

/// Opens a GPU. What an earlier model left unused in this process is given back first, so that there is room for the next.
///
/// # Errors
/// candle's, with the driver's own in it.
pub(super) fn open(number: usize) -> Result<Device> {
    let device = crate::kernels::cuda::open(number)?;
    if let Ok(pool) = pool(device.as_cuda_device()?) {
        // SAFETY: the pool is the device's own. Should it keep its memory, the driver takes it when none is left.
        let _ = unsafe { result::mem_pool::trim_to(pool, 0) };
    }
    Ok(device)
}

/// The card's name and its bytes of memory.
pub(super) fn described(cuda: &CudaDevice) -> Option<(String, u64)> {
    let stream = cuda.cuda_stream();
    let context = stream.context();
    Some((context.name().ok()?, context.total_mem().ok()? as u64))
}

/// Bytes that can be had: what is free on the card, and what the pool keeps of what was freed.
pub(super) fn free(cuda: &CudaDevice) -> Option<u64> {
    let stream = cuda.cuda_stream();
    let (free, _) = stream.context().mem_get_info().ok()?;
    let pool = pool(cuda).ok();
    let kept = pool.and_then(|pool| {
        let attribute = |which| attribute(pool, which).ok();
        let reserved = attribute(sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)?;
        let used = attribute(sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT)?;
        reserved.checked_sub(used)
    });
    Some(free as u64 + kept.unwrap_or(0))
}

/// What tensors of this process are made of on the card.
fn pool(cuda: &CudaDevice) -> std::result::Result<sys::CUmemoryPool, DriverError> {
    let stream = cuda.cuda_stream();
    // SAFETY: the device is that of a context that is alive.
    unsafe { result::device::get_mem_pool(stream.context().cu_device()) }
}

/// Begins to count the most that tensors take anew.
pub(super) fn reset_peak(cuda: &CudaDevice) {
    let Ok(pool) = pool(cuda) else { return };
    let mut none = 0u64;
    // SAFETY: the pool is the device's own, and the attribute is a 64-bit number, which only 0 can be written to.
    let _ = unsafe {
        result::mem_pool::set_attribute(
            pool,
            sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH,
            (&raw mut none).cast::<c_void>(),
        )
    };
}

/// The most that tensors took since.
pub(super) fn peak(cuda: &CudaDevice) -> Option<u64> {
    let pool = pool(cuda).ok()?;
    attribute(
        pool,
        sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH,
    )
    .ok()
}

fn attribute(
    pool: sys::CUmemoryPool,
    which: sys::CUmemPool_attribute,
) -> std::result::Result<u64, DriverError> {
    let mut value = 0u64;
    // SAFETY: the pool is the device's own, and these attributes are 64-bit numbers.
    unsafe {
        result::mem_pool::get_attribute(pool, which, (&raw mut value).cast::<c_void>())?;
    }
    Ok(value)
}

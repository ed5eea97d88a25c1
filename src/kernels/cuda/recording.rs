//! Many launches recorded once, and started together from then on: a step of a small model is over before the processor has
//! started each of its kernels alone.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaGraph, result, sys};
use candle_core::{DType, Device, Result, Tensor};

use super::launch::{address, card};

/// Launches as they were recorded: on the same tensors each time, whatever these hold then.
pub struct Recording(CudaGraph);

// SAFETY: the driver's graphs may be used by any thread, by one at a time; `start` takes the recording for itself alone.
unsafe impl Send for Recording {}

/// Records what `work` starts on the card that `on` is on. Nothing of it runs. What it allocates it gives back, and what it
/// reads or writes besides lives for as long as the recording is started.
///
/// # Errors
/// When `work` waits for the card, copies to or from main memory what was not copied before, or fails otherwise, or when the
/// device fails.
pub fn record(on: &Tensor, work: impl FnOnce() -> Result<()>) -> Result<Recording> {
    let device = card(on)?;
    let stream = device.cuda_stream();
    // What candle copies to the card for its own kernels, shapes above all, is kept there for good.
    let _kept = device.enable_cuda_graph_htod_cache();
    // Other threads may load models meanwhile.
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
    stream.begin_capture(mode).w()?;
    let worked = work();
    let flags = sys::CUgraphInstantiate_flags::CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
    let graph = stream.end_capture(flags).w();
    if worked.is_err() || graph.is_err() {
        // What was given back while nothing could be recorded any more failed too, and is of no concern to what follows.
        let _ = stream.context().check_err();
    }
    worked?;
    match graph? {
        Some(graph) => Ok(Recording(graph)),
        None => candle_core::bail!("nothing was recorded"),
    }
}

/// Keeps, for as long as the result lives, what this thread copies to a card for candle's kernels: work that is done once
/// like that can be recorded afterwards. What is kept stays on the card for good: it is to be little.
pub fn keep_copies(device: &Device) -> Option<impl Drop + use<>> {
    match device {
        Device::Cuda(card) => Some(card.enable_cuda_graph_htod_cache()),
        _ => None,
    }
}

impl Recording {
    /// Starts all that was recorded, once.
    ///
    /// # Errors
    /// When the device fails.
    pub fn start(&mut self) -> Result<()> {
        self.0.launch().w()
    }
}

/// Puts the numbers of `from`, contiguous, into `to` of the same size and type: from the same card, or from main memory,
/// which may be changed or given back at once.
///
/// # Errors
/// When sizes or types do not fit, or the device fails.
pub fn put(from: &Tensor, to: &Tensor) -> Result<()> {
    if from.dtype() != to.dtype() || from.elem_count() != to.elem_count() {
        candle_core::bail!("{:?} do not go into {:?}", from.shape(), to.shape());
    }
    let (target, stream) = (address(to)?, card(to)?.cuda_stream());
    if from.device().is_cuda() {
        let bytes = to.elem_count() * to.dtype().size_in_bytes();
        // SAFETY: both hold as many bytes.
        return unsafe {
            result::memcpy_dtod_async(target, address(from)?, bytes, stream.cu_stream())
        }
        .w();
    }
    let flat = from.flatten_all()?;
    macro_rules! copy {
        ($number:ty) => {{
            let numbers = flat.to_vec1::<$number>()?;
            // SAFETY: as above. A copy from memory that the system may move is taken before the call returns.
            unsafe { result::memcpy_htod_async(target, &numbers, stream.cu_stream()) }.w()
        }};
    }
    match from.dtype() {
        DType::U32 => copy!(u32),
        DType::F32 => copy!(f32),
        DType::BF16 => copy!(half::bf16),
        other => candle_core::bail!("{other:?} are not copied to a card"),
    }
}

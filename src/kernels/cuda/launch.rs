//! Starting a kernel on tensors.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{
    DevicePtr, DeviceRepr, LaunchConfig, PushKernelArg,
};
use candle_core::{CudaDevice, CudaStorage, DType, Device, Layout, Result, Shape, Storage, Tensor};
use half::bf16;

/// The kernels of the `.cu` files, as PTX.
pub(super) mod ptx {
    include!(concat!(env!("OUT_DIR"), "/ptx.rs"));
}

/// Threads of a block that takes numbers one by one.
pub(super) const THREADS: u32 = 256;

/// A file of kernels.
#[derive(Clone, Copy)]
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) ptx: &'static str,
}

/// How many blocks of how many threads, and the bytes that a block's threads share.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) blocks: (u32, u32, u32),
    pub(super) threads: (u32, u32),
    pub(super) shared: u32,
}

impl Grid {
    /// One block for each row.
    pub(super) fn rows(rows: usize, width: usize) -> Self {
        Self {
            blocks: (rows as u32, 1, 1),
            threads: (row_threads(width), 1),
            shared: 0,
        }
    }

    /// A thread for each of so many.
    pub(super) fn each(count: usize) -> Self {
        Self {
            blocks: (count.div_ceil(THREADS as usize) as u32, 1, 1),
            threads: (THREADS, 1),
            shared: 0,
        }
    }
}

/// Threads that share a row: whole warps, few for short rows.
fn row_threads(width: usize) -> u32 {
    match width {
        0..=256 => 64,
        257..=2048 => 256,
        _ => 1024,
    }
}

/// What a kernel is given.
pub(super) enum Argument<'a, S = u64> {
    /// The first number of a contiguous tensor.
    Tensor(&'a Tensor),
    /// An address on the card.
    Address(u64),
    Nothing,
    Int(i32),
    Length(u64),
    Bits(u32),
    Float(f32),
    Struct(&'a S),
}

/// The value of an argument for as long as the launch needs it.
enum Value {
    Long(u64),
    Int(i32),
    Bits(u32),
    Float(f32),
    Struct,
}

/// Starts the kernel called `name` on the card that `device` is.
///
/// # Safety
/// The arguments are those of the kernel, in order and type, and what it writes is within the tensors that it is given,
/// which nothing else reads or writes meanwhile but by the same stream.
pub(super) unsafe fn launch<S: DeviceRepr>(
    device: &CudaDevice,
    module: Module,
    name: &str,
    grid: Grid,
    arguments: &[Argument<'_, S>],
) -> Result<()> {
    let (x, y, z) = grid.blocks;
    if x == 0 || y == 0 || z == 0 {
        return Ok(());
    }
    let function = device.get_or_load_custom_func(name, module.name, module.ptx)?;
    let values = arguments
        .iter()
        .map(|argument| {
            Ok(match argument {
                Argument::Tensor(tensor) => Value::Long(address(tensor)?),
                Argument::Address(address) => Value::Long(*address),
                Argument::Nothing => Value::Long(0),
                Argument::Int(value) => Value::Int(*value),
                Argument::Length(value) => Value::Long(*value),
                Argument::Bits(value) => Value::Bits(*value),
                Argument::Float(value) => Value::Float(*value),
                Argument::Struct(_) => Value::Struct,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut builder = function.builder();
    for (value, argument) in values.iter().zip(arguments) {
        match (value, argument) {
            (Value::Long(value), _) => builder.arg(value),
            (Value::Int(value), _) => builder.arg(value),
            (Value::Bits(value), _) => builder.arg(value),
            (Value::Float(value), _) => builder.arg(value),
            (Value::Struct, Argument::Struct(value)) => builder.arg(*value),
            (Value::Struct, _) => candle_core::bail!("{name}: an argument is no struct"),
        };
    }
    let config = LaunchConfig {
        grid_dim: grid.blocks,
        block_dim: (grid.threads.0, grid.threads.1, 1),
        shared_mem_bytes: grid.shared,
    };
    // SAFETY: the caller's promise.
    unsafe { builder.launch(config) }.w()?;
    Ok(())
}

/// The card that a tensor is on.
pub(super) fn card(tensor: &Tensor) -> Result<&CudaDevice> {
    match tensor.device() {
        Device::Cuda(device) => Ok(device),
        _ => candle_core::bail!("a kernel for CUDA needs a tensor on a card"),
    }
}

/// A tensor whose numbers are still to be written.
pub(super) fn unwritten(shape: impl Into<Shape>, dtype: DType, like: &Tensor) -> Result<Tensor> {
    // SAFETY: the caller writes every number before it hands the tensor on.
    unsafe { Tensor::empty(shape, dtype, like.device()) }
}

/// Where the first number of a contiguous tensor lies on the card.
///
/// # Errors
/// When the tensor is not contiguous or not on a card.
pub fn address(tensor: &Tensor) -> Result<u64> {
    let (storage, layout) = tensor.storage_and_layout();
    if !layout.is_contiguous() {
        candle_core::bail!("a kernel needs a contiguous tensor, not {layout:?}");
    }
    match &*storage {
        Storage::Cuda(storage) => first(storage, layout),
        _ => candle_core::bail!("a kernel for CUDA needs a tensor on a card"),
    }
}

/// As [`address`], for rows `(n, width)` that may lie apart: and how many numbers apart.
pub(super) fn rows(tensor: &Tensor) -> Result<(u64, usize)> {
    let (storage, layout) = tensor.storage_and_layout();
    let (_, width) = layout.shape().dims2()?;
    if layout.stride()[1] != 1 && width != 1 {
        candle_core::bail!("a kernel needs rows of numbers beside each other, not {layout:?}");
    }
    match &*storage {
        Storage::Cuda(storage) => Ok((first(storage, layout)?, layout.stride()[0])),
        _ => candle_core::bail!("a kernel for CUDA needs a tensor on a card"),
    }
}

/// The address of a layout's first number. It holds for as long as the storage's tensor, and on the one stream until all
/// that was started on it before that is done.
pub(super) fn first(storage: &CudaStorage, layout: &Layout) -> Result<u64> {
    let stream = storage.device.cuda_stream();
    let (base, bytes) = match storage.dtype() {
        DType::F32 => (storage.as_cuda_slice::<f32>()?.device_ptr(&stream).0, 4),
        DType::BF16 => (storage.as_cuda_slice::<bf16>()?.device_ptr(&stream).0, 2),
        DType::U32 => (storage.as_cuda_slice::<u32>()?.device_ptr(&stream).0, 4),
        other => candle_core::bail!("no kernels for CUDA take {other:?}"),
    };
    Ok(base + (layout.start_offset() * bytes) as u64)
}

/// What kernels for a type end in.
pub(super) fn suffix(dtype: DType) -> Result<&'static str> {
    match dtype {
        DType::F32 => Ok("f32"),
        DType::BF16 => Ok("bf16"),
        other => candle_core::bail!("no kernels for CUDA take {other:?}"),
    }
}

/// Checks that a tensor has a type and so many numbers.
pub(super) fn check(what: &str, tensor: &Tensor, dtype: DType, count: usize) -> Result<()> {
    if tensor.dtype() != dtype || tensor.elem_count() != count {
        candle_core::bail!(
            "{what}: {:?} of {:?} where {count} numbers of {dtype:?} are needed",
            tensor.shape(),
            tensor.dtype()
        );
    }
    Ok(())
}

//! Products of matrices by cuBLAS, where candle's own would need copies: factors whose rows lie apart, results of another
//! type, and sums in place.

use std::ffi::c_void;

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::cublas::{result, sys};
use candle_core::{DType, Result, Tensor};

use super::launch::{card, unwritten};

/// A matrix, or several, `(rows, columns)` or `(batch, rows, columns)` with columns beside each other, as it is or
/// transposed.
#[derive(Clone, Copy)]
pub struct Factor<'a> {
    tensor: &'a Tensor,
    transposed: bool,
}

/// How a factor lies in memory.
struct Place {
    address: u64,
    batch: usize,
    rows: usize,
    columns: usize,
    /// Numbers from one stored row to the next, and from one matrix to the next.
    row_stride: usize,
    batch_stride: usize,
    transposed: bool,
    dtype: DType,
}

impl<'a> Factor<'a> {
    /// As it is stored.
    pub fn new(tensor: &'a Tensor) -> Self {
        Self {
            tensor,
            transposed: false,
        }
    }

    /// With rows and columns exchanged.
    pub fn transposed(tensor: &'a Tensor) -> Self {
        Self {
            tensor,
            transposed: true,
        }
    }

    fn place(&self) -> Result<Place> {
        let (storage, layout) = self.tensor.storage_and_layout();
        let candle_core::Storage::Cuda(storage) = &*storage else {
            candle_core::bail!("a product on a card needs factors on it");
        };
        let (dims, stride) = (layout.dims(), layout.stride());
        let (batch, batch_stride, rows, columns, row_stride, last) = match (dims, stride) {
            ([rows, columns], [row, last]) => (1, 0, *rows, *columns, *row, *last),
            ([batch, rows, columns], [apart, row, last]) => {
                (*batch, *apart, *rows, *columns, *row, *last)
            }
            _ => candle_core::bail!("a product needs matrices, not {layout:?}"),
        };
        if last != 1 && columns != 1 {
            candle_core::bail!("a product needs columns beside each other, not {layout:?}");
        }
        let (rows, columns) = if self.transposed {
            (columns, rows)
        } else {
            (rows, columns)
        };
        Ok(Place {
            address: super::launch::first(storage, layout)?,
            batch,
            rows,
            columns,
            // A single row says nothing of how far the next would be.
            row_stride: row_stride.max(dims[dims.len() - 1]),
            batch_stride,
            transposed: self.transposed,
            dtype: storage.dtype(),
        })
    }
}

impl Place {
    fn operation(&self) -> sys::cublasOperation_t {
        if self.transposed {
            sys::cublasOperation_t::CUBLAS_OP_T
        } else {
            sys::cublasOperation_t::CUBLAS_OP_N
        }
    }
}

fn kind(dtype: DType) -> Result<sys::cudaDataType_t> {
    match dtype {
        DType::F32 => Ok(sys::cudaDataType_t::CUDA_R_32F),
        DType::BF16 => Ok(sys::cudaDataType_t::CUDA_R_16BF),
        other => candle_core::bail!("no products of {other:?} on a card"),
    }
}

/// `factor * a b`, a matrix or one for each of a batch, in `dtype`: that of the factors, or `f32`.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn products(a: Factor<'_>, b: Factor<'_>, factor: f32, dtype: DType) -> Result<Tensor> {
    let (left, right) = (a.place()?, b.place()?);
    let out = match a.tensor.rank() {
        2 => unwritten((left.rows, right.columns), dtype, a.tensor)?,
        _ => unwritten((left.batch, left.rows, right.columns), dtype, a.tensor)?,
    };
    multiply(&left, &right, &out, factor, false)?;
    Ok(out)
}

/// Puts `factor * a b` into `out`, contiguous, or adds it to what is there.
///
/// # Errors
/// When shapes or types do not fit, or the device fails.
pub fn product(a: Factor<'_>, b: Factor<'_>, factor: f32, out: &Tensor, add: bool) -> Result<()> {
    multiply(&a.place()?, &b.place()?, out, factor, add)
}

/// cuBLAS takes matrices column by column: what is row by row here is transposed there, so that it is asked for
/// `out^T = b^T a^T`.
fn multiply(a: &Place, b: &Place, out: &Tensor, factor: f32, add: bool) -> Result<()> {
    let fits = a.columns == b.rows
        && a.batch == b.batch
        && a.dtype == b.dtype
        && out.elem_count() == a.batch * a.rows * b.columns
        && (out.dtype() == a.dtype || out.dtype() == DType::F32);
    if !fits {
        candle_core::bail!(
            "a product of {} x {} and {} x {} numbers does not fit {:?}",
            a.rows,
            a.columns,
            b.rows,
            b.columns,
            out.shape()
        );
    }
    if out.elem_count() == 0 {
        return Ok(());
    }
    let device = card(out)?;
    device.cuda_stream().context().bind_to_thread().w()?;
    let to = super::launch::address(out)?;
    let sum = f32::from(u8::from(add));
    let blas = device.cublas_handle();
    // SAFETY: the places were read off tensors of this device's one stream, and `out` has room for the result.
    unsafe {
        result::gemm_strided_batched_ex(
            *blas.handle(),
            b.operation(),
            a.operation(),
            b.columns as i32,
            a.rows as i32,
            a.columns as i32,
            (&raw const factor).cast::<c_void>(),
            b.address as *const c_void,
            kind(b.dtype)?,
            b.row_stride as i32,
            b.batch_stride as i64,
            a.address as *const c_void,
            kind(a.dtype)?,
            a.row_stride as i32,
            a.batch_stride as i64,
            (&raw const sum).cast::<c_void>(),
            to as *mut c_void,
            kind(out.dtype())?,
            b.columns as i32,
            (a.rows * b.columns) as i64,
            a.batch as i32,
            sys::cublasComputeType_t::CUBLAS_COMPUTE_32F,
            // Not `CUBLAS_GEMM_DEFAULT_TENSOR_OP`, which allows `f32` factors to be rounded to `f16`.
            sys::cublasGemmAlgo_t::CUBLAS_GEMM_DFALT,
        )
        .w()
    }
}

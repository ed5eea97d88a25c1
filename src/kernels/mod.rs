//! Arithmetic for the CPU where candle's own is slow: for one token at a time, and for training.
//!
//! Each is a candle operation on `f32`, vectorised at run time for the processor it meets, and spread over the
//! threads of `pool`. Every output number is summed by one thread in one order, so that results do not depend
//! on the number of threads.

mod add_bias;
mod attention;
mod blocks;
#[cfg(feature = "cuda")]
pub mod cuda;
mod dense_product;
mod gelu;
mod matrix;
mod norm;
mod parallel;
mod pool;
mod prefetch;
mod product;
mod sum;
pub(crate) mod sums;
mod swiglu;
mod tile;
mod wide;

use candle_core::{CpuStorage, Layout, Result};

pub use add_bias::AddBias;
pub(crate) use attention::causal_weights;
pub use attention::{Append, ReadAttention, Scoring, Seen, StepAttention};
pub use blocks::{BlockMatrix, Quantisation};
pub use dense_product::DenseProduct;
#[cfg(test)]
pub(crate) use dense_product::MOST_ROWS;
pub use gelu::GeluTanh;
pub(crate) use gelu::exp;
pub(crate) use matrix::Matrix;
pub(crate) use matrix::transpose;
pub use norm::{LayerNorm, RmsNorm};
pub(crate) use norm::{layer_norm, moments};
pub(crate) use parallel::{
    SharedPointer, collect_beside, collect_chunks, for_each_chunk, for_each_index, for_each_piece,
    zeros,
};
pub use product::Factors;
pub(crate) use product::{bf16_is_native, multiply, product};
pub use sum::sum;
pub use swiglu::SwiGlu;
pub(crate) use tile::{View, tile};

/// The numbers of a contiguous `f32` tensor.
pub(crate) fn contiguous<'a>(
    storage: &'a CpuStorage,
    layout: &Layout,
    op: &str,
) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => candle_core::bail!("{op} needs a contiguous tensor"),
    }
}

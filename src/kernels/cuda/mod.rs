//! Arithmetic for NVIDIA cards where candle's own is slow or has no gradient: functions of tensors on one card, in `f32`
//! or brain floats, that start kernels of ours (the `.cu` files beside, compiled at build time) or products of cuBLAS.
//!
//! Nothing here waits for the card but [`Readback`]. All work on a card goes through one stream (see [`open`]), so that what
//! one kernel writes the next one reads, and memory that is given back is not used again before its last reader is done.

mod activation;
mod attention;
mod device;
mod launch;
mod norm;
mod optimizer;
mod product;
mod readback;
mod recording;
mod rows;
mod settle;

pub use activation::{Code, bias_activation, bias_activation_back, finish, swiglu};
pub use attention::{
    Causal, Dropping, Text, append, can_step, causal_softmax, merge_heads, softmax_back,
    split_heads, step_attention,
};
pub use device::open;
pub use launch::address;
pub use norm::{layer_norm, layer_norm_back, rms_norm};
pub use optimizer::{Adam, adam, sgd, squares};
pub use product::{Factor, product, products};
pub use readback::Readback;
pub use recording::{Recording, keep_copies, put, record};
pub use rows::{add_rows, column_sums, dropout, look_up};
pub use settle::settle;

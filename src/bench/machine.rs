//! What the machine can do at most.

use std::hint::black_box;
use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use serde::Serialize;

use super::median;
use crate::kernels::{Factors, Matrix, bf16_is_native, for_each_index, multiply};

/// Bytes that a pass over main memory reads: more than caches hold.
const MAIN_MEMORY: usize = 512 << 20;
/// Rows and columns of the matrices that are multiplied.
const SIDE: usize = 1024;
/// The same on a GPU, which has more multipliers to keep busy.
const SIDE_ON_GPU: usize = 8192;
/// Passes of which the fastest counts: what holds one up is not the machine's limit.
const PASSES: usize = 5;

/// Rates of all threads together, or of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// Of the processor.
    pub threads: usize,
    /// Bytes read from main memory a second; of a GPU, bytes read and written while its memory is copied.
    #[serde(rename = "bandwidth_bytes_per_second")]
    pub bandwidth: f64,
    /// Floating-point operations a second in products of large `f32` matrices.
    #[serde(rename = "f32_operations_per_second")]
    pub f32_products: f64,
    /// The same with factors rounded to bfloat16, where the processor multiplies those itself.
    #[serde(rename = "bf16_operations_per_second")]
    pub bf16_products: Option<f64>,
}

impl Machine {
    pub(super) fn measure(device: &Device) -> Result<Self> {
        let threads = candle_core::utils::get_num_threads();
        if !device.is_cpu() {
            return Ok(Self {
                threads,
                bandwidth: copying(MAIN_MEMORY, device)?,
                f32_products: products_on(DType::F32, device)?,
                bf16_products: Some(products_on(DType::BF16, device)?),
            });
        }
        Ok(Self {
            threads,
            bandwidth: reading(MAIN_MEMORY),
            f32_products: products(Factors::F32),
            bf16_products: bf16_is_native().then(|| products(Factors::Bf16)),
        })
    }

    pub(super) fn median(all: &[Self]) -> Self {
        let of = |rate: fn(&Self) -> f64| median(all.iter().map(rate).collect());
        Self {
            threads: all[0].threads,
            bandwidth: of(|machine| machine.bandwidth),
            f32_products: of(|machine| machine.f32_products),
            bf16_products: all[0]
                .bf16_products
                .map(|_| of(|machine| machine.bf16_products.unwrap_or_default())),
        }
    }

    /// Floating-point operations a second in products of such factors.
    pub(super) fn products(&self, factors: Factors) -> f64 {
        match (factors, self.bf16_products) {
            (Factors::Bf16, Some(rate)) => rate,
            _ => self.f32_products,
        }
    }
}

/// Bytes a second that a device reads of so many, over and over.
pub(super) fn reading_on(device: &Device, bytes: usize) -> Result<f64> {
    if device.is_cpu() {
        Ok(reading(bytes))
    } else {
        copying(bytes, device)
    }
}

/// Bytes a second, read and written together, that a GPU moves while it copies so many.
fn copying(bytes: usize, device: &Device) -> Result<f64> {
    const COPIES: usize = 8;
    let block = Tensor::ones(bytes / size_of::<f32>(), DType::F32, device)?;
    let copies = || -> Result<()> {
        for _ in 0..COPIES {
            black_box(block.copy()?);
        }
        device.synchronize()
    };
    Ok((2 * COPIES * bytes) as f64 / fastest_of(copies)?)
}

fn products_on(dtype: DType, device: &Device) -> Result<f64> {
    let side = (SIDE_ON_GPU, SIDE_ON_GPU);
    // Not constant: on some cards products of equal numbers take less power, and are faster.
    let matrix = Tensor::randn(0f32, 1.0, side, device)?.to_dtype(dtype)?;
    let operations = 2.0 * (SIDE_ON_GPU as f64).powi(3);
    let product = || -> Result<()> {
        black_box(matrix.matmul(&matrix)?);
        device.synchronize()
    };
    Ok(operations / fastest_of(product)?)
}

/// Bytes a second that all threads together read of so many, over and over: from a cache, where one holds them.
fn reading(bytes: usize) -> f64 {
    /// Numbers that a thread reads at once.
    const PART: usize = 1 << 15;
    let block = vec![1u64; (bytes / size_of::<u64>()).max(1)];
    let parts = block.len().div_ceil(PART);
    let pass = || {
        for_each_index(parts, |part| {
            let end = block.len().min((part + 1) * PART);
            black_box(sum(&block[part * PART..end]));
        });
    };
    size_of_val(&block[..]) as f64 / fastest(pass)
}

/// Several sums, so that additions do not wait for each other, but no more than registers hold.
fn sum(part: &[u64]) -> [u64; 16] {
    let mut sums = [0u64; 16];
    for line in part.as_chunks::<16>().0 {
        for (sum, value) in sums.iter_mut().zip(line) {
            *sum = sum.wrapping_add(*value);
        }
    }
    sums
}

fn products(factors: Factors) -> f64 {
    let numbers = vec![0.5; SIDE * SIDE];
    let matrix = Matrix::new(&numbers, SIDE, SIDE);
    let mut out = vec![0.0; SIDE * SIDE];
    let operations = 2.0 * (SIDE as f64).powi(3);
    operations / fastest(|| multiply(matrix, matrix, black_box(&mut out), false, factors))
}

/// Seconds of the fastest pass.
fn fastest(mut pass: impl FnMut()) -> f64 {
    let timed = (0..PASSES).map(|_| {
        let begun = Instant::now();
        pass();
        begun.elapsed().as_secs_f64()
    });
    timed.fold(f64::INFINITY, f64::min)
}

/// Seconds of the fastest pass.
fn fastest_of(mut pass: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..PASSES {
        let begun = Instant::now();
        pass()?;
        least = least.min(begun.elapsed().as_secs_f64());
    }
    Ok(least)
}

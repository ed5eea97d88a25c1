//! A card against the CPU: everything that the playground shows, computed on both and compared. Needs an NVIDIA GPU.
//!
//! Each comparison prints a line of JSON; `benches/gpu-parity.sh` collects them. Run with `--test-threads 1 --nocapture`.

mod engine;
mod failures;
mod held;
mod kernels;
mod logits;
mod models;
mod training;

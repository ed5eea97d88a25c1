//! `logitscope` shows a language model deciding: which tokens were likely, which were cut, which was drawn.
//!
//! The layers, from the bottom up (each imports only from those before it):
//!
//! - [`kernels`]: arithmetic for the CPU, for the model and for training.
//! - [`text`]: tokenizers, streaming detokenization, and safe display of untrusted text.
//! - [`model`]: networks on candle, weights, key/value cache, devices and precision, model sources.
//! - [`sampling`]: the ordered chain of sampler stages, its trace, and the seeded draw.
//! - [`decoding`]: the token loop, beam and contrastive search, stop conditions, scoring.
//! - [`training`]: networks with gradients, optimizers, data, checkpoints and the loop that joins them.
//! - [`mod@bench`]: speeds beside what the machine allows.
//! - [`config`]: the settings file, its layers and its validation.
//! - [`engine`]: the thread that owns the model; commands in, events out.
//! - [`lessons`]: lessons as files, what is wrong with them, and the teacher's page.
//! - [`chart`]: odds, surprisal and runs of training as SVG and PNG files.
//! - [`tui`]: the terminal playground.
//! - [`cli`]: one file per subcommand.

// They panic where a stream is closed or full; `cli` has what does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod bench;
pub mod chart;
pub mod cli;
pub mod config;
pub mod decoding;
pub mod engine;
pub mod handout;
pub mod kernels;
pub mod lessons;
pub mod model;
pub mod sampling;
pub mod text;
pub mod training;
pub mod tui;

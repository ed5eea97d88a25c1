//! Files and answers from strangers, damaged at random: whatever is in them ends in a sentence, never in a panic, an
//! abort, a hang, or more memory than [`memory::MOST`].
//!
//! Each target takes a second, or as many as `FUZZ_SECONDS` says. What it tried last lies in a file named by the target
//! in `target/tmp/fuzz`, in case the whole process ends.

mod config;
mod harness;
mod hub;
mod memory;
mod model_files;
mod mutation;
#[path = "../hub/server.rs"]
#[allow(dead_code, reason = "the hub's own tests use all of it")]
mod server;
mod session;
mod template;

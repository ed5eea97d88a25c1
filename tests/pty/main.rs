//! The playground in a real pseudo-terminal: it opens, generates, resizes, is interrupted, and gives the terminal back
//! however it ends.
#![cfg(unix)]

mod beside;
mod class;
mod closing;
mod comparing;
mod following;
mod guessing;
mod handing_out;
mod interrupting;
mod keeping_runs;
mod lessons;
mod limits;
mod presenting;
mod showing;
mod stranger;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod three_runs;
mod two_minutes;
mod using;

//! The configuration, through its files, variables and flags.

mod default;
mod errors;
mod layers;
mod support;

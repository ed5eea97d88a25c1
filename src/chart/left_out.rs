//! What a program that was built without charts says instead of drawing them.

use std::path::Path;

use super::{ChartError, Point, Run, RunChart};
use crate::decoding::{Moment, TokenRecord, Tree};

/// No chart of the odds of a token.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn next_token(path: &Path, _: &Moment, _: &str) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(path.to_owned()))
}

/// No chart of what could follow.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn tree(path: &Path, _: &Tree, _: &[String], _: &str) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(path.to_owned()))
}

/// No chart of a text.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn surprisal(path: &Path, _: &[TokenRecord], _: &str) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(path.to_owned()))
}

/// No chart of runs.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn runs(path: &Path, _: &[Run<'_>], _: RunChart) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(path.to_owned()))
}

/// No chart of ways of drawing.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn lanes(path: &Path, _: &[Point]) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(path.to_owned()))
}

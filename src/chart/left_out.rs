//! What a program that was built without charts says instead of drawing them.

use super::{Along, ChartError, Named, Over, Point, Run, RunChart, Target};
use crate::decoding::{Moment, TokenRecord, Tree};

/// No chart of the odds of a token.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn next_token<'a>(
    target: impl Into<Target<'a>>,
    _: &Moment,
    _: &[Named],
    _: &str,
) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of the way of a token.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn funnel<'a>(
    target: impl Into<Target<'a>>,
    _: &Moment,
    _: bool,
    _: &str,
) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of odds over a setting.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn over<'a>(target: impl Into<Target<'a>>, _: &Over) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of what could follow.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn tree<'a>(target: impl Into<Target<'a>>, _: &Tree, _: &str) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of a text.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn surprisal<'a>(
    target: impl Into<Target<'a>>,
    _: &[TokenRecord],
    _: &str,
) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of a text that was read token by token.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn surprisal_along<'a>(
    target: impl Into<Target<'a>>,
    _: &Along,
    _: &str,
) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of runs.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn runs<'a>(
    target: impl Into<Target<'a>>,
    _: &[Run<'_>],
    _: RunChart,
) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of a run with its samples.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn run_with_samples<'a>(
    target: impl Into<Target<'a>>,
    _: Run<'_>,
    _: RunChart,
) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

/// No chart of ways of drawing.
///
/// # Errors
/// Always: [`ChartError::LeftOut`].
pub fn lanes<'a>(target: impl Into<Target<'a>>, _: &[Point]) -> Result<(), ChartError> {
    Err(ChartError::LeftOut(target.into().path.to_owned()))
}

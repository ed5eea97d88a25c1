//! The odds of the next token under several settings: over a knob as lines, under presets side by side.

mod lines;
mod panels;

use self::lines::Lines;
use self::panels::Panels;
use super::output::write;
use crate::chart::{ChartError, Over, Target};

/// Writes how the odds of some tokens, the entropy and the number of tokens that are left change over a setting: as lines
/// where all its values are numbers, as bars side by side where they are names.
///
/// # Errors
/// When there is no token or fewer than two values, or the file cannot be written.
pub fn over<'a>(target: impl Into<Target<'a>>, over: &Over) -> Result<(), ChartError> {
    if over.tokens.is_empty() || over.steps.len() < 2 {
        return Err(ChartError::Empty("there are no two values to compare"));
    }
    let numbers = over.steps.iter().map(|step| step.value.parse::<f64>().ok());
    match numbers.collect::<Option<Vec<f64>>>() {
        Some(numbers) => write(&target.into(), &Lines::new(over, &numbers)),
        None => write(&target.into(), &Panels { over }),
    }
}

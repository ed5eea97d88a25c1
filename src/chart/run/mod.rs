//! Runs of training over time: one with all that it did, or several compared.

mod picture;
mod series;

use std::path::Path;

use self::picture::Picture;
use self::series::{compared, single};
use super::canvas::{ChartError, write};
use crate::text::sanitize;
use crate::training::History;
use crate::training::history::Place;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The loss of each step, smoothed, and on the validation set.
    Loss,
    /// The validation loss alone.
    Validation,
    /// `exp(loss)` of the steps and of the validation set.
    Perplexity,
    /// The share of tokens that were the most probable ones.
    Accuracy,
    LearningRate,
    /// The norm of all gradients before clipping.
    GradientNorm,
    /// Tokens a second.
    Speed,
    /// Bytes that the process holds.
    Memory,
}

impl What {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 8] = [
        Self::Loss,
        Self::Validation,
        Self::Perplexity,
        Self::Accuracy,
        Self::LearningRate,
        Self::GradientNorm,
        Self::Speed,
        Self::Memory,
    ];

    /// As arguments write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Validation => "validation",
            Self::Perplexity => "perplexity",
            Self::Accuracy => "accuracy",
            Self::LearningRate => "learning-rate",
            Self::GradientNorm => "gradient-norm",
            Self::Speed => "speed",
            Self::Memory => "memory",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Validation => "Validation loss",
            Self::Perplexity => "Perplexity",
            Self::Accuracy => "Accuracy",
            Self::LearningRate => "Learning rate",
            Self::GradientNorm => "Gradient norm",
            Self::Speed => "Speed",
            Self::Memory => "Memory",
        }
    }
}

/// What it is drawn over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Across {
    Steps,
    /// Tokens of text that were learned from.
    Tokens,
    Epochs,
    /// Time of training, pauses left out.
    Time,
}

impl Across {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 4] = [Self::Steps, Self::Tokens, Self::Epochs, Self::Time];

    /// As arguments write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Tokens => "tokens",
            Self::Epochs => "epochs",
            Self::Time => "time",
        }
    }
}

impl Across {
    /// Where something lies on it.
    pub fn of(self, place: Place) -> f64 {
        match self {
            Self::Steps => place.step as f64,
            Self::Tokens => place.tokens as f64,
            Self::Epochs => place.epoch,
            Self::Time => place.elapsed,
        }
    }
}

/// Which chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunChart {
    pub what: What,
    pub across: Across,
    /// Whether the values' axis is logarithmic.
    pub log: bool,
}

/// A run by its name.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub name: &'a str,
    pub history: &'a History,
}

/// Most runs in one chart: as many as there are colours.
const MOST: usize = super::palette::COMPARED.len();

/// Writes a chart of one run, or of several for comparison. A line is broken where a value was infinite or no number.
///
/// # Errors
/// When there are too many runs, one has nothing to draw, or the file cannot be written.
pub fn runs(path: &Path, runs: &[Run<'_>], chart: RunChart) -> Result<(), ChartError> {
    if runs.len() > MOST {
        return Err(ChartError::Crowded {
            runs: runs.len(),
            most: MOST,
        });
    }
    for run in runs {
        if let Some(lack) = series::lack(run.history, chart.what) {
            return Err(ChartError::Lacking {
                run: sanitize(run.name).into_owned(),
                lack,
            });
        }
    }
    let shown = match runs {
        [] => return Err(ChartError::Empty("no run was named")),
        [run] => single(run.history, chart),
        several => compared(several, chart),
    };
    let title = match runs {
        [run] => {
            let ending = run.history.finished().map_or_else(String::new, |finished| {
                let mean = finished.mean_loss.filter(|_| chart.what == What::Loss);
                let mean = mean.map_or_else(String::new, |mean| format!(", {mean}"));
                let reason = finished.reason.name();
                format!(", {reason} at step {}{mean}", finished.step)
            });
            format!("{} of {}{ending}", chart.what.title(), sanitize(run.name))
        }
        several => format!("{} of {} runs", chart.what.title(), several.len()),
    };
    write(path, &Picture::new(title, shown, chart)?)
}

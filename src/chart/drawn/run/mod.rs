//! Runs of training over time: one with all that it did, or several compared.

mod picture;
mod series;

use std::path::Path;

use self::picture::Picture;
use self::series::{compared, single};
use super::canvas::write;
use crate::chart::{ChartError, Run, RunChart, What};
use crate::text::sanitize;

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

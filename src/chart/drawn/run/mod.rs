//! Runs of training over time: one with all that it did, or several compared.

mod picture;
mod samples;
mod series;

use self::picture::Picture;
use self::samples::Beside;
use self::series::{compared, single};
use super::output::write;
use super::theme::COMPARED;
use crate::chart::{ChartError, Run, RunChart, Target, What};
use crate::text::sanitize;

/// Writes a chart of one run, or of several for comparison. A line is broken where a value was infinite or no number.
///
/// # Errors
/// When there are too many runs, one has nothing to draw, or the file cannot be written.
pub fn runs<'a>(
    target: impl Into<Target<'a>>,
    runs: &[Run<'_>],
    chart: RunChart,
) -> Result<(), ChartError> {
    write(&target.into(), &picture(runs, chart)?)
}

/// Writes a chart of one run with, below its curve, the odds of its probe, and beside it what it wrote.
///
/// # Errors
/// As [`runs`]; and when it neither wrote samples nor had a probe.
pub fn run_with_samples<'a>(
    target: impl Into<Target<'a>>,
    run: Run<'_>,
    chart: RunChart,
) -> Result<(), ChartError> {
    let picture = picture(&[run], chart)?;
    if run.history.samples().next().is_none() && run.history.odds().next().is_none() {
        return Err(ChartError::Lacking {
            run: sanitize(run.name).into_owned(),
            lack: "it wrote no samples and had no probe",
        });
    }
    write(&target.into(), &Beside::new(picture, run.history, chart))
}

fn picture(runs: &[Run<'_>], chart: RunChart) -> Result<Picture, ChartError> {
    if runs.len() > COMPARED {
        return Err(ChartError::Crowded {
            runs: runs.len(),
            most: COMPARED,
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
    let smoothed = runs.len() > 1 && chart.what == What::Loss;
    Picture::new(title, shown, chart, smoothed)
}

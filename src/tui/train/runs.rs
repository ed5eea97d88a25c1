//! Runs on the disk, for the lists of the Train screen.

use std::path::Path;

use crate::training::{History, RunDirectory, RunSummary};
use crate::tui::picker::Item;
use crate::tui::{Action, TrainAction};

/// The runs of a directory, as a list to choose from.
///
/// # Errors
/// With a sentence, when they cannot be read.
pub fn list(directory: &Path, beside: bool) -> Result<Vec<Item>, String> {
    let runs = RunDirectory::all(directory).map_err(|error| error.to_string())?;
    let items = runs.iter().map(|run| {
        let summary = run.summary().map_err(|error| error.to_string())?;
        Ok(item(&summary, beside))
    });
    items.collect()
}

fn item(summary: &RunSummary, beside: bool) -> Item {
    let mut detail = match (&summary.last, &summary.mean_loss) {
        (Some(last), Some(mean)) => format!("step {}, {mean}", last.step),
        _ => "no steps".to_owned(),
    };
    if let Some(best) = &summary.best {
        detail += &format!(", validation {:.4}", best.loss);
    }
    match (summary.running, summary.finished) {
        (true, _) => detail += ", running",
        (false, Some(reason)) => detail += &format!(", {}", reason.name()),
        (false, None) => detail += ", broken off",
    }
    let path = summary.path.clone();
    Item {
        label: summary.name.clone(),
        detail,
        action: Action::Train(match beside {
            true => TrainAction::DrawBeside(path),
            false => TrainAction::OpenRun(path),
        }),
    }
}

/// What a run kept.
///
/// # Errors
/// With a sentence, when there is no run or it cannot be read.
pub fn read(path: &Path) -> Result<History, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let directory = path.parent().unwrap_or(Path::new("."));
    RunDirectory::open(directory, &name)
        .and_then(|run| History::read(&run))
        .map_err(|error| error.to_string())
}

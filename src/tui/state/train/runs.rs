//! Runs on the disk, for the lists of the Train screen.

use std::collections::BTreeSet;
use std::path::Path;

use super::table::RunRow;
use super::{Start, words};
use crate::training::{
    Allowed, FinishReason, Finished, History, Recipe, Restore, RunDirectory, RunSummary,
    TrainingError, changes,
};
use crate::tui::state::picker::Item;
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
    if summary.last.is_some() {
        detail += &format!(", {}", summary.verdict.name());
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
        action: Action::Train(if beside {
            TrainAction::DrawBeside(path)
        } else {
            TrainAction::OpenRun(path)
        }),
    }
}

/// What a run kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRun {
    pub history: History,
    /// Whether a process works on it.
    pub running: bool,
}

/// The run at a path.
///
/// # Errors
/// With a sentence, when there is none.
pub fn open(path: &Path) -> Result<RunDirectory, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let directory = path.parent().unwrap_or(Path::new("."));
    RunDirectory::open(directory, &name).map_err(|error| error.to_string())
}

/// Reads what a run kept.
///
/// # Errors
/// With a sentence, when it cannot be read.
pub fn read(run: &RunDirectory) -> Result<ReadRun, String> {
    // First: what ends meanwhile is read as going on once too often, and not as broken off.
    let running = run.is_claimed();
    let history = History::read(run).map_err(|error| error.to_string())?;
    Ok(ReadRun { history, running })
}

/// A run that is to go on, and what it is so far.
#[derive(Debug, Clone, PartialEq)]
pub struct GoingOn {
    pub start: Start,
    pub history: History,
    /// What differs from its recipe, in words.
    pub changes: Vec<String>,
}

/// Reads what the run of a start is so far, and compares their recipes.
///
/// # Errors
/// With a sentence, when there is none or it cannot be read.
pub fn going_on(start: Start) -> Result<GoingOn, String> {
    let name = &start.recipe.run.name;
    let found = RunDirectory::open(&start.recipe.run.directory, name).and_then(|run| {
        let here = std::path::absolute(".").unwrap_or_default();
        let (before, now) = (run.recipe()?, start.recipe.clone());
        let changes = changes(&before.seen_from(&here), &now.seen_from(&here))?;
        Ok((History::read(&run)?, changes))
    });
    let (history, changes) = found.map_err(|error| error.to_string())?;
    let changes = changes.iter().map(words::change).collect();
    Ok(GoingOn {
        start,
        history,
        changes,
    })
}

/// A run's recipe, to fill the form from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRecipe {
    pub recipe: Recipe,
    /// The checkpoint to begin with, if the run has one.
    pub checkpoint: Option<String>,
}

/// Reads the recipe of a run, and finds its checkpoint at or before a step, or its best.
///
/// # Errors
/// With a sentence, when there is none or it cannot be read.
pub fn recipe(path: &Path, step: Option<u64>) -> Result<ReadRecipe, String> {
    let run = open(path)?;
    let read = || {
        let checkpoint = match step {
            Some(step) => {
                let mut all = run.checkpoints()?.into_iter();
                all.rfind(|entry| entry.step <= step)
            }
            None => run.best_checkpoint()?,
        };
        Ok((run.recipe()?, checkpoint))
    };
    let (recipe, checkpoint) = read().map_err(|error: TrainingError| error.to_string())?;
    Ok(ReadRecipe {
        recipe,
        checkpoint: checkpoint.map(|entry| entry.path.display().to_string()),
    })
}

/// A run as it is to go on by its own recipe.
///
/// # Errors
/// With a sentence, when it cannot.
pub fn resume(path: &Path) -> Result<GoingOn, String> {
    let run = open(path)?;
    if run.is_claimed() {
        return Err(format!("the run `{}` goes on already", run.name()));
    }
    let mut recipe = run.recipe().map_err(|error| error.to_string())?;
    recipe.run.name = run.name();
    recipe.run.directory = path.parent().unwrap_or(Path::new(".")).to_owned();
    let found = going_on(Start {
        recipe,
        restore: Restore::Latest,
        allowed: Allowed::default(),
    })?;
    let history = &found.history;
    let planned = history.started().map_or(u64::MAX, |started| started.steps);
    let completed = |end: &Finished| end.reason == FinishReason::Completed;
    if history.finished().is_some_and(completed) && history.last_step() >= planned {
        return Err(format!(
            "All steps of the run `{}` were made: f fills the form from it, for another one that goes on from its checkpoint.",
            run.name()
        ));
    }
    Ok(found)
}

/// Every run of a directory at a glance; those that cannot be read are left out.
pub fn rows(directory: &Path, read: impl FnMut(&RunDirectory) -> Option<RunRow>) -> Vec<RunRow> {
    let runs = RunDirectory::all(directory).unwrap_or_default();
    runs.iter().filter_map(read).collect()
}

/// The names of the runs of a directory; none where it cannot be read.
pub fn names(directory: &Path) -> BTreeSet<String> {
    let runs = RunDirectory::all(directory).unwrap_or_default();
    runs.iter().map(RunDirectory::name).collect()
}

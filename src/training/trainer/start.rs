//! Where a run begins, and what may be lost by it.

use std::path::{Path, PathBuf};

use toml::Table;

use crate::training::checkpoint;
use crate::training::runs::RunDirectory;
use crate::training::{Recipe, RunEvent, TrainingError};

use super::Listener;

/// Where a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Restore {
    /// At step 0. A run of this name must not exist, unless it is to be overwritten.
    #[default]
    Fresh,
    /// After the newest checkpoint of the run.
    Latest,
    /// After the checkpoint in this directory.
    Path(PathBuf),
}

/// What a run may do that cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowed {
    /// Delete a run of its name, or later checkpoints.
    pub overwrite: bool,
    /// Go on with other texts, another tokenizer or another base than it was started with.
    pub changes: bool,
}

/// The checkpoint to go on after, if any.
pub(super) fn find_start(
    run: &RunDirectory,
    restore: &Restore,
    overwrite: bool,
    events: Listener<'_>,
) -> Result<Option<PathBuf>, TrainingError> {
    match restore {
        Restore::Fresh if run.exists() && !overwrite => Err(TrainingError::Run(format!(
            "the run `{}` exists; go on with --restore latest, start over with --overwrite, or choose another --run-name",
            run.name()
        ))),
        Restore::Fresh => Ok(None),
        Restore::Latest if !run.exists() => Err(TrainingError::Run(format!(
            "there is no run `{}` to go on with; start it with --restore fresh",
            run.name()
        ))),
        Restore::Latest => {
            let (checkpoints, damaged) = run.shelf()?;
            for checkpoint in damaged {
                let message = checkpoint.to_string();
                events(&RunEvent::Notice { message });
            }
            let newest = checkpoints.into_iter().rfind(|entry| entry.whole);
            if newest.is_none() {
                // It ended before its first checkpoint: from the beginning is where it goes on.
                let message = "the run has no checkpoint to go on after: it begins anew".to_owned();
                events(&RunEvent::Notice { message });
            }
            Ok(newest.map(|entry| entry.path))
        }
        Restore::Path(path) => match checkpoint::inspect(path) {
            Ok((_, true)) => Ok(Some(path.clone())),
            Ok((_, false)) => Err(TrainingError::Run(format!(
                "{} holds weights alone, without the optimizer's state: nothing can go on exactly there; finetune --model starts from it",
                path.display()
            ))),
            Err(problem) => Err(TrainingError::Run(format!(
                "{} is no checkpoint to go on after: {problem}",
                path.display()
            ))),
        },
    }
}

/// Whether a path is inside of a directory, however both are written.
pub(super) fn lies_in(path: &Path, directory: &Path) -> bool {
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(path), Ok(directory)) => path.starts_with(directory),
        _ => false,
    }
}

/// An error if going on after a chosen checkpoint would delete what nobody asked to delete.
pub(super) fn refuse_to_lose(
    run: &RunDirectory,
    goes_on: bool,
    later: usize,
) -> Result<(), TrainingError> {
    let name = run.name();
    let lost = match (goes_on, later) {
        (true, 0) => return Ok(()),
        (true, later) => format!("{later} later checkpoints of `{name}` would be lost"),
        (false, _) if run.exists() => format!("the run `{name}` exists"),
        (false, _) => return Ok(()),
    };
    Err(TrainingError::Run(format!(
        "{lost}; use --overwrite, or choose another --run-name"
    )))
}

/// An error if a run is to go on with another model or tokenizer than it has. Both recipes have their paths from the
/// same place.
pub(super) fn refuse_another_model(
    name: &str,
    before: &Recipe,
    now: &Recipe,
) -> Result<(), TrainingError> {
    let (before, now) = (model_keys(before)?, model_keys(now)?);
    for key in before.keys().chain(now.keys()) {
        let (was, is) = (before.get(key), now.get(key));
        if was != is {
            let said = |value: Option<&toml::Value>| match value {
                None => "nothing".to_owned(),
                Some(toml::Value::String(text)) if text.is_empty() => "nothing".to_owned(),
                Some(value) => value.to_string(),
            };
            return Err(TrainingError::Setting(format!(
                "the run `{name}` was started with {} as {key} and cannot go on with {}: leave that as it was, or choose another --run-name",
                said(was),
                said(is)
            )));
        }
    }
    Ok(())
}

/// What cannot change within a run, by its key.
fn model_keys(recipe: &Recipe) -> Result<Table, TrainingError> {
    let wrong = |error: toml::ser::Error| TrainingError::Setting(error.to_string());
    let mut keys = Table::new();
    let model = Table::try_from(&recipe.model).map_err(wrong)?;
    // Dropout is of each step alone; how many tokens there is room for may be left to the tokenizer.
    let fixed = |key: &str| !["dropout", "initial", "vocabulary"].contains(&key);
    for (key, value) in model.into_iter().filter(|(key, _)| fixed(key)) {
        keys.insert(format!("model.{key}"), value);
    }
    for (key, value) in Table::try_from(&recipe.tokenizer).map_err(wrong)? {
        keys.insert(format!("tokenizer.{key}"), value);
    }
    Ok(keys)
}

/// An error if more steps were made than the run is to have.
pub(super) fn refuse_fewer_steps(name: &str, made: u64, total: u64) -> Result<(), TrainingError> {
    if made > total {
        Err(TrainingError::Setting(format!(
            "the run `{name}` has made {made} steps already, more than the {total} it is to have: ask for more, or go on from an earlier checkpoint"
        )))
    } else {
        Ok(())
    }
}

//! Where a run begins, and what may be lost by it.

use std::path::{Path, PathBuf};

use crate::training::TrainingError;
use crate::training::checkpoint;
use crate::training::runs::RunDirectory;

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

/// The checkpoint to go on after, if any.
pub(super) fn find_start(
    run: &RunDirectory,
    restore: &Restore,
    overwrite: bool,
) -> Result<Option<PathBuf>, TrainingError> {
    match restore {
        Restore::Fresh if run.exists() && !overwrite => Err(TrainingError::Run(format!(
            "the run `{}` exists; go on with --restore latest, start over with --overwrite, or choose another --run-name",
            run.name()
        ))),
        Restore::Fresh => Ok(None),
        Restore::Latest => {
            let newest = run.checkpoints()?.pop();
            match newest {
                Some(entry) => Ok(Some(entry.path)),
                // It ended before its first checkpoint: from the beginning is where it goes on.
                None if run.exists() => Ok(None),
                None => Err(TrainingError::Run(format!(
                    "there is no run `{}` to go on with; start it with --restore fresh",
                    run.name()
                ))),
            }
        }
        Restore::Path(path) => {
            checkpoint::read_state(path)?;
            Ok(Some(path.clone()))
        }
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

/// Takes everything of an old run away but the lock.
pub(super) fn clear(run: &RunDirectory) -> Result<(), TrainingError> {
    let wrong = |error: std::io::Error| TrainingError::io(run.path(), error);
    for entry in std::fs::read_dir(run.path()).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.ends_with("run.lock") {
            continue;
        }
        let removed = match path.is_dir() {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        removed.map_err(|error| TrainingError::io(&path, error))?;
    }
    Ok(())
}

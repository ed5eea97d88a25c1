//! Runs as models: where a run is named, its best weights are meant.

use std::path::{Path, PathBuf};

use super::runs::RunDirectory;
use super::{CheckpointEntry, TrainingError};
use crate::model::{EMBEDDED, LoadRequest, ModelError};

/// Where runs are, unless something else is said.
pub const RUNS: &str = "runs";

/// The weights of a run that was named as a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunModel {
    /// A checkpoint's directory.
    pub path: PathBuf,
    /// What the user should know: which of the run's weights they are.
    pub notice: String,
}

/// The run that `source` names, by the path of its directory or by its name in `directory`. None if it names no run:
/// what lies at that path, or is called so elsewhere, is then meant.
///
/// # Errors
/// When the run has no weights yet, or none of that name is where runs are.
pub fn run_model(source: &str, directory: &Path) -> Result<Option<RunModel>, TrainingError> {
    let path = Path::new(source);
    let named = path.file_name().and_then(|name| name.to_str());
    let Some(name) = named.filter(|_| source != EMBEDDED) else {
        return Ok(None);
    };
    let parent = path.parent().unwrap_or(Path::new(""));
    let beside_others = same(parent, directory);
    let run = match (path.exists(), parent == Path::new("")) {
        (false, true) => RunDirectory::of(directory, name),
        _ => RunDirectory::of(parent, name),
    };
    match run.exists() {
        true => weights(&run).map(Some),
        false if beside_others && !path.exists() => {
            RunDirectory::open(directory, name).map(|_| None)
        }
        false => Ok(None),
    }
}

/// `request` with a run's weights in place of its name, and what is to be said of that.
///
/// # Errors
/// As [`run_model`].
pub fn with_run(request: &LoadRequest) -> Result<(LoadRequest, Option<String>), ModelError> {
    let found = run_model(&request.source, Path::new(RUNS))
        .map_err(|error| ModelError::Source(error.to_string()))?;
    Ok(match found {
        Some(found) => {
            let source = found.path.display().to_string();
            let request = LoadRequest {
                source,
                ..request.clone()
            };
            (request, Some(found.notice))
        }
        None => (request.clone(), None),
    })
}

/// Whether two paths lead to one directory, which is there.
fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}

fn weights(run: &RunDirectory) -> Result<RunModel, TrainingError> {
    let Some(CheckpointEntry {
        step,
        path,
        validation,
        ..
    }) = run.best_checkpoint()?
    else {
        return Err(TrainingError::Run(format!(
            "the run `{}` has no weights yet: no checkpoint was written",
            run.name()
        )));
    };
    let which = match validation {
        Some(loss) => format!("the best by validation ({loss:.4})"),
        None => "the newest, since none was validated".to_owned(),
    };
    Ok(RunModel {
        notice: format!(
            "the model is the run `{}` after step {step}, {which}",
            run.name()
        ),
        path,
    })
}

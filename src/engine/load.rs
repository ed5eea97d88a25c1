//! Loading a model by any of its names, those of runs included.

use std::ops::ControlFlow;

use crate::model::{self, LoadProgress, LoadRequest, LoadedModel, ModelError};
use crate::training::with_run;

/// [`model::load`], where a run's name stands for its best weights, before any hub is asked.
///
/// # Errors
/// As [`model::load`], and when a run has no weights.
pub fn load(
    request: &LoadRequest,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    let (request, notice) = with_run(request)?;
    let mut loaded = model::load(&request, progress)?;
    loaded.notices.splice(0..0, notice);
    Ok(loaded)
}

//! Loading a model by any of its names, those of runs included.

use std::ops::ControlFlow;

use crate::model::{self, LoadProgress, LoadRequest, LoadedModel, ModelError};
use crate::training::with_run;

/// [`model::load`], where a run's name stands for its best weights, before any hub is asked; and the base with it, if the
/// request names one.
///
/// # Errors
/// As [`model::load`], when a run has no weights, and when the base has other tokens.
pub fn load(
    request: &LoadRequest,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    let (request, notice) = with_run(request)?;
    let mut loaded = model::load(&request, progress)?;
    loaded.notices.splice(0..0, notice);
    if !request.base.is_empty() {
        let base = load(
            &LoadRequest {
                source: request.base.clone(),
                base: String::new(),
                ..request.clone()
            },
            progress,
        )?;
        let (own, other) = (loaded.model.info(), base.model.info());
        if own.token_set != other.token_set || own.vocabulary != other.vocabulary {
            return Err(ModelError::OtherTokens {
                model: own.name.clone(),
                base: other.name.clone(),
            });
        }
        loaded.notices.extend(base.notices.iter().cloned());
        loaded.base = Some(Box::new(base));
    }
    Ok(loaded)
}

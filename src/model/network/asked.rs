//! Whether what a model is asked for can be its own.

use crate::model::{Cache, ModelError, Rows};

/// Checks that there is a cache for each token or text of a batch.
///
/// # Errors
/// When their numbers differ.
pub(super) fn check_batch<T>(given: &[T], caches: &[&mut Cache]) -> Result<(), ModelError> {
    if given.len() == caches.len() {
        return Ok(());
    }
    Err(ModelError::UnequalBatch {
        tokens: given.len(),
        caches: caches.len(),
    })
}

/// Checks that hidden states are as wide as the model.
///
/// # Errors
/// When they are another's.
pub(super) fn check_hidden(hidden: &Rows, width: usize) -> Result<(), ModelError> {
    if hidden.width() == width {
        return Ok(());
    }
    Err(ModelError::Foreign(format!(
        "hidden states of width {} do not belong to this model of width {width}",
        hidden.width()
    )))
}

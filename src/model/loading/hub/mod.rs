//! Models from the Hugging Face hub, through its cache.
//!
//! The hub is asked which commit a model's branch stands at; files of that commit which are already in the cache are
//! not fetched again. When the hub cannot be reached, a copy in the cache is used, and the user is told. The cargo
//! feature `hub` asks it; without, there is only the cache.

mod cached;
mod names;
#[cfg(feature = "hub")]
mod online;
mod options;

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::hub_id::HubId;
use crate::model::{LoadProgress, ModelError};

pub use cached::{CachedModel, cached_models_in};
#[cfg(feature = "hub")]
pub(super) use online::remove_damaged;
pub use options::HubOptions;

/// The folder that holds all files of a model, or its GGUF file, after fetching those that are not in the cache.
///
/// # Errors
/// When the hub refuses, fails or lies, the model is of another kind, or `progress` breaks off.
#[cfg(feature = "hub")]
pub(super) fn fetch(
    id: &HubId,
    options: &HubOptions,
    offline: bool,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<PathBuf, ModelError> {
    if offline {
        return in_cache(
            id,
            options,
            "cannot be loaded offline",
            "load it once with network access",
        );
    }
    online::fetch(id, options, notices, progress)
}

/// The folder that holds all files of a model, or its GGUF file, if they are in the cache.
///
/// # Errors
/// When they are not.
#[cfg(not(feature = "hub"))]
pub(super) fn fetch(
    id: &HubId,
    options: &HubOptions,
    _: bool,
    _: &mut Vec<String>,
    _: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<PathBuf, ModelError> {
    let why = "cannot be fetched, since this program was built without the hub";
    in_cache(id, options, why, "build it with the cargo feature `hub`")
}

fn in_cache(
    id: &HubId,
    options: &HubOptions,
    why: &str,
    way_out: &str,
) -> Result<PathBuf, ModelError> {
    cached::find(id, &options.cache).map_err(|found| {
        ModelError::Hub(format!(
            "`{id}` {why}: the cache at {} holds {found}; {way_out}",
            options.cache.display()
        ))
    })
}

/// Where the cache has a model, if all that is needed of it is there.
pub(super) fn cached_path(id: &HubId, options: &HubOptions) -> Option<PathBuf> {
    cached::find(id, &options.cache).ok()
}

/// Nothing can be fetched again, so nothing is taken out.
///
/// # Errors
/// None.
#[cfg(not(feature = "hub"))]
pub(super) fn remove_damaged(
    _: &std::path::Path,
    _: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<Vec<String>, ModelError> {
    Ok(Vec::new())
}

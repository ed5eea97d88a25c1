//! Models from the Hugging Face hub, through its cache.
//!
//! The hub is asked which commit a model's branch stands at; files of that commit which are already in the cache are
//! not fetched again. When the hub cannot be reached, a copy in the cache is used, and the user is told.

mod cached;
mod download;
mod failure;
mod link;
mod meter;
mod options;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::architecture::Architecture;
use super::chat::CHAT_FILES;
use super::files::Files;
use super::load::CONFIG;
use super::parts::EXTRA_FILES;
use super::source::HubId;
use super::tokenizer_files::{MERGES, TOKENIZER, VOCABULARY};
use super::weights::{PICKLE_FILES, PICKLE_ONLY, SHARD_INDEX, SINGLE_FILE, read_index};
use super::{LoadProgress, ModelError};
use download::Session;
use failure::Failure;

pub use cached::{CachedModel, cached_models, cached_models_in};
pub use options::HubOptions;

/// The folder that holds all files of a model, or its GGUF file, after fetching those that are not in the cache.
///
/// # Errors
/// When the hub refuses, fails or lies, the model is of another kind, or `progress` breaks off.
pub(super) fn fetch(
    id: &HubId,
    options: &HubOptions,
    offline: bool,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<PathBuf, ModelError> {
    if offline {
        return cached::find(id, &options.cache).map_err(|found| {
            ModelError::Hub(format!(
                "`{id}` cannot be loaded offline: the cache at {} holds {found}; load it once with network access",
                options.cache.display()
            ))
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ModelError::Hub(format!("no download can be started ({error})")))?;
    let fetched = runtime.block_on(async {
        let session = Session::open(id, options, progress).await?;
        fetch_files(session).await
    });
    // Whatever still runs belongs to a download that was given up.
    runtime.shutdown_background();
    match fetched {
        Err(Failure::Unreachable(reason)) => match cached::find(id, &options.cache) {
            Ok(snapshot) => {
                notices.push(format!(
                    "using the copy of `{id}` in the cache, since {reason}"
                ));
                Ok(snapshot)
            }
            Err(_) => Err(ModelError::Hub(reason)),
        },
        fetched => Ok(fetched?),
    }
}

/// Where the cache has a model, if all that is needed of it is there.
pub(super) fn cached_path(id: &HubId, options: &HubOptions) -> Option<PathBuf> {
    cached::find(id, &options.cache).ok()
}

async fn fetch_files(mut session: Session<'_>) -> Result<PathBuf, Failure> {
    let listed = session.listed();
    let names = listed.iter().cloned();
    if let Some(name) = session.id().choose(names, listed.contains(CONFIG))? {
        let file = session.file(&name).await?;
        session.finish()?;
        return Ok(file);
    }
    // First, since a model of another kind need not be fetched at all.
    let config = session.file(CONFIG).await?;
    let folder = config.parent().map(PathBuf::from).unwrap_or_default();
    let files = Files::Directory(folder.clone());
    Architecture::from_json(&files.read(CONFIG)?, &files.label(CONFIG))?;

    for name in tokenizer_files(session.listed(), session.id())? {
        session.file(name).await?;
    }
    for name in CHAT_FILES.iter().chain(&EXTRA_FILES) {
        if session.listed().contains(*name) {
            session.file(name).await?;
        }
    }
    match weight_file(session.listed(), session.id())? {
        SHARD_INDEX => {
            session.file(SHARD_INDEX).await?;
            let index = read_index(&files.read(SHARD_INDEX)?, &files.label(SHARD_INDEX))?;
            let mut shards: Vec<String> = index.into_values().collect();
            shards.sort_unstable();
            shards.dedup();
            for shard in shards {
                session.file(&shard).await?;
            }
        }
        single => {
            session.file(single).await?;
        }
    }
    session.finish()?;
    Ok(folder)
}

fn tokenizer_files(
    listed: &HashSet<String>,
    id: &HubId,
) -> Result<&'static [&'static str], ModelError> {
    if listed.contains(TOKENIZER) {
        return Ok(&[TOKENIZER]);
    }
    if listed.contains(VOCABULARY) && listed.contains(MERGES) {
        return Ok(&[VOCABULARY, MERGES]);
    }
    Err(ModelError::Hub(format!(
        "the model `{id}` has neither {TOKENIZER} nor {VOCABULARY} with {MERGES}; its text cannot be read"
    )))
}

fn weight_file(listed: &HashSet<String>, id: &HubId) -> Result<&'static str, ModelError> {
    if let Some(name) = [SINGLE_FILE, SHARD_INDEX]
        .into_iter()
        .find(|name| listed.contains(*name))
    {
        return Ok(name);
    }
    Err(ModelError::Hub(
        match PICKLE_FILES.into_iter().find(|name| listed.contains(*name)) {
            Some(pickle) => format!("the model `{id}`: {pickle} {PICKLE_ONLY}"),
            None => format!("the model `{id}` has no weights as safetensors; choose another"),
        },
    ))
}

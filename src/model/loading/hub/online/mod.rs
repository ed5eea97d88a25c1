//! The hub itself: asked for what the cache lacks.

mod address;
mod asker;
mod cached_commit;
mod client;
mod digest;
mod download;
mod failure;
mod list;
mod metadata;
mod meter;
mod session;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use self::cached_commit::{CachedCommit, digest_of};
use self::failure::Failure;
use self::meter::comparing;
use self::session::Session;
use super::{HubOptions, cached, names};
use crate::model::error::visible;
use crate::model::loading::families::Described;
use crate::model::loading::file_names::{
    ADDED_TOKENS, CARD, CONFIG, GENERATION_CONFIG, MERGES, PICKLE_FILES, SHARD_INDEX, SINGLE_FILE,
    SPECIAL_TOKENS, TEMPLATE, TOKENIZER, TOKENIZER_CONFIG, VOCABULARY,
};
use crate::model::loading::files::Files;
use crate::model::loading::gguf::other_parts;
use crate::model::loading::hub_id::HubId;
use crate::model::loading::shards::{PICKLE_ONLY, read_index};
use crate::model::{LoadProgress, ModelError};

/// The files beside a model's weights that chatting needs, where it has them.
const CHAT_FILES: [&str; 3] = [TOKENIZER_CONFIG, SPECIAL_TOKENS, TEMPLATE];
/// The files beside a model's weights that say more of it, where it has them: the last is its card.
const EXTRA_FILES: [&str; 3] = [GENERATION_CONFIG, ADDED_TOKENS, CARD];

/// The folder that holds all files of a model, or its GGUF file, after fetching those that are not in the cache.
///
/// # Errors
/// When the hub refuses, fails or lies, the model is of another kind, or `progress` breaks off.
pub(super) fn fetch(
    id: &HubId,
    options: &HubOptions,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<PathBuf, ModelError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ModelError::Hub(format!("no download can be started ({error})")))?;
    let fetched = runtime.block_on(async {
        let session = Session::open(id, options, notices, progress).await?;
        fetch_files(session).await
    });
    // Whatever still runs belongs to a download that was given up.
    runtime.shutdown_background();
    match fetched {
        Err(Failure::Passing(reason)) => match cached::find(id, &options.cache) {
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

/// Takes damaged files out of a model in the cache: those whose content does not have the hash that its name says. What
/// was taken out is named; without a copy of its own, what is at `path` is left alone.
///
/// # Errors
/// When a file cannot be removed, or `progress` breaks off.
pub(in crate::model::loading) fn remove_damaged(
    path: &Path,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<Vec<String>, ModelError> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut damaged = Vec::new();
    for pointer in entries.map(|entry| entry.path()) {
        let (Some(digest), Ok(found)) = (digest_of(&pointer), std::fs::metadata(&pointer)) else {
            continue;
        };
        let whole = digest.is_of(&pointer, |bytes| {
            match progress(comparing(bytes, found.len())) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(ModelError::Cancelled),
            }
        })?;
        if !whole {
            let name = pointer.file_name().unwrap_or_default().to_string_lossy();
            CachedCommit::remove(&pointer)
                .map_err(|error| ModelError::file(pointer.display().to_string(), error))?;
            damaged.push(visible(&name));
        }
    }
    Ok(damaged)
}

async fn fetch_files(mut session: Session<'_>) -> Result<PathBuf, Failure> {
    let names: Vec<String> = session.names().cloned().collect();
    if let Some(name) = session.id().choose(names, session.has(CONFIG))? {
        for part in other_parts(&name) {
            session.file(&part).await?;
        }
        let file = session.file(&name).await?;
        session.finish();
        return Ok(file);
    }
    // First, since a model of another kind need not be fetched at all.
    let config = session.file(CONFIG).await?;
    let folder = config.parent().map(PathBuf::from).unwrap_or_default();
    let files = Files::Directory(folder.clone());
    Described::from_json(&files.read(CONFIG)?, &files.label(CONFIG))?;

    for name in tokenizer_files(&session)? {
        session.file(name).await?;
    }
    for name in CHAT_FILES.iter().chain(&EXTRA_FILES) {
        if session.has(name) {
            session.file(name).await?;
        }
    }
    match weight_file(&session)? {
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
    session.finish();
    Ok(folder)
}

fn tokenizer_files(session: &Session<'_>) -> Result<&'static [&'static str], ModelError> {
    if session.has(TOKENIZER) {
        return Ok(&[TOKENIZER]);
    }
    if session.has(VOCABULARY) && session.has(MERGES) {
        return Ok(&[VOCABULARY, MERGES]);
    }
    Err(ModelError::Hub(format!(
        "the model `{}` has neither {TOKENIZER} nor {VOCABULARY} with {MERGES}; its text cannot be read",
        session.id()
    )))
}

fn weight_file(session: &Session<'_>) -> Result<&'static str, ModelError> {
    let listed = |name: &&str| session.has(name);
    if let Some(name) = [SINGLE_FILE, SHARD_INDEX].into_iter().find(listed) {
        return Ok(name);
    }
    let id = session.id();
    Err(ModelError::Hub(
        match PICKLE_FILES.into_iter().find(listed) {
            Some(pickle) => format!("the model `{id}`: {pickle} {PICKLE_ONLY}"),
            None => format!("the model `{id}` has no weights as safetensors; choose another"),
        },
    ))
}

//! Models that are already in the hub's cache.
//!
//! The layout is that of Hugging Face's own tools: `models--org--name/refs/main` holds a commit,
//! `snapshots/<commit>/` the files of it, which link to `blobs/`.

use std::path::{Path, PathBuf};

use hf_hub::{Repo, RepoType};
use serde::Serialize;

use super::HubOptions;
use crate::model::architecture::Architecture;
use crate::model::files::Files;
use crate::model::gguf::Gguf;
use crate::model::load::CONFIG;
use crate::model::parts::lone_gguf;
use crate::model::source::HubId;
use crate::model::tokenizer_files::{MERGES, TOKENIZER, VOCABULARY};
use crate::model::weights::{SHARD_INDEX, SINGLE_FILE, read_index};

/// A model of a supported architecture in the cache, ready to be loaded without network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CachedModel {
    /// What to give as the source.
    pub id: String,
    /// The folder with its files.
    pub path: PathBuf,
    /// What these files take together.
    pub bytes: u64,
}

/// The models of supported architectures that are wholly in the hub's cache, by name.
pub fn cached_models() -> Vec<CachedModel> {
    cached_models_in(&HubOptions::from_env().cache)
}

/// [`cached_models`] of another cache than the environment's.
pub fn cached_models_in(cache: &Path) -> Vec<CachedModel> {
    let mut models: Vec<CachedModel> = folder_names(cache)
        .filter_map(|folder| {
            let repository = folder.strip_prefix("models--")?.replace("--", "/");
            let model = cache.join(&folder);
            let main = read_ref(&model, "main")
                .filter(|commit| is_loadable(&model.join("snapshots").join(commit)));
            let (id, commit) = match main {
                Some(commit) => (repository, commit),
                None => {
                    let mut commits = folder_names(&model.join("snapshots"));
                    let commit = commits
                        .find(|commit| is_loadable(&model.join("snapshots").join(commit)))?;
                    (format!("{repository}@{commit}"), commit)
                }
            };
            let path = model.join("snapshots").join(commit);
            let bytes = bytes_in(&path);
            Some(CachedModel { id, path, bytes })
        })
        .collect();
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models
}

/// The folder of a model's files if all that are needed are in the cache, or what is missing.
pub(super) fn find(id: &HubId, cache: &Path) -> Result<PathBuf, String> {
    let repo = Repo::new(id.repository.clone(), RepoType::Model);
    let model = cache.join(repo.folder_name());
    let commit = read_ref(&model, &id.revision).unwrap_or_else(|| id.revision.clone());
    let snapshot = model.join("snapshots").join(commit);
    if !snapshot.is_dir() {
        return Err("no copy of it".to_owned());
    }
    match missing(&snapshot) {
        None => Ok(snapshot),
        Some(file) => Err(format!("only a part of it, without `{file}`")),
    }
}

/// The commit that a branch or tag stood at when it was last fetched.
fn read_ref(model: &Path, revision: &str) -> Option<String> {
    let commit = std::fs::read_to_string(model.join("refs").join(revision)).ok()?;
    let commit = commit.trim();
    let plain = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| commit.to_owned())
}

/// The first file that a model in `snapshot` lacks to be loaded.
fn missing(snapshot: &Path) -> Option<String> {
    let files = Files::Directory(snapshot.to_owned());
    if !files.has(CONFIG) {
        let gguf = lone_gguf(&files).ok().flatten();
        return gguf.is_none().then(|| CONFIG.to_owned());
    }
    let tokenizer = files.has(TOKENIZER) || (files.has(VOCABULARY) && files.has(MERGES));
    if !tokenizer {
        return Some(TOKENIZER.to_owned());
    }
    if files.has(SINGLE_FILE) {
        return None;
    }
    let index = files.read(SHARD_INDEX).ok();
    let shards = index.and_then(|json| read_index(&json, SHARD_INDEX).ok());
    match shards {
        Some(shards) => shards.into_values().find(|shard| !files.has(shard)),
        None => Some(SINGLE_FILE.to_owned()),
    }
}

fn is_loadable(snapshot: &Path) -> bool {
    let files = Files::Directory(snapshot.to_owned());
    if let Ok(Some(file)) = lone_gguf(&files) {
        let architecture = Gguf::open(&file).and_then(|mut file| file.architecture());
        return architecture.is_ok();
    }
    let config = std::fs::read(snapshot.join(CONFIG)).ok();
    let config = config.and_then(|json| Architecture::from_json(&json, CONFIG).ok());
    config.is_some() && missing(snapshot).is_none()
}

/// What the files of a snapshot take; links count as what they lead to.
fn bytes_in(snapshot: &Path) -> u64 {
    std::fs::read_dir(snapshot)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| std::fs::metadata(entry.path()).ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

fn folder_names(path: &Path) -> impl Iterator<Item = String> + use<> {
    std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
}

//! Models that are already in the hub's cache.
//!
//! The layout is that of Hugging Face's own tools: `models--org--name/refs/main` holds a commit,
//! `snapshots/<commit>/` the files of it, which link to `blobs/`.

use std::path::{Path, PathBuf};

use hf_hub::{Repo, RepoType};
use serde::Serialize;

use super::names::is_plain;
use crate::model::loading::families::Described;
use crate::model::loading::file_names::{
    CONFIG, MERGES, SHARD_INDEX, SINGLE_FILE, TOKENIZER, VOCABULARY,
};
use crate::model::loading::files::Files;
use crate::model::loading::gguf::{Gguf, other_parts};
use crate::model::loading::hub_id::HubId;
use crate::model::loading::shards::read_index;
use crate::model::loading::source::is_gguf;
use crate::text::encoding::unmarked;

/// A model of a supported architecture in the cache, ready to be loaded without network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CachedModel {
    /// What to give as the source.
    pub id: String,
    /// The folder with its files, or its GGUF file.
    pub path: PathBuf,
    /// What these files take together.
    pub bytes: u64,
}

/// The models of supported architectures that are wholly in a hub's cache, by name.
pub fn cached_models_in(cache: &Path) -> Vec<CachedModel> {
    let mut models: Vec<CachedModel> = folder_names(cache)
        .filter_map(|folder| {
            let repository = folder.strip_prefix("models--")?.replace("--", "/");
            let model = cache.join(&folder);
            let snapshot = |commit: String| (commit.clone(), model.join("snapshots").join(commit));
            let loadable = |commit: String| {
                let (commit, path) = snapshot(commit);
                let found = in_snapshot(&path);
                (!found.is_empty()).then_some((commit, found))
            };
            let main = read_ref(&model, "main").and_then(loadable);
            let (id, found) = match main {
                Some((_, found)) => (repository, found),
                None => {
                    let mut commits = folder_names(&model.join("snapshots"));
                    let (commit, found) = commits.find_map(loadable)?;
                    (format!("{repository}@{commit}"), found)
                }
            };
            Some(found.into_iter().map(move |(file, path, bytes)| {
                let id = match file {
                    Some(file) => format!("{id}:{file}"),
                    None => id.clone(),
                };
                CachedModel { id, path, bytes }
            }))
        })
        .flatten()
        .collect();
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models
}

/// The folder of a model's files, or its GGUF file, if all that is needed is in the cache, or what is missing.
pub(super) fn find(id: &HubId, cache: &Path) -> Result<PathBuf, String> {
    let repo = Repo::new(id.repository.clone(), RepoType::Model);
    let model = cache.join(repo.folder_name());
    let commit = read_ref(&model, &id.revision).unwrap_or_else(|| id.revision.clone());
    let snapshot = model.join("snapshots").join(commit);
    if !snapshot.is_dir() {
        return Err("no copy of it".to_owned());
    }
    let has_config = snapshot.join(CONFIG).is_file();
    match id.choose(folder_names(&snapshot), has_config) {
        Ok(Some(file)) => {
            let missing = |part: &String| !snapshot.join(part).is_file();
            return match other_parts(&file).into_iter().find(missing) {
                None => Ok(snapshot.join(file)),
                Some(part) => Err(format!("only a part of it, without `{part}`")),
            };
        }
        Ok(None) => {}
        Err(error) => return Err(format!("no single file of it ({error})")),
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
    is_plain(commit).then(|| commit.to_owned())
}

/// The first file that a model in `snapshot` lacks to be loaded.
fn missing(snapshot: &Path) -> Option<String> {
    let files = Files::Directory(snapshot.to_owned());
    if !files.has(CONFIG) {
        return Some(CONFIG.to_owned());
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

/// What can be loaded from a snapshot: the whole of it, or each of its GGUF files; the name of the file, the path, the
/// bytes.
fn in_snapshot(snapshot: &Path) -> Vec<(Option<String>, PathBuf, u64)> {
    let config = std::fs::read(snapshot.join(CONFIG)).ok().map(unmarked);
    if let Some(json) = config {
        let known = Described::from_json(&json, CONFIG).is_ok();
        let whole = (None, snapshot.to_owned(), bytes_in(snapshot));
        return if known && missing(snapshot).is_none() {
            vec![whole]
        } else {
            Vec::new()
        };
    }
    folder_names(snapshot)
        .filter(|name| is_gguf(Path::new(name)))
        .filter_map(|name| {
            let path = snapshot.join(&name);
            Gguf::open(&path).ok()?.described().ok()?;
            let bytes = std::fs::metadata(&path).ok()?.len();
            Some((Some(name), path, bytes))
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::source::Source;

    #[test]
    fn a_split_model_is_there_when_all_its_parts_are() {
        let cache = tempfile::tempdir().expect("a folder");
        let snapshot = cache.path().join("models--o--m/snapshots/abc");
        std::fs::create_dir_all(&snapshot).expect("writable");
        let part = |no: u32| snapshot.join(format!("m-{no:05}-of-00002.gguf"));
        std::fs::write(part(1), "").expect("writable");
        let Ok(Source::Hub(id)) = Source::parse("o/m@abc:m-00001-of-00002.gguf") else {
            panic!("a hub id");
        };
        let missing = find(&id, cache.path()).expect_err("the second part is missing");
        assert!(missing.contains("m-00002-of-00002.gguf"), "{missing}");
        std::fs::write(part(2), "").expect("writable");
        assert_eq!(find(&id, cache.path()), Ok(part(1)));
    }
}

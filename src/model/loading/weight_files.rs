//! Which files a model's weights come from, and their hashes: what a result was made with, to the bit.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::adapter::{ADAPTER, ADAPTER_WEIGHTS};
use super::embedded;
use super::file_names::{SHARD_INDEX, SINGLE_FILE};
use super::files::Files;
use super::gguf::other_parts;
use super::hub::{self, HubOptions};
use super::parts::lone_gguf;
use super::request::LoadRequest;
use super::shards::read_index;
use super::source::Source;
use crate::model::ModelError;

/// A file with weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelFile {
    /// Its name, without its directory.
    pub name: String,
    pub size_bytes: u64,
    /// As `sha256sum` says it.
    pub sha256: String,
}

/// The files that the weights of a model come from, in the order of their names. Of a hub model they are those of the
/// cache, whose names there are their hashes; others are read.
///
/// # Errors
/// When the model is not here, or a file cannot be read.
pub fn weight_files(request: &LoadRequest) -> Result<Vec<ModelFile>, ModelError> {
    let path = match Source::parse(&request.source)? {
        Source::Embedded => {
            let bytes = embedded::file(SINGLE_FILE).unwrap_or_default();
            return Ok(vec![ModelFile {
                name: SINGLE_FILE.to_owned(),
                size_bytes: bytes.len() as u64,
                sha256: hex(&Sha256::digest(bytes)),
            }]);
        }
        Source::Directory(path) | Source::File(path) => path,
        Source::Hub(id) => hub::cached_path(&id, &HubOptions::from_env())
            .ok_or_else(|| ModelError::Hub(format!("`{id}` is not in the cache any more")))?,
    };
    paths(path)?
        .iter()
        .map(|path| ModelFile::of(path))
        .collect()
}

fn paths(path: PathBuf) -> Result<Vec<PathBuf>, ModelError> {
    if path.is_file() {
        return Ok(with_parts(path));
    }
    let files = Files::Directory(path.clone());
    if let Some(file) = lone_gguf(&files)? {
        return Ok(with_parts(file));
    }
    let mut names = BTreeSet::new();
    if files.has(SINGLE_FILE) {
        names.insert(SINGLE_FILE.to_owned());
    } else if files.has(SHARD_INDEX) {
        let index = read_index(&files.read(SHARD_INDEX)?, &files.label(SHARD_INDEX))?;
        names.extend(index.into_values());
    }
    let adapter = [ADAPTER, ADAPTER_WEIGHTS].into_iter();
    names.extend(adapter.filter(|name| files.has(name)).map(str::to_owned));
    Ok(names.into_iter().map(|name| path.join(name)).collect())
}

/// A GGUF file, and the others where it is the first of several.
fn with_parts(path: PathBuf) -> Vec<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str());
    let others = name.map(other_parts).unwrap_or_default();
    let others: Vec<PathBuf> = others
        .iter()
        .map(|other| path.with_file_name(other))
        .collect();
    std::iter::once(path).chain(others).collect()
}

impl ModelFile {
    fn of(path: &Path) -> Result<Self, ModelError> {
        let wrong = |error| {
            ModelError::file(
                path.display().to_string(),
                format!("cannot be read: {error}"),
            )
        };
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            size_bytes: fs::metadata(path).map_err(wrong)?.len(),
            sha256: match hash_in_cache(path) {
                Some(hash) => hash,
                None => hash(path).map_err(wrong)?,
            },
        })
    }
}

/// The hash that a file of the hub's cache is named by, where large files lie: it was compared when it came.
fn hash_in_cache(path: &Path) -> Option<String> {
    let real = path.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    let is_hash = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hash && real.parent()?.ends_with("blobs")).then(|| name.to_owned())
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = [0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files_of(source: &Path) -> Vec<ModelFile> {
        weight_files(&LoadRequest {
            source: source.display().to_string(),
            ..LoadRequest::default()
        })
        .expect("files")
    }

    #[test]
    fn the_files_that_are_read_are_named_with_their_hashes() {
        let home = tempfile::tempdir().expect("a directory");
        fs::write(home.path().join("config.json"), "{}").expect("a file");
        fs::write(home.path().join(SINGLE_FILE), "abc").expect("a file");
        fs::write(home.path().join("other.safetensors"), "no part of it").expect("a file");
        // `printf abc | sha256sum`.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let expected = ModelFile {
            name: SINGLE_FILE.to_owned(),
            size_bytes: 3,
            sha256: abc.to_owned(),
        };
        assert_eq!(files_of(home.path()), [expected]);

        fs::remove_file(home.path().join(SINGLE_FILE)).expect("it was there");
        let index = r#"{"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"}}"#;
        fs::write(home.path().join(SHARD_INDEX), index).expect("a file");
        for name in ["model-1.safetensors", "model-2.safetensors", ADAPTER] {
            fs::write(home.path().join(name), name).expect("a file");
        }
        let names: Vec<String> = files_of(home.path())
            .into_iter()
            .map(|file| file.name)
            .collect();
        assert_eq!(
            names,
            [ADAPTER, "model-1.safetensors", "model-2.safetensors"]
        );
    }

    #[test]
    fn all_parts_of_a_split_model_are_named() {
        let home = tempfile::tempdir().expect("a directory");
        for part in 1..=2 {
            let name = format!("m-{part:05}-of-00002.gguf");
            fs::write(home.path().join(name), "abc").expect("a file");
        }
        let files = files_of(&home.path().join("m-00001-of-00002.gguf"));
        assert_eq!(files.len(), 2);
        assert_eq!(files[1].name, "m-00002-of-00002.gguf");
    }
}

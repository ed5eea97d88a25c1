//! What the hub says a model consists of.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::digest::Digest;

/// Most bytes of such a list: room for a hundred thousand files.
pub(super) const LONGEST_LIST: u64 = 32 << 20;

/// One commit of a model.
#[derive(Debug)]
pub(super) struct List {
    pub(super) commit: String,
    pub(super) files: BTreeMap<String, Listed>,
}

/// One file of it, as far as the hub tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) bytes: Option<u64>,
    pub(super) digest: Option<Digest>,
}

impl List {
    /// Reads the hub's answer. Nothing in it is checked yet.
    ///
    /// # Errors
    /// When it is no such answer.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let info: Info = serde_json::from_slice(json)?;
        let files = info.siblings.into_iter().map(Sibling::into_listed);
        Ok(Self {
            commit: info.sha,
            files: files.collect(),
        })
    }
}

#[derive(Deserialize)]
struct Info {
    sha: String,
    siblings: Vec<Sibling>,
}

/// The hub calls the files of a repository so. Sizes and hashes are told where they were asked for.
#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    lfs: Option<LargeFile>,
}

/// Of a file in git-LFS: `blobId` is that of its pointer then.
#[derive(Deserialize)]
struct LargeFile {
    sha256: Option<String>,
    size: Option<u64>,
}

impl Sibling {
    fn into_listed(self) -> (String, Listed) {
        let (bytes, digest) = match self.lfs {
            Some(large) => (large.size.or(self.size), large.sha256),
            None => (self.size, self.blob),
        };
        let digest = digest.and_then(|digest| Digest::of_etag(&digest));
        (self.rfilename, Listed { bytes, digest })
    }
}

/// Whether a file of a repository can have the same name in a folder: it stays in that folder, and every file system
/// takes it.
pub(super) fn is_file_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    (1..=200).contains(&name.len())
        && !name.contains(forbidden)
        && !name.starts_with('.')
        && !name.ends_with([' ', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::hub::names::LEADING_OUT;

    #[test]
    fn sizes_and_hashes_are_taken_where_they_are_told() {
        let sha256 = "f9343d7d7ec5c3d8bcced056c438fc9f1d3819e9ca3d42418a40857050e10e20";
        let blob = "be98037f7c542112c15a1d2fc7e2a2427e42cb50";
        let json = serde_json::json!({
            "sha": "abc",
            "private": false,
            "siblings": [
                {"rfilename": "plain"},
                {"rfilename": "small", "size": 304, "blobId": blob},
                {"rfilename": "large", "size": 22, "blobId": blob,
                 "lfs": {"sha256": sha256, "size": 22, "pointerSize": 127}},
            ],
        });
        let list = List::from_json(json.to_string().as_bytes()).expect("a list");
        assert_eq!(list.commit, "abc");
        let listed = |bytes, digest: &str| Listed {
            bytes: Some(bytes),
            digest: Digest::of_etag(digest),
        };
        assert_eq!(list.files["plain"], Listed::default());
        assert_eq!(list.files["small"], listed(304, blob));
        assert_eq!(list.files["large"], listed(22, sha256));
        for other in ["", "[]", r#"{"sha": 1}"#, r#"{"sha": "a"}"#] {
            assert!(List::from_json(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn no_file_is_listed_that_leads_out_of_its_folder() {
        for name in LEADING_OUT {
            assert!(!is_file_name(name), "{name}");
        }
        assert!(!is_file_name(&"a".repeat(201)));
        for name in [
            "config.json",
            "model-00001-of-00002.safetensors",
            "Zoë v1.gguf",
        ] {
            assert!(is_file_name(name), "{name}");
        }
    }
}

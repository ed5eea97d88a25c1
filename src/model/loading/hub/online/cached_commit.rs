//! Where the files of one commit are in the cache. The layout is that of Hugging Face's own tools, so that all of them
//! share what is there.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use super::digest::Digest;
use crate::model::loading::hub_id::HubId;

/// One commit of one model in the cache.
pub(super) struct CachedCommit {
    cache: PathBuf,
    /// The model's folder.
    model: PathBuf,
    repo: CacheRepo,
    commit: String,
}

impl CachedCommit {
    /// `commit` is a plain name.
    pub(super) fn new(cache: &Path, id: &HubId, commit: &str) -> Self {
        let repo = Repo::with_revision(id.repository.clone(), RepoType::Model, id.revision.clone());
        Self {
            cache: cache.to_owned(),
            model: cache.join(repo.folder_name()),
            repo: Cache::new(cache.to_owned()).repo(repo),
            commit: commit.to_owned(),
        }
    }

    /// Where a file of the commit is found by its name.
    pub(super) fn pointer(&self, name: &str) -> PathBuf {
        self.repo.pointer_path(&self.commit).join(name)
    }

    /// Where its content is.
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.model.join("blobs").join(etag)
    }

    /// Where its content is until it is whole.
    pub(super) fn part(&self, etag: &str) -> PathBuf {
        self.blob(&format!("{etag}.incomplete"))
    }

    /// The lock of a content, if no other program has it.
    ///
    /// # Errors
    /// When there can be no such file.
    pub(super) fn try_lock(&self, etag: &str) -> Result<Option<Lock>, (PathBuf, io::Error)> {
        let folder = self.model.file_name().unwrap_or_default();
        let path = self.cache.join(".locks").join(folder);
        let path = path.join(format!("{etag}.lock"));
        let opened = make_folder_of(&path).and_then(|()| {
            let mut options = File::options();
            options.create(true).truncate(false).write(true).open(&path)
        });
        let file = opened.map_err(|error| (path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                // Some network file systems know no locks: at worst two programs fetch the same.
                tracing::warn!("the cache cannot be locked: {error}");
                Ok(Some(Lock(file)))
            }
        }
    }

    /// Makes `pointer` lead to `blob`.
    ///
    /// # Errors
    /// When something is in the way.
    pub(super) fn link(&self, blob: &Path, pointer: &Path) -> io::Result<()> {
        make_folder_of(pointer)?;
        if leads_out(pointer, &self.model) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        if pointer.is_symlink() {
            fs::remove_file(pointer)?;
        }
        link(blob, pointer)
    }

    /// Takes a bad file out of the cache: what leads to it, and its content unless that is not the cache's.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(super) fn remove(pointer: &Path) -> io::Result<()> {
        let blob = pointer.canonicalize().ok();
        fs::remove_file(pointer)?;
        let model = pointer
            .ancestors()
            .nth(3)
            .and_then(|model| model.canonicalize().ok());
        match (blob, model) {
            (Some(blob), Some(model)) if blob.starts_with(&model) && blob.exists() => {
                fs::remove_file(blob)
            }
            _ => Ok(()),
        }
    }

    /// Notes which commit the revision stands at, unless that is there already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn note_revision(&self, revision: &str) -> io::Result<()> {
        let path = self.model.join("refs").join(revision);
        let known = fs::read_to_string(&path).is_ok_and(|known| known.trim() == self.commit);
        if known || revision == self.commit {
            return Ok(());
        }
        make_folder_of(&path)?;
        // In one step, and never through a link.
        let aside = path.with_added_extension(format!("{}.new", std::process::id()));
        let written = File::create_new(&aside)
            .and_then(|mut file| file.write_all(self.commit.as_bytes()))
            .and_then(|()| fs::rename(&aside, &path));
        written.inspect_err(|_| {
            let _ = fs::remove_file(&aside);
        })
    }
}

/// Held while a content is fetched; other programs see it.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file ends the lock")] File);

/// What is known of a file that is in the cache.
pub(super) fn digest_of(pointer: &Path) -> Option<Digest> {
    let blob = pointer.canonicalize().ok()?;
    Digest::of_etag(blob.file_name()?.to_str()?)
}

pub(super) fn make_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Whether the folder of `path` is elsewhere than in `model`, by a link in between.
fn leads_out(path: &Path, model: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    match (path.parent().and_then(real), real(model)) {
        (Some(folder), Some(model)) => !folder.starts_with(model),
        _ => true,
    }
}

#[cfg(unix)]
fn link(blob: &Path, pointer: &Path) -> io::Result<()> {
    // From `snapshots/<commit>/` to `blobs/`, as a relative link, so that the cache can be moved.
    let name = blob.file_name().unwrap_or_default();
    std::os::unix::fs::symlink(Path::new("../../blobs").join(name), pointer)
}

#[cfg(not(unix))]
fn link(blob: &Path, pointer: &Path) -> io::Result<()> {
    // Links need rights that few have.
    fs::rename(blob, pointer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::source::Source;

    fn commit(cache: &Path) -> CachedCommit {
        let Ok(Source::Hub(id)) = Source::parse("tiny/gpt2@v1") else {
            unreachable!("a hub id");
        };
        CachedCommit::new(cache, &id, "abc")
    }

    #[test]
    fn a_lock_is_held_by_one_at_a_time() {
        let cache = tempfile::tempdir().expect("a folder");
        let commit = commit(cache.path());
        let held = commit.try_lock("e").expect("writable");
        assert!(held.is_some());
        assert!(commit.try_lock("e").expect("writable").is_none());
        assert!(commit.try_lock("f").expect("writable").is_some());
        drop(held);
        assert!(commit.try_lock("e").expect("writable").is_some());
    }

    #[test]
    fn a_revision_is_noted_once_and_not_through_a_link() {
        let cache = tempfile::tempdir().expect("a folder");
        let commit = commit(cache.path());
        let refs = cache.path().join("models--tiny--gpt2/refs");
        commit.note_revision("abc").expect("nothing to note");
        assert!(!refs.exists());
        commit.note_revision("pr/1").expect("writable");
        assert_eq!(fs::read_to_string(refs.join("pr/1")).expect("noted"), "abc");
        #[cfg(unix)]
        {
            let outside = cache.path().join("outside");
            fs::write(&outside, "precious").expect("writable");
            std::os::unix::fs::symlink(&outside, refs.join("v1")).expect("writable");
            commit.note_revision("v1").expect("writable");
            assert_eq!(fs::read_to_string(&outside).expect("there"), "precious");
            assert_eq!(fs::read_to_string(refs.join("v1")).expect("noted"), "abc");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_leads_out_takes_no_file() {
        let cache = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        let commit = commit(cache.path());
        let pointer = commit.pointer("config.json");
        let snapshots = cache.path().join("models--tiny--gpt2/snapshots");
        fs::create_dir_all(&snapshots).expect("writable");
        std::os::unix::fs::symlink(outside.path(), snapshots.join("abc")).expect("writable");
        assert!(commit.link(&commit.blob("e"), &pointer).is_err());
        assert_eq!(fs::read_dir(outside.path()).expect("there").count(), 0);
    }
}

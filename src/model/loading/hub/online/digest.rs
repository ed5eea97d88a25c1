//! Whether a file is the one that the hub means.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// What the hub says the content of a file hashes to, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Digest {
    /// Of files in git-LFS: the content's SHA-256.
    Sha256(String),
    /// Of all others: git's name of the content, the SHA-1 of `blob`, its length and itself.
    GitBlob(String),
}

impl Digest {
    /// The digest that an etag of the hub is. Other servers have etags of their own kind.
    pub(super) fn of_etag(etag: &str) -> Option<Self> {
        let hex = etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (hex, etag.len()) {
            (true, 64) => Some(Self::Sha256(etag.to_ascii_lowercase())),
            (true, 40) => Some(Self::GitBlob(etag.to_ascii_lowercase())),
            _ => None,
        }
    }

    /// Its name for people.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::GitBlob(_) => "git hash",
        }
    }

    /// Whether the content of the file at `path` is the one that is meant; false for what cannot be read. `passed`
    /// hears how many bytes were read, and may break off.
    pub(super) fn is_of<E>(
        &self,
        path: &Path,
        passed: impl FnMut(u64) -> Result<(), E>,
    ) -> Result<bool, E> {
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let Ok((bytes, file)) = opened else {
            return Ok(false);
        };
        let mut hasher = Hasher::new(Some(self), bytes);
        let read = hasher.read(file, passed)?;
        Ok(read.is_ok() && hasher.agrees())
    }
}

/// Takes a digest of what passes by.
pub(super) struct Hasher<'a> {
    expected: Option<&'a Digest>,
    state: State,
}

enum State {
    None,
    Sha256(Sha256),
    Sha1(Sha1),
}

impl<'a> Hasher<'a> {
    /// For a content of `size` bytes; without an expected digest, any content agrees.
    pub(super) fn new(expected: Option<&'a Digest>, size: u64) -> Self {
        let state = match expected {
            None => State::None,
            Some(Digest::Sha256(_)) => State::Sha256(Sha256::new()),
            Some(Digest::GitBlob(_)) => {
                let mut sha1 = Sha1::new();
                sha1.update(format!("blob {size}\0"));
                State::Sha1(sha1)
            }
        };
        Self { expected, state }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::None => {}
            State::Sha256(sha256) => sha256.update(bytes),
            State::Sha1(sha1) => sha1.update(bytes),
        }
    }

    /// Takes all that `source` has. `passed` hears how many bytes were read, and may break off.
    pub(super) fn read<E>(
        &mut self,
        mut source: impl Read,
        mut passed: impl FnMut(u64) -> Result<(), E>,
    ) -> Result<io::Result<()>, E> {
        let mut buffer = [0; 1 << 16];
        let mut bytes = 0;
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(Ok(())),
                Ok(read) => {
                    self.update(&buffer[..read]);
                    bytes += read as u64;
                    passed(bytes)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// Whether what passed by is what was expected.
    pub(super) fn agrees(self) -> bool {
        let found = match self.state {
            State::None => String::new(),
            State::Sha256(sha256) => hex(&sha256.finalize()),
            State::Sha1(sha1) => hex(&sha1.finalize()),
        };
        match self.expected {
            None => true,
            Some(Digest::Sha256(expected) | Digest::GitBlob(expected)) => *expected == found,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of(digest: &Digest, path: &Path) -> bool {
        digest.is_of(path, |_| Ok::<(), ()>(())) == Ok(true)
    }

    #[test]
    fn contents_have_the_digests_that_git_and_sha256sum_give() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "hello\n").expect("writable");
        for etag in [
            // `git hash-object`, `sha256sum`.
            "ce013625030ba8dba906f756967f9e9ca394464a",
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        ] {
            let digest = Digest::of_etag(&etag.to_ascii_uppercase()).expect("a digest");
            assert!(is_of(&digest, file.path()), "{etag}");
            let other = Digest::of_etag(&etag.replace('f', "e")).expect("a digest");
            assert!(!is_of(&other, file.path()), "{etag}");
            assert!(!is_of(&digest, Path::new("/nowhere")));
        }
        for other in ["", "abc", "zz013625030ba8dba906f756967f9e9ca394464a"] {
            assert_eq!(Digest::of_etag(other), None);
        }
        assert!(Hasher::new(None, 3).agrees());
    }
}

//! The claim on a run: it is one process' from before its corpus is read until it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{LOCK, RunDirectory};
use crate::training::{Finished, RunEvent, TrainingError};

/// Bytes that the lock's file has from the beginning: room for a word on the end where the disk has none left.
const ROOM: usize = 1024;
/// Most bytes of it that tell what went wrong.
const SENTENCE: usize = 400;

/// A run that is this process' until this is dropped.
pub(in crate::training) struct Claim {
    lock: File,
    path: PathBuf,
    /// Whether there was nothing of this name before.
    made: bool,
    /// Whether the run is worth keeping: it has a recipe.
    kept: bool,
}

impl RunDirectory {
    /// Claims the run for this process. What is made for that goes again when the claim is dropped, unless it is kept.
    ///
    /// # Errors
    /// When another process has it.
    pub(in crate::training) fn claim(&self) -> Result<Claim, TrainingError> {
        let path = self.path.join(LOCK);
        let wrong = |error: io::Error| TrainingError::io(&path, error);
        loop {
            let made = !self.path.exists();
            fs::create_dir_all(&self.path).map_err(|error| TrainingError::io(&self.path, error))?;
            // Not emptied: it may be another process'.
            let mut options = OpenOptions::new();
            let options = options.create(true).truncate(false).read(true).write(true);
            let lock = match options.open(&path) {
                // Who had claimed it has just taken the directory away again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(wrong)?,
            };
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(TrainingError::Run(format!(
                        "the run `{}` is in use by another process; wait for it or choose another --run-name",
                        self.name()
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(wrong(error)),
            }
            if !is_at(&lock, &path) {
                continue;
            }
            let mut claim = Claim {
                lock,
                path: path.clone(),
                made,
                kept: false,
            };
            claim.fill(b"").map_err(wrong)?;
            return Ok(claim);
        }
    }

    /// Whether a process has claimed the run.
    pub fn is_claimed(&self) -> bool {
        let file = File::open(self.path.join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// The end that was noted in the lock's file, where there was no room elsewhere.
    pub(super) fn noted_end(&self) -> Option<RunEvent> {
        let file = File::open(self.path.join(LOCK)).ok()?;
        let mut text = String::new();
        file.take(ROOM as u64).read_to_string(&mut text).ok()?;
        serde_json::from_str(text.trim())
            .ok()
            .map(RunEvent::Finished)
    }
}

/// Whether an open file is the one that a path leads to, and not one that was deleted meanwhile.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |data: io::Result<fs::Metadata>| data.map(|data| (data.dev(), data.ino())).ok();
    let here = number(file.metadata());
    here.is_some() && here == number(fs::metadata(path))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

impl Claim {
    /// Keeps what the claim made.
    pub(in crate::training) fn keep(&mut self) {
        self.kept = true;
    }

    /// Notes the end of a run whose own files could not take it: its room was taken beforehand.
    pub(in crate::training) fn note(&mut self, finished: &Finished) -> Result<(), TrainingError> {
        let sentence = finished.failure.as_ref().map(|text| {
            let end = text.floor_char_boundary(SENTENCE);
            text[..end].to_owned()
        });
        let short = Finished {
            checkpoint: None,
            failure: sentence,
            ..finished.clone()
        };
        let text = serde_json::to_vec(&short).unwrap_or_default();
        self.fill(&text)
            .map_err(|error| TrainingError::io(&self.path, error))
    }

    fn fill(&mut self, text: &[u8]) -> io::Result<()> {
        let mut room = text.to_vec();
        room.resize(ROOM, b' ');
        self.lock.seek(SeekFrom::Start(0))?;
        self.lock.write_all(&room)?;
        self.lock.sync_data()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.made && !self.kept {
            // Only the lock is there; what another put beside it stays.
            let _ = fs::remove_file(&self.path);
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::FinishReason;

    #[test]
    fn a_claim_is_ones_own_and_leaves_nothing_unless_it_is_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let run = RunDirectory::of(directory.path(), "one");
        let claim = run.claim().expect("a claim");
        let error = run.claim().err().expect("in use").to_string();
        assert!(error.contains("`one` is in use"), "{error}");
        assert!(run.is_claimed());
        drop(claim);
        assert!(!run.path().exists());
        let mut claim = run.claim().expect("a claim");
        claim.keep();
        drop(claim);
        assert!(run.path().exists() && !run.is_claimed());
    }

    #[test]
    fn an_end_is_noted_in_room_that_was_taken_before() {
        let directory = tempfile::tempdir().expect("a directory");
        let run = RunDirectory::of(directory.path(), "one");
        let mut claim = run.claim().expect("a claim");
        assert_eq!(run.noted_end(), None);
        let finished = Finished {
            reason: FinishReason::DiskFull,
            step: 7,
            smoothed: 1.5,
            mean_loss: None,
            best_validation: None,
            elapsed: 1.0,
            checkpoint: Some("gone".to_owned()),
            failure: Some("é".repeat(1000)),
        };
        claim.note(&finished).expect("room");
        let length = fs::metadata(run.path().join(LOCK)).expect("the lock").len();
        assert_eq!(length, ROOM as u64);
        let Some(RunEvent::Finished(found)) = run.noted_end() else {
            panic!("no end");
        };
        assert_eq!((found.reason, found.step), (FinishReason::DiskFull, 7));
        // Who claims it next begins anew.
        claim.keep();
        drop(claim);
        let _claim = run.claim().expect("a claim");
        assert_eq!(run.noted_end(), None);
    }
}

//! How far each lesson was walked, kept in a file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::private;

/// How far a lesson was walked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The first step that was not done, from 0.
    pub step: usize,
    /// It was walked to its end.
    pub done: bool,
}

/// How far each lesson was walked, by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress(BTreeMap<String, Reached>);

impl Progress {
    pub fn of(&self, lesson: &str) -> Reached {
        self.0.get(lesson).copied().unwrap_or_default()
    }

    /// Takes in that a step was done, the last one or not. Returns whether that is news.
    pub fn reach(&mut self, lesson: String, step: usize, is_last: bool) -> bool {
        let reached = self.0.entry(lesson).or_default();
        let before = *reached;
        reached.step = if is_last { 0 } else { step + 1 };
        reached.done |= is_last;
        *reached != before
    }

    /// Reads it; where there is none, or none that can be read, no lesson was walked.
    pub fn read(path: &Path) -> Self {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("{}: {error}", path.display());
                }
                return Self::default();
            }
        };
        serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!("{}: {error}", path.display());
            Self::default()
        })
    }

    /// Writes it, whole or not at all, for its owner alone.
    ///
    /// # Errors
    /// When the file or its folder cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            private::directory(folder)?;
        }
        let beside = path.with_extension("new");
        private::create(&beside)?.write_all(&serde_json::to_vec_pretty(self)?)?;
        fs::rename(&beside, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_is_kept_and_a_broken_file_is_none() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("state/lessons.json");
        let mut progress = Progress::read(&path);
        assert_eq!(progress.of("01-a"), Reached::default());
        assert!(progress.reach("01-a".to_owned(), 0, false));
        assert!(!progress.reach("01-a".to_owned(), 0, false), "no news");
        assert!(progress.reach("02-b".to_owned(), 4, true));
        progress.write(&path).expect("written");
        let read = Progress::read(&path);
        assert_eq!(read, progress);
        assert_eq!(
            read.of("01-a"),
            Reached {
                step: 1,
                done: false
            }
        );
        assert_eq!(
            read.of("02-b"),
            Reached {
                step: 0,
                done: true
            }
        );
        // Once done it stays so, also when it is walked again.
        progress.reach("02-b".to_owned(), 1, false);
        assert_eq!(
            progress.of("02-b"),
            Reached {
                step: 2,
                done: true
            }
        );
        fs::write(&path, "[]").expect("written");
        assert_eq!(Progress::read(&path), Progress::default());
    }
}

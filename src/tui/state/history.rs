//! The prompts that were run, newest last, kept across sessions in a file with one JSON string a line.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::config::private;

/// Prompts kept.
const BOUND: usize = 500;
/// A longer prompt is not kept: the file is for recall, not for storage.
const LONGEST: usize = 64 * 1024;

/// Past prompts, and where in them the user is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    entries: Vec<String>,
    /// The entry that is shown; none while the user's own text is.
    at: Option<usize>,
    /// The user's own text while an entry is shown.
    own: String,
}

impl History {
    /// The prompts of earlier sessions.
    pub fn new(mut entries: Vec<String>) -> Self {
        entries.drain(..entries.len().saturating_sub(BOUND));
        Self {
            entries,
            at: None,
            own: String::new(),
        }
    }

    /// Notes a prompt that is run. Returns whether it is new and worth keeping.
    pub fn add(&mut self, prompt: &str) -> bool {
        self.at = None;
        let worth = !prompt.trim().is_empty()
            && prompt.len() <= LONGEST
            && self.entries.last().is_none_or(|last| last != prompt);
        if worth {
            self.entries.push(prompt.to_owned());
            self.entries
                .drain(..self.entries.len().saturating_sub(BOUND));
        }
        worth
    }

    /// The prompt before the one shown; `current` is kept to come back to.
    pub fn previous(&mut self, current: &str) -> Option<&str> {
        let at = match self.at {
            None => {
                current.clone_into(&mut self.own);
                self.entries.len().checked_sub(1)?
            }
            Some(at) => at.checked_sub(1)?,
        };
        self.at = Some(at);
        self.entries.get(at).map(String::as_str)
    }

    /// The prompt after the one shown, at last the user's own text.
    pub fn next(&mut self) -> Option<&str> {
        let at = self.at? + 1;
        self.at = (at < self.entries.len()).then_some(at);
        Some(self.entries.get(at).unwrap_or(&self.own))
    }
}

/// Reads a history file; lines that are no prompts are passed over. A file that is not there is empty. A file that
/// grew to twice the bound is cut.
///
/// # Errors
/// When the file is there and cannot be read or cut.
pub fn read(path: &Path) -> io::Result<Vec<String>> {
    let text = match fs::read_to_string(path) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        other => other?,
    };
    let mut entries: Vec<String> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if entries.len() >= 2 * BOUND {
        entries.drain(..entries.len() - BOUND);
        let lines: String = entries.iter().map(|entry| line(entry)).collect();
        let beside = path.with_extension("new");
        private::create(&beside)?.write_all(lines.as_bytes())?;
        fs::rename(&beside, path)?;
    }
    Ok(entries)
}

/// Appends a prompt to a history file, which only its owner may read.
///
/// # Errors
/// When the file or its folder cannot be written.
pub fn append(path: &Path, prompt: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private::directory(folder)?;
    }
    private::append(path)?.write_all(line(prompt).as_bytes())
}

fn line(prompt: &str) -> String {
    format!("{}\n", serde_json::Value::from(prompt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recall_goes_back_and_returns_to_the_own_text() {
        let mut history = History::new(vec!["one".into(), "two".into()]);
        assert_eq!(history.previous("draft"), Some("two"));
        assert_eq!(history.previous("two"), Some("one"));
        assert_eq!(history.previous("one"), None);
        assert_eq!(history.next(), Some("two"));
        assert_eq!(history.next(), Some("draft"));
        assert_eq!(history.next(), None);
    }

    #[test]
    fn blanks_and_repeats_are_not_kept() {
        let mut history = History::default();
        assert!(history.add("one"));
        assert!(!history.add("one"));
        assert!(!history.add("  \n"));
        assert!(!history.add(&"x".repeat(LONGEST + 1)));
        assert_eq!(history.entries, ["one"]);
    }

    #[test]
    fn the_file_keeps_newlines_and_is_bounded() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("state").join("history.jsonl");
        assert_eq!(
            read(&path).expect("no file is no error"),
            Vec::<String>::new()
        );
        append(&path, "a\nb \"c\"").expect("written");
        assert_eq!(read(&path).expect("read"), ["a\nb \"c\""]);
        for at in 0..2 * BOUND {
            append(&path, &at.to_string()).expect("written");
        }
        let kept = read(&path).expect("read");
        assert_eq!(kept.len(), BOUND);
        assert_eq!(read(&path).expect("read again"), kept);
    }
}

//! Documents out of plain text.

use std::io::BufRead;
use std::path::Path;

use super::open::Input;
use super::{CorpusError, Reader, Reason, Split};

/// A document is handed on in pieces of at least this many bytes.
const PIECE: usize = 1 << 16;

impl Reader<'_> {
    pub(super) fn text(
        &mut self,
        path: &Path,
        mut input: Input,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let mut pending = Pending::default();
        let mut raw = Vec::new();
        let mut number = 0;
        loop {
            raw.clear();
            let read = input.read_until(b'\n', &mut raw);
            if read.map_err(|error| CorpusError::file(path, error))? == 0 {
                break;
            }
            number += 1;
            self.progress.bytes = bytes();
            let Ok(line) = std::str::from_utf8(&raw) else {
                // A line of one document among many spoils that document, and no other.
                match self.settings.split {
                    Split::Lines => self.skip(path, number, Reason::NotUtf8)?,
                    _ => pending.spoil(number),
                }
                continue;
            };
            match &self.settings.split {
                Split::Lines => {
                    self.document(path, number, line.trim_end_matches(['\n', '\r']), bytes())?
                }
                Split::File => self.add(path, &mut pending, line, number)?,
                Split::At(separator) => {
                    let separator = separator.clone();
                    let mut parts = line.split(separator.as_str());
                    let first = parts.next().unwrap_or_default();
                    self.add(path, &mut pending, first, number)?;
                    for part in parts {
                        self.end(path, &mut pending)?;
                        // The line break after a separator is no part of the next document.
                        let part = part.trim_start_matches(['\n', '\r']);
                        self.add(path, &mut pending, part, number)?;
                    }
                }
            }
        }
        match self.settings.split {
            Split::Lines => Ok(()),
            Split::At(_) if pending.is_blank() && !self.open_document => Ok(()),
            _ => self.end(path, &mut pending),
        }
    }

    /// Adds a line to the document under way, and hands a piece on where that is safe.
    fn add(
        &mut self,
        path: &Path,
        pending: &mut Pending,
        line: &str,
        number: u64,
    ) -> Result<(), CorpusError> {
        if pending.text.is_empty() {
            pending.line = number;
        }
        let quiet = pending.text.ends_with('\n') && !pending.text.ends_with("\n\n");
        let starts = line.chars().next().is_some_and(|c| !c.is_whitespace());
        if pending.text.len() >= PIECE && quiet && starts && pending.spoiled.is_none() {
            let text = std::mem::take(&mut pending.text);
            if let Some(text) = self.filtered(path, pending.line, &text)? {
                self.hand_on(text, false)?;
            }
        }
        pending.text.push_str(line);
        Ok(())
    }

    /// Ends the document under way.
    fn end(&mut self, path: &Path, pending: &mut Pending) -> Result<(), CorpusError> {
        let pending = std::mem::take(pending);
        if let Some(line) = pending.spoiled {
            if self.open_document {
                self.hand_on(String::new(), true)?;
            }
            return self.skip(path, line, Reason::NotUtf8);
        }
        let text = pending.text.strip_suffix('\n').unwrap_or(&pending.text);
        if self.open_document {
            // What was handed on made it long enough.
            let text = self.allowed(path, pending.line, text)?;
            let rest = self.settings.filters.apply(&text).unwrap_or_default();
            return self.hand_on(rest, true);
        }
        match self.filtered(path, pending.line.max(1), text)? {
            Some(text) => self.hand_on(text, true),
            None => Ok(()),
        }
    }
}

/// The document under way, as far as it was not handed on.
#[derive(Default)]
struct Pending {
    text: String,
    /// Where it starts.
    line: u64,
    /// A line of it that is not UTF-8.
    spoiled: Option<u64>,
}

impl Pending {
    fn spoil(&mut self, line: u64) {
        self.spoiled.get_or_insert(line);
    }

    fn is_blank(&self) -> bool {
        self.spoiled.is_none() && self.text.trim().is_empty()
    }
}

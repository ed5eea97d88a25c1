//! Documents out of plain text.

use std::borrow::Cow;
use std::path::Path;

use super::cuts::{LONGEST, PIECE, cut};
use super::open::Input;
use super::{CorpusError, MALFORMED, Reader, Reason, Split, lost};

impl Reader<'_> {
    pub(super) fn text(
        &mut self,
        path: &Path,
        mut input: Input,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let settings = self.settings;
        let separator = match &settings.split {
            Split::At(separator) => Some(Separator::new(separator)),
            Split::File | Split::Lines => None,
        };
        let separator = separator.filter(|separator| !separator.text.is_empty());
        let mut pending = Pending::default();
        let (mut line, mut number) = (String::new(), 1);
        loop {
            line.clear();
            let read = input.read_part(&mut line, LONGEST);
            let Some(ended) = read.map_err(|error| CorpusError::file(path, error))? else {
                break;
            };
            self.progress.bytes = bytes();
            let sound = self.sound(path, number, &line, separator.as_ref())?;
            pending.spoiled |= sound.len() < line.len();
            match &settings.split {
                // What is not sound is counted as that, and not as empty.
                Split::Lines if sound.is_empty() => {}
                Split::Lines if ended && pending.text.is_empty() && !self.open_document => {
                    self.document(path, number, sound.trim_end_matches('\n'), bytes())?;
                }
                Split::Lines => {
                    self.add(
                        path,
                        &mut pending,
                        sound.trim_end_matches('\n'),
                        number,
                        None,
                    )?;
                }
                Split::File | Split::At(_) => {
                    self.add(path, &mut pending, &sound, number, separator.as_ref())?;
                }
            }
            if ended && settings.split == Split::Lines {
                self.end_long_line(path, &mut pending)?;
            }
            number += u64::from(ended);
        }
        match settings.split {
            Split::Lines | Split::At(_) if pending.is_blank() && !self.open_document => Ok(()),
            _ => self.end(path, &mut pending),
        }
    }

    /// A line without what of it is malformed: all of it, or, where documents are cut within lines, those parts.
    fn sound<'a>(
        &mut self,
        path: &Path,
        number: u64,
        line: &'a str,
        separator: Option<&Separator>,
    ) -> Result<Cow<'a, str>, CorpusError> {
        if !line.contains(MALFORMED) {
            return Ok(Cow::Borrowed(line));
        }
        let separator = separator.map_or("\n", |separator| separator.text.as_str());
        let mut sound = String::new();
        for part in line.split_inclusive(separator) {
            if !part.contains(MALFORMED) {
                sound.push_str(part);
                continue;
            }
            self.skip(path, number, lost(part), Reason::NotUtf8)?;
            // The documents before and after it stay two.
            if separator != "\n" && part.ends_with(separator) {
                sound.push_str(separator);
            }
        }
        Ok(Cow::Owned(sound))
    }

    /// Adds a line, or a part of a long one, to the document under way; ends it at a separator, and hands a piece on
    /// where that is safe.
    fn add(
        &mut self,
        path: &Path,
        pending: &mut Pending,
        line: &str,
        number: u64,
        separator: Option<&Separator>,
    ) -> Result<(), CorpusError> {
        let line = if pending.text.is_empty() && pending.after_breaks {
            line.trim_start_matches('\n')
        } else {
            line
        };
        if line.is_empty() {
            return Ok(());
        }
        if pending.text.is_empty() {
            pending.line = number;
        }
        pending.after_breaks = false;
        let before = pending.text.len();
        pending.text.push_str(line);
        if let Some(separator) = separator
            && self.split(path, pending, before, number, separator)?
        {
            return Ok(());
        }
        let text = &pending.text;
        let starts = line.chars().next().is_some_and(|c| !c.is_whitespace());
        let quiet = text[..before].ends_with('\n') && !text[..before].ends_with("\n\n");
        let place = match before >= PIECE && quiet && starts {
            true => Some(before),
            false if text.len() > LONGEST => last_cut(text),
            false => None,
        };
        let begun = |at: &usize| separator.is_some_and(|separator| separator.begins(text, *at));
        if let Some(at) = place.filter(|at| !begun(at)) {
            let rest = pending.text.split_off(at);
            let text = std::mem::replace(&mut pending.text, rest);
            if let Some(text) = self.filtered(path, pending.line, &text)? {
                self.hand_on(&text, false)?;
            }
            pending.line = number;
        }
        Ok(())
    }

    /// Ends documents at the separators in the text under way, of which the first `seen` bytes have none. Returns
    /// whether there was one.
    fn split(
        &mut self,
        path: &Path,
        pending: &mut Pending,
        seen: usize,
        number: u64,
        separator: &Separator,
    ) -> Result<bool, CorpusError> {
        let from = seen.saturating_sub(separator.text.len() - 1);
        let from = pending.text.floor_char_boundary(from);
        let Some(first) = pending.text[from..].find(&separator.text) else {
            return Ok(false);
        };
        let all = std::mem::take(&mut pending.text);
        let (mut start, mut end) = (0, from + first);
        loop {
            all[start..end].clone_into(&mut pending.text);
            self.end(path, pending)?;
            start = end + separator.text.len();
            let rest = &all[start..];
            // The line break after a separator is no part of the next document; after one of line breaks no number
            // of them is.
            let trimmed = if separator.is_line_breaks {
                rest.trim_start_matches('\n')
            } else {
                rest.strip_prefix('\n').unwrap_or(rest)
            };
            start += rest.len() - trimmed.len();
            pending.line = number;
            match trimmed.find(&separator.text) {
                Some(at) => end = start + at,
                None => break,
            }
        }
        all[start..].clone_into(&mut pending.text);
        pending.after_breaks = separator.is_line_breaks && pending.text.is_empty();
        Ok(true)
    }

    /// Ends a line that came in parts, if that was one.
    fn end_long_line(&mut self, path: &Path, pending: &mut Pending) -> Result<(), CorpusError> {
        if pending.text.is_empty() && !self.open_document {
            Ok(())
        } else {
            self.end(path, pending)
        }
    }

    /// Ends the document under way.
    fn end(&mut self, path: &Path, pending: &mut Pending) -> Result<(), CorpusError> {
        let pending = std::mem::take(pending);
        let text = pending.text.strip_suffix('\n').unwrap_or(&pending.text);
        if self.open_document {
            // What was handed on made it long enough.
            let text = self.allowed(path, pending.line, text)?;
            let rest = self.settings.filters.apply(&text).unwrap_or_default();
            return self.hand_on(&rest, true);
        }
        if pending.spoiled && text.trim().is_empty() {
            // What it held is counted already.
            return Ok(());
        }
        match self.filtered(path, pending.line.max(1), text)? {
            Some(text) => self.hand_on(&text, true),
            None => Ok(()),
        }
    }
}

/// The last good place to cut a long text at.
fn last_cut(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = cut(&text[at..]) {
        at += next;
    }
    (at > 0).then_some(at)
}

/// The document under way, as far as it was not handed on.
#[derive(Default)]
struct Pending {
    text: String,
    /// Where it starts.
    line: u64,
    /// Whether something of it was left out.
    spoiled: bool,
    /// Whether line breaks that come now belong to the separator before.
    after_breaks: bool,
}

impl Pending {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// What separates documents, with its line breaks as texts have them here.
struct Separator {
    text: String,
    is_line_breaks: bool,
}

impl Separator {
    fn new(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        Self {
            is_line_breaks: text.chars().all(|c| c == '\n'),
            text,
        }
    }

    /// Whether one may begin before `at` that goes on after it.
    fn begins(&self, text: &str, at: usize) -> bool {
        let from = text.floor_char_boundary(at.saturating_sub(self.text.len() - 1));
        let mut starts = text[from..at].char_indices().map(|(start, _)| from + start);
        starts.any(|start| self.text.starts_with(&text[start..]))
    }
}

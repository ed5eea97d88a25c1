//! Documents out of a column of a table.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::open::Input;
use super::{CorpusError, Reader, Reason};

/// What gpt-2-simple puts around the texts of a table of one column.
const START_OF_TEXT: &str = "<|startoftext|>";
const END_OF_TEXT: &str = "<|endoftext|>";

impl Reader<'_> {
    pub(super) fn table(
        &mut self,
        path: &Path,
        input: Input,
        separator: u8,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let mut rows = ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .from_reader(input);
        let header = rows
            .byte_headers()
            .map_err(|error| CorpusError::file(path, error))?
            .clone();
        let column = self.column(path, &header)?;
        let alone = || (START_OF_TEXT.to_owned(), END_OF_TEXT.to_owned());
        let wrap = self.settings.wrap.clone();
        let wrap = wrap.or_else(|| (header.len() == 1).then(alone));
        let mut row = ByteRecord::new();
        loop {
            let more = rows.read_byte_record(&mut row);
            let line = row.position().map_or(1, csv::Position::line);
            match more {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                Err(error) => {
                    if error.is_io_error() {
                        return Err(CorpusError::file(path, error));
                    }
                    self.skip(path, line, Reason::Malformed(error.to_string()))?;
                    continue;
                }
            }
            let Some(cell) = row.get(column) else {
                let name = String::from_utf8_lossy(header.get(column).unwrap_or_default());
                self.skip(path, line, Reason::Missing(name.into_owned()))?;
                continue;
            };
            let Ok(text) = std::str::from_utf8(cell) else {
                self.skip(path, line, Reason::NotUtf8)?;
                continue;
            };
            match &wrap {
                // An empty cell must be seen as one.
                Some((start, end)) if !text.trim().is_empty() => {
                    self.document(path, line, &format!("{start}{text}{end}"), bytes())?
                }
                _ => self.document(path, line, text, bytes())?,
            }
        }
    }

    fn column(&self, path: &Path, header: &ByteRecord) -> Result<usize, CorpusError> {
        let names: Vec<String> = header
            .iter()
            .map(|name| {
                String::from_utf8_lossy(name)
                    .trim_start_matches('\u{feff}')
                    .to_owned()
            })
            .collect();
        match &self.settings.column {
            None if names.len() == 1 => Ok(0),
            None => Err(CorpusError::file(
                path,
                format!(
                    "has {} columns; name one with --column: {}",
                    names.len(),
                    names.join(", ")
                ),
            )),
            Some(wanted) => names.iter().position(|name| name == wanted).ok_or_else(|| {
                CorpusError::file(
                    path,
                    format!("has no column `{wanted}`; it has {}", names.join(", ")),
                )
            }),
        }
    }
}

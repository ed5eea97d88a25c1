//! Documents out of a column of a table.

use std::io::BufRead;
use std::path::Path;

use super::open::Input;
use super::rows::{Row, Rows};
use super::separator;
use super::{CorpusError, Reader, Reason};

/// What gpt-2-simple puts around the texts of a table of one column.
const START_OF_TEXT: &str = "<|startoftext|>";
const END_OF_TEXT: &str = "<|endoftext|>";

impl Reader<'_> {
    pub(super) fn table(
        &mut self,
        path: &Path,
        mut input: Input,
        named: u8,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let wrong = |error: std::io::Error| CorpusError::file(path, error);
        let separator = self.separator(path, &mut input, named)?;
        let mut rows = Rows::new(input, separator);
        let Some(header) = rows.next().map_err(wrong)? else {
            return self.skip(path, 1, 0, Reason::Empty);
        };
        if let Some(problem) = header.problem {
            return Err(CorpusError::file(path, format!("the header: {problem}")));
        }
        let names = header.cells;
        let column = self.column(path, &names)?;
        let alone = || (START_OF_TEXT.to_owned(), END_OF_TEXT.to_owned());
        let wrap = self.settings.wrap.clone();
        let wrap = wrap.or_else(|| (names.len() == 1).then(alone));
        while let Some(row) = rows.next().map_err(wrong)? {
            let text = match cell(&row, column, &names) {
                Ok(text) => text,
                Err(reason) => {
                    self.skip(path, row.line, row.bytes, reason)?;
                    continue;
                }
            };
            match &wrap {
                // An empty cell must be seen as one.
                Some((start, end)) if !text.trim().is_empty() => {
                    let text = format!("{start}{text}{end}");
                    self.document(path, row.line, &text, bytes())?;
                }
                _ => self.document(path, row.line, text, bytes())?,
            }
        }
        Ok(())
    }

    /// What separates the columns: what was asked for, or what the table's beginning shows.
    fn separator(&mut self, path: &Path, input: &mut Input, named: u8) -> Result<u8, CorpusError> {
        if let Some(wanted) = self.settings.separator {
            return u8::try_from(wanted)
                .ok()
                .filter(u8::is_ascii)
                .ok_or_else(|| {
                    CorpusError::file(
                        path,
                        format!(
                            "`{wanted}` separates no columns; name an ASCII character, or `tab`"
                        ),
                    )
                });
        }
        let start = input.fill_buf();
        let start = start.map_err(|error| CorpusError::file(path, error))?;
        let start = String::from_utf8_lossy(start);
        let found = separator::separator(&start, named).map_err(|separator::Unclear| {
            let header = start.lines().next().unwrap_or_default();
            let header: String = header.chars().take(60).collect();
            CorpusError::file(
                path,
                format!("it is not clear what separates the columns of `{header}`; name it with --separator"),
            )
        })?;
        if found != named {
            let what = format!("has columns separated by {}", separator::name(found));
            self.tally.remark(&path.display().to_string(), &what);
        }
        Ok(found)
    }

    fn column(&self, path: &Path, names: &[String]) -> Result<usize, CorpusError> {
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

/// The text of a row's column.
fn cell<'a>(row: &'a Row, column: usize, names: &[String]) -> Result<&'a str, Reason> {
    if let Some(problem) = row.problem {
        return Err(Reason::Malformed(problem.to_owned()));
    }
    // Where a row has more in it than the header, its cells are not what they seem, or a text is torn apart.
    let more = row.cells.iter().skip(names.len());
    if more.into_iter().any(|cell| !cell.is_empty()) {
        return Err(Reason::Malformed(format!(
            "{} cells, where the header has {}; put texts with separators in quotes",
            row.cells.len(),
            names.len()
        )));
    }
    let text = row.cells.get(column);
    text.map(String::as_str)
        .ok_or_else(|| Reason::Missing(names[column].clone()))
}

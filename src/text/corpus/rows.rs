//! Tables row by row, as RFC 4180 has them: a cell in quotes may hold separators, line breaks and doubled quotes. The
//! usual readers take a quote that is never closed for one around all rows that follow; here it spoils its line alone.

use std::io::{self, BufRead};

/// No row is longer, in bytes: a quote that is open for so long was never meant to be one.
const LONGEST: usize = 1 << 26;

/// A row, or a line that is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The line that it begins in, from 1.
    pub(super) line: u64,
    /// Its length in bytes.
    pub(super) bytes: u64,
    pub(super) cells: Vec<String>,
    /// Why it is none.
    pub(super) problem: Option<&'static str>,
}

/// Reads rows.
pub(super) struct Rows<R> {
    input: R,
    separator: char,
    /// Lines that were read, of which those from `start` on belong to no row yet.
    text: String,
    start: usize,
    /// The line that begins at `start`, from 0.
    line: u64,
}

impl<R: BufRead> Rows<R> {
    /// Of a text whose line breaks are LF.
    pub(super) fn new(input: R, separator: u8) -> Self {
        Self {
            input,
            separator: char::from(separator),
            text: String::new(),
            start: 0,
            line: 0,
        }
    }

    /// The next row. Lines without anything in them are passed over.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            if self.start == self.text.len() {
                self.text.clear();
                self.start = 0;
                if !self.more()? {
                    return Ok(None);
                }
            }
            let mut row = Row {
                line: self.line + 1,
                ..Row::default()
            };
            let end = match self.cells(&mut row.cells)? {
                Ok(end) => end,
                Err(problem) => {
                    row.problem = Some(problem);
                    row.cells.clear();
                    let rest = &self.text[self.start..];
                    self.start + rest.find('\n').map_or(rest.len(), |at| at + 1)
                }
            };
            let taken = &self.text[self.start..end];
            row.bytes = taken.len() as u64;
            self.line += taken.matches('\n').count().max(1) as u64;
            self.start = end;
            if row.bytes > 1 || row.cells != [""] {
                return Ok(Some(row));
            }
        }
    }

    /// The cells of the row at `start`, and where it ends.
    fn cells(&mut self, cells: &mut Vec<String>) -> io::Result<Result<usize, &'static str>> {
        let mut at = self.start;
        loop {
            let mut cell = String::new();
            if self.text[at..].starts_with('"') {
                at += 1;
                loop {
                    let Some(quote) = self.text[at..].find('"') else {
                        cell.push_str(&self.text[at..]);
                        at = self.text.len();
                        if at - self.start > LONGEST || !self.more()? {
                            return Ok(Err(UNCLOSED));
                        }
                        continue;
                    };
                    cell.push_str(&self.text[at..at + quote]);
                    at += quote + 1;
                    if !self.text[at..].starts_with('"') {
                        break;
                    }
                    cell.push('"');
                    at += 1;
                }
            } else {
                let rest = &self.text[at..];
                let end = rest.find(['\n', self.separator]).unwrap_or(rest.len());
                cell.push_str(&rest[..end]);
                at += end;
            }
            cells.push(cell);
            match self.text[at..].chars().next() {
                None => return Ok(Ok(at)),
                Some('\n') => return Ok(Ok(at + 1)),
                Some(c) if c == self.separator => at += c.len_utf8(),
                Some(_) => return Ok(Err(UNCLOSED)),
            }
        }
    }

    /// Reads a line more; false at the end.
    fn more(&mut self) -> io::Result<bool> {
        Ok(self.input.read_line(&mut self.text)? > 0)
    }
}

const UNCLOSED: &str = "a quote begins a cell and is not closed where the cell ends; close it, and double the quotes within it";

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, separator: u8) -> Vec<(u64, Result<Vec<String>, &'static str>)> {
        let mut rows = Rows::new(text.as_bytes(), separator);
        let mut found = Vec::new();
        while let Some(row) = rows.next().expect("memory") {
            let cells = row.problem.map_or(Ok(row.cells), Err);
            found.push((row.line, cells));
        }
        found
    }

    fn cells(cells: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quoted_cells_hold_anything() {
        let text = "a,b\n\n\"two\nlines, one \"\"cell\"\"\",x\n,\"\"\n5\" wide,\"end\"";
        assert_eq!(
            rows(text, b','),
            [
                (1, cells(&["a", "b"])),
                (3, cells(&["two\nlines, one \"cell\"", "x"])),
                (5, cells(&["", ""])),
                (6, cells(&["5\" wide", "end"])),
            ]
        );
        assert_eq!(rows("", b','), []);
    }

    #[test]
    fn a_quote_that_is_not_closed_spoils_its_line_alone() {
        let text =
            "id\ttitle\n0\t\"Hello, he said\n1\tfine\n2\t\"Hello\" he said\n3\t\"good\"\n4\t\"open";
        assert_eq!(
            rows(text, b'\t'),
            [
                (1, cells(&["id", "title"])),
                (2, Err(UNCLOSED)),
                (3, cells(&["1", "fine"])),
                (4, Err(UNCLOSED)),
                (5, cells(&["3", "good"])),
                (6, Err(UNCLOSED)),
            ]
        );
    }
}

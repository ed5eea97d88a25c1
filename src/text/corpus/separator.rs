//! Which character separates the columns of a table: the one that its name says, or another where the rows are clear
//! about it.

use super::rows::Rows;

/// What tables are separated by.
const KNOWN: [u8; 4] = [b',', b'\t', b';', b'|'];

/// What is not clear.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclear;

/// The separator of a table that begins with `start`, of which the last row may be cut off.
pub(super) fn separator(start: &str, named: u8) -> Result<u8, Unclear> {
    let found = KNOWN.map(|separator| (separator, Shape::of(start, separator)));
    let fitting: Vec<u8> = found
        .iter()
        .filter(|(_, shape)| shape.fits())
        .map(|(separator, _)| *separator)
        .collect();
    let columns = |wanted: u8| {
        let shape = found.iter().find(|(separator, _)| *separator == wanted);
        shape.map_or(0, |(_, shape)| shape.columns)
    };
    match fitting.as_slice() {
        fitting if fitting.contains(&named) => Ok(named),
        [one] => Ok(*one),
        // One column; or the rows that disagree with the header are named one by one.
        [] if columns(named) > 1 || KNOWN.iter().all(|known| columns(*known) <= 1) => Ok(named),
        _ => Err(Unclear),
    }
}

/// A separator as one writes it.
pub(super) fn name(separator: u8) -> String {
    match separator {
        b'\t' => "tab".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}

/// What a table looks like when it is cut at a separator.
struct Shape {
    /// Of the header.
    columns: usize,
    rows: usize,
    /// How many have as many cells as the header.
    like_header: usize,
}

impl Shape {
    fn of(start: &str, separator: u8) -> Self {
        let mut rows = Rows::new(start.as_bytes(), separator);
        let mut counts = Vec::new();
        while let Ok(Some(row)) = rows.next() {
            counts.push(row.cells.len());
        }
        if counts.len() > 2 {
            counts.pop();
        }
        let columns = counts.first().copied().unwrap_or(0);
        let like_header = counts.iter().skip(1).filter(|count| **count == columns);
        Self {
            columns,
            rows: counts.len().saturating_sub(1),
            like_header: like_header.count(),
        }
    }

    /// Whether nearly all rows have the columns of the header, and there are several.
    fn fits(&self) -> bool {
        self.columns > 1 && self.like_header * 10 >= self.rows * 9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_rows_agree_on_separates_them() {
        for (text, named, expected) in [
            ("a,b\n1,2\n3,4\n5,6\n", b',', Ok(b',')),
            (
                "id;title\n0;\"one, two\"\n1;three\n2;four\n",
                b',',
                Ok(b';'),
            ),
            ("id\ttitle\n0\tone, two\n1\tthree\n2\tx\n", b',', Ok(b'\t')),
            ("a,b\n1,2\n3,4\n5,6\n", b'\t', Ok(b',')),
            // One column, whatever its texts hold.
            ("title\none; two\nthree; four, five\nsix\n", b',', Ok(b',')),
            ("title", b',', Ok(b',')),
            ("", b',', Ok(b',')),
            // Both would do: the name decides, or nobody.
            ("a;b,c\n1;2,3\n4;5,6\n7;8,9\n", b',', Ok(b',')),
            ("a;b|c\n1;2|3\n4;5|6\n7;8|9\n", b',', Err(Unclear)),
            // A header that may be one title or two.
            ("one; two\nfirst\nsecond\nthird\n", b',', Err(Unclear)),
            // Ragged rows are named later.
            ("a,b\n1\n2\n3,4\n", b',', Ok(b',')),
        ] {
            assert_eq!(separator(text, named), expected, "{text}");
        }
    }
}

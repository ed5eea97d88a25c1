//! Letters of four cells by four, for a room: drawn from the bits of an 8 by 8 font, two by two in a cell.
//!
//! What the font has no picture of stays at its normal size, in the middle of its line.

use font8x8::legacy::{BASIC_LEGACY, GREEK_LEGACY, HIRAGANA_LEGACY, LATIN_LEGACY};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::safe;

/// Rows of a letter, and cells.
pub const ROWS: usize = 4;
pub const CELLS: usize = 4;
/// The row on which stands what has no picture.
const MIDDLE: usize = 2;
/// The four quarters of a cell as a number: upper left 1, upper right 2, lower left 4, lower right 8.
const QUARTERS: [char; 16] = [
    ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
];

/// The picture of a character: a byte a row, its lowest bit at the left.
fn picture(c: char) -> Option<[u8; 8]> {
    let code = c as usize;
    let at = |table: &[[u8; 8]], first: usize| table.get(code.checked_sub(first)?).copied();
    let found = match code {
        0x20..0x7F => at(&BASIC_LEGACY, 0),
        0xA0..0x100 => at(&LATIN_LEGACY, 0xA0),
        0x390..0x3CA => at(&GREEK_LEGACY, 0x390),
        0x3040..0x30A0 => at(&HIRAGANA_LEGACY, 0x3040),
        _ => None,
    }?;
    // What the font leaves out is empty there.
    let is_there = found.iter().any(|row| *row != 0) || c.is_whitespace();
    is_there.then_some(found)
}

/// One character, or cluster of some, as it is drawn.
struct Letter<'a> {
    text: &'a str,
    style: Style,
    picture: Option<[u8; 8]>,
    cells: usize,
}

impl<'a> Letter<'a> {
    fn of(text: &'a str, style: Style) -> Self {
        let mut chars = text.chars();
        let single = chars.next().filter(|_| chars.next().is_none());
        let picture = single.and_then(picture);
        let cells = if picture.is_some() {
            CELLS
        } else {
            safe::width(text)
        };
        Self {
            text,
            style,
            picture,
            cells,
        }
    }

    fn row(&self, row: usize) -> String {
        match self.picture {
            Some(bits) => (0..CELLS)
                .map(|cell| {
                    let two = |line: u8| usize::from(line >> (2 * cell) & 3);
                    QUARTERS[two(bits[2 * row]) | two(bits[2 * row + 1]) << 2]
                })
                .collect(),
            None if row == MIDDLE => self.text.to_owned(),
            None => " ".repeat(self.cells),
        }
    }
}

/// Some text in lines of a width, each as its four rows; broken at newlines, and at words where they fit. Each part has a
/// style, and is made safe.
pub fn lines(parts: &[(&str, Style)], width: u16) -> Vec<[Line<'static>; ROWS]> {
    let width = usize::from(width);
    let mut lines = Vec::new();
    let safe_parts: Vec<(Vec<String>, Style)> = parts
        .iter()
        .map(|(text, style)| {
            let paragraphs = text.split('\n').map(|text| safe::safe(text).into_owned());
            (paragraphs.collect(), *style)
        })
        .collect();
    let mut line: Vec<Letter<'_>> = Vec::new();
    for (paragraphs, style) in &safe_parts {
        for (at, paragraph) in paragraphs.iter().enumerate() {
            if at > 0 {
                lines.push(rows(&std::mem::take(&mut line)));
            }
            for cluster in paragraph.graphemes(true) {
                let letter = Letter::of(cluster, *style);
                let used: usize = line.iter().map(|letter| letter.cells).sum();
                if used + letter.cells > width && !line.is_empty() {
                    let rest = break_at_word(&mut line, &letter);
                    lines.push(rows(&std::mem::replace(&mut line, rest)));
                    // A space that is too much ends the line.
                    if letter.text == " " {
                        continue;
                    }
                }
                line.push(letter);
            }
        }
    }
    if !line.is_empty() {
        lines.push(rows(&line));
    }
    lines
}

/// What moves to the next line where `next` does not fit: the word that it goes on with, if another stands before it.
fn break_at_word<'a>(line: &mut Vec<Letter<'a>>, next: &Letter<'_>) -> Vec<Letter<'a>> {
    if next.text == " " {
        return Vec::new();
    }
    match line.iter().rposition(|letter| letter.text == " ") {
        Some(space) => line.split_off(space + 1),
        None => Vec::new(),
    }
}

fn rows(letters: &[Letter<'_>]) -> [Line<'static>; ROWS] {
    std::array::from_fn(|row| {
        let spans = letters
            .iter()
            .map(|letter| Span::styled(letter.row(row), letter.style));
        Line::from(spans.collect::<Vec<_>>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, width: u16) -> Vec<String> {
        let lines = lines(&[(text, Style::new())], width).into_iter();
        lines.flatten().map(|line| line.to_string()).collect()
    }

    #[test]
    fn a_letter_is_four_cells_by_four() {
        assert_eq!(drawn("L", 80), ["▜▛  ", "▐▌  ", "▐▌▗▌", "▀▀▀▘"]);
    }

    #[test]
    fn what_has_no_picture_stays_at_its_size() {
        let rows = drawn("雨e\u{301}ж", 80);
        assert_eq!(rows, ["    ", "    ", "雨e\u{301}ж", "    "]);
        assert!(drawn("é", 80)[2] != "é");
    }

    #[test]
    fn words_stay_whole_where_they_fit_and_nothing_steers_the_terminal() {
        // Five letters a line.
        let lines = |text| drawn(text, 20).len() / ROWS;
        assert_eq!(lines("on to"), 1);
        assert_eq!(lines("one two"), 2);
        assert_eq!(lines("a\nb"), 2);
        assert_eq!(lines("incomparable"), 3);
        assert_eq!(drawn("hello ", 20), drawn("hello", 20));
        let safe = drawn("\u{1b}[2J\u{202e}", 200).concat();
        assert!(!safe.chars().any(char::is_control), "{safe:?}");
        for width in 0..40 {
            for row in drawn("The wind is 強い today.", width) {
                assert!(
                    safe::width(&row) <= usize::from(width).max(CELLS),
                    "{width}"
                );
            }
        }
    }
}

//! Text in a picture: its font, how wide it is, where it is cut.

use std::ops::RangeInclusive;
use std::sync::Once;

use plotters::style::{FontStyle, IntoFont, register_font};
use unicode_width::UnicodeWidthChar;

use super::fonts::{self, FONT, FONT_FILE};
use crate::text::sanitize;

/// The height of a line of the font, in its size.
const LINE: f64 = 1.362;
/// By what plotters divides a size where it writes an SVG.
pub const SIZE_IN_SVG: f64 = 1.24;

/// The characters that the font has (assets/font/README.md).
const KNOWN: [RangeInclusive<char>; 15] = [
    '\u{20}'..='\u{7E}',
    '\u{A0}'..='\u{24F}',
    '\u{370}'..='\u{377}',
    '\u{37A}'..='\u{37F}',
    '\u{384}'..='\u{38A}',
    '\u{38C}'..='\u{38C}',
    '\u{38E}'..='\u{3A1}',
    '\u{3A3}'..='\u{3E1}',
    '\u{3F0}'..='\u{45F}',
    '\u{2010}'..='\u{2027}',
    '\u{2030}'..='\u{203A}',
    '\u{20AC}'..='\u{20AC}',
    '\u{2116}'..='\u{2116}',
    '\u{2122}'..='\u{2122}',
    '\u{2212}'..='\u{2212}',
];

/// Registers the font, once: without one plotters knows the width of no text.
pub fn use_own_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if register_font(FONT, FontStyle::Normal, FONT_FILE).is_err() {
            tracing::error!("the charts' font is broken");
        }
    });
}

/// How wide a text of so many pixels is, in pixels.
pub fn width(text: &str, size: i32) -> i32 {
    use_own_font();
    let (known, other): (String, String) = text.chars().partition(|&sign| is_known(sign));
    // The font is asked for the height of a line, not for its size.
    let font = (FONT, f64::from(size) * LINE).into_font();
    let known = font.box_size(&known).map_or(0, |(width, _)| width as i32);
    let cells = other.chars().map(|sign| sign.width().unwrap_or(1) as i32);
    known + cells.sum::<i32>() * size * 3 / 5
}

/// A text that is cut, with a sign of it, where it is wider than so many pixels.
pub fn fitting(text: &str, room: i32, size: i32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let signs: Vec<char> = text.chars().collect();
    let short = |count: usize| {
        signs[..count]
            .iter()
            .collect::<String>()
            .trim_end()
            .to_owned()
            + "…"
    };
    let (mut fits, mut too_many) = (0, signs.len());
    while fits + 1 < too_many {
        let half = usize::midpoint(fits, too_many);
        if width(&short(half), size) <= room {
            fits = half;
        } else {
            too_many = half;
        }
    }
    short(fits)
}

/// A text in lines that fit, at most so many; the last says by its end whether there is more.
pub fn wrapped(text: &str, room: i32, size: i32, most: usize) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let mut lines: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let full = lines.len() == most;
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) if full => {
                *line = fitting(&format!("{line} {}", words[at..].join(" ")), room, size);
                break;
            }
            _ => lines.push(fitting(word, room, size)),
        }
    }
    lines
}

/// A token's name in a picture: not long.
pub fn label(display: &str) -> String {
    let mut short: String = display.chars().take(18).collect();
    if display.chars().count() > 18 {
        short.push('…');
    }
    short
}

/// What stands in for signs that our font lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// The fonts of whoever looks at it.
    Viewer,
    /// Those of this system.
    System,
}

/// A text as it can stand in a picture: without control characters, signs that the font lacks as others that mean the
/// same. What it lacks otherwise is left to other fonts, or stands by its number where those lack it too.
pub fn shown(text: &str, others: Others) -> String {
    shown_where(text, |sign| others.have(sign))
}

fn shown_where(text: &str, others_have: impl Fn(char) -> bool) -> String {
    let mut all = String::new();
    for sign in sanitize(text).chars() {
        match sign {
            '⏎' | '\n' => all.push('¶'),
            '⟨' => all.push('‹'),
            '⟩' => all.push('›'),
            '\t' => all.push(' '),
            // What XML does not allow.
            '\u{FFFE}' | '\u{FFFF}' => all.push_str(&format!("‹{:04X}›", sign as u32)),
            sign if is_known(sign) || others_have(sign) => all.push(sign),
            sign => all.push_str(&format!("‹{:04X}›", sign as u32)),
        }
    }
    all
}

impl Others {
    fn have(self, sign: char) -> bool {
        match self {
            Self::Viewer => true,
            Self::System => fonts::with_system().have(sign),
        }
    }
}

fn is_known(sign: char) -> bool {
    KNOWN.iter().any(|range| range.contains(&sign)) || sign == '\u{FFFD}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(fitting("short", 200, 14), "short");
        let cut = fitting(&"long ".repeat(40), 200, 14);
        assert!(cut.ends_with('…') && width(&cut, 14) <= 200, "{cut}");
        assert!(width(&(cut + "lon"), 14) > 200, "as much as fits");
        assert_eq!(label("·a-token-of-many-characters"), "·a-token-of-many-c…");
    }

    #[test]
    fn lines_hold_what_fits_and_the_last_says_that_there_is_more() {
        let text = "the cat sat on the mat and looked at the dog for a long while";
        let lines = wrapped(text, 160, 14, 9);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| width(line, 14) <= 160));
        assert_eq!(lines.join(" "), text);
        let two = wrapped(text, 160, 14, 2);
        assert_eq!((two.len(), two[0].as_str()), (2, lines[0].as_str()));
        assert!(two[1].ends_with('…'), "{two:?}");
    }

    #[test]
    fn signs_that_the_font_lacks_have_their_number_or_another_font() {
        let shown = |text: &str, others: bool| shown_where(text, |_| others);
        assert_eq!(shown("a⏎b\u{1b}", false), "a¶b‹1B›");
        assert_eq!(shown("月 é", false), "‹6708› é");
        assert_eq!(shown("月 é", true), "月 é");
        assert!(width("月月", 20) > width("a", 20));
    }
}

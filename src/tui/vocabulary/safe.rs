//! Makes untrusted text safe to show: nothing invisible, nothing that steers the terminal, widths that hold.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// More code points than this in one cluster are a pile of marks, not a character. (Family emoji with skin tones
/// have ten.)
const LONGEST_CLUSTER: usize = 12;

/// Whether a character has no shape of its own, or changes how its neighbours are drawn.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Hidden characters that have a meaning inside a cluster: the joiner and the presentation selectors.
fn joins(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{FE0E}' | '\u{FE0F}')
}

/// Appends one grapheme cluster to `out`, made safe. Returns its width in cells, at least 1.
pub fn push_cluster(cluster: &str, out: &mut String) -> u16 {
    if let [byte @ b' '..=b'~'] = cluster.as_bytes() {
        out.push(char::from(*byte));
        return 1;
    }
    let before = out.len();
    let mut chars = cluster.chars();
    let base = chars.next();
    let whole = base.is_some_and(|c| !is_hidden(c))
        && chars.all(|c| joins(c) || !is_hidden(c))
        && cluster.chars().count() <= LONGEST_CLUSTER;
    if whole && cluster.cell_width() > 0 {
        out.push_str(cluster);
        return cluster.cell_width();
    }
    if whole {
        // A mark with nothing to sit on gets the dotted circle of the Unicode charts, if it sits on that.
        out.push('◌');
        out.push_str(cluster);
        if out[before..].graphemes(true).count() == 1 {
            return out[before..].cell_width();
        }
        out.truncate(before);
    }
    for c in cluster.chars() {
        push_escaped(c, out);
    }
    u16::try_from(width(&out[before..])).unwrap_or(u16::MAX)
}

fn push_escaped(c: char, out: &mut String) {
    match c {
        '\n' => out.push('⏎'),
        '\t' => out.push('⇥'),
        '\0'..='\u{1F}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
        '\u{7F}' => out.push('␡'),
        c if is_hidden(c) || c.to_string().as_str().cell_width() == 0 => {
            out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        }
        c => out.push(c),
    }
}

/// A string made safe to be one line on screen. Every string that comes from a model, a file or the engine goes
/// through here or through [`push_cluster`] before it enters a span.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        push_cluster(cluster, &mut out);
    }
    Cow::Owned(out)
}

/// Cells that an already safe string takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true)
        .map(|cluster| usize::from(cluster.cell_width()))
        .sum()
}

/// A safe string cut to `cells`, with `…` where something was cut, and filled up with spaces to exactly `cells`.
pub fn fit(text: &str, cells: usize) -> String {
    let text = safe(text);
    let whole = width(&text);
    if whole <= cells {
        return format!("{text}{}", " ".repeat(cells - whole));
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let wide = usize::from(cluster.cell_width());
        if used + wide + 1 > cells {
            break;
        }
        out.push_str(cluster);
        used += wide;
    }
    if used < cells {
        out.push('…');
        used += 1;
    }
    out.push_str(&" ".repeat(cells - used));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_text_is_untouched() {
        for text in [
            "plain",
            "naïve",
            "日本語",
            "👩‍👩‍👧",
            "❤\u{FE0F}",
            "e\u{301}",
            "·little",
        ] {
            assert_eq!(safe(text), text);
        }
    }

    #[test]
    fn what_steers_the_terminal_is_shown() {
        assert_eq!(safe("\u{1b}[31m"), "␛[31m");
        assert_eq!(safe("a\nb\tc\r\u{7f}"), "a⏎b⇥c␍␡");
        assert_eq!(safe("\u{85}\u{9b}"), "⟨U+0085⟩⟨U+009B⟩");
        assert_eq!(safe("abc\u{202e}def"), "abc⟨U+202E⟩def");
        assert_eq!(safe("a\u{200b}b\u{feff}"), "a⟨U+200B⟩b⟨U+FEFF⟩");
        assert_eq!(safe("\u{200d}"), "⟨U+200D⟩");
    }

    #[test]
    fn lone_marks_get_something_to_sit_on_and_piles_are_taken_apart() {
        assert_eq!(safe("\u{301}"), "◌\u{301}");
        assert_eq!(
            safe("\u{D7B0}"),
            "⟨U+D7B0⟩",
            "a vowel sign that sits on syllables only"
        );
        let pile = format!("a{}", "\u{301}".repeat(40));
        assert!(safe(&pile).starts_with("a⟨U+0301⟩⟨U+0301⟩"));
    }

    #[test]
    fn fit_fills_and_cuts_to_the_cell() {
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("x", 0), "");
    }

    proptest! {
        #[test]
        fn anything_becomes_visible_and_fits(text in any::<String>(), cells in 0usize..40) {
            let shown = safe(&text);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!shown.contains(|c| is_hidden(c) && !joins(c)));
            prop_assert!(!shown.graphemes(true).any(|cluster| cluster.cell_width() == 0));
            prop_assert_eq!(width(&fit(&text, cells)), cells);
        }
    }
}

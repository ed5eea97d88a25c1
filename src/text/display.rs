//! Untrusted text made safe for a terminal: what would move the cursor, reorder, or hide is shown as what it is.
//!
//! | in the text | shown |
//! |---|---|
//! | space, newline, tab | `·`, `⏎`, `⇥` |
//! | a dot that looks like the sign for a space | `⟨U+00B7⟩` |
//! | another control character of ASCII, a byte that belongs to no character | `⟨1B⟩`, `⟨E2⟩` |
//! | invisible, reordering, unassigned and private characters | `⟨U+202E⟩` |
//! | a combining mark with nothing to combine with | on `◌` |
//!
//! Letters of all scripts, combining marks, emoji and their joined sequences stay as they are.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, VariationSelector};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A token's bytes, made safe and visible. See the table at the top of this module.
pub fn display_token(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        write_text(&mut shown, chunk.valid(), Place::Token);
        for byte in chunk.invalid() {
            write_byte(&mut shown, *byte);
        }
    }
    shown
}

/// A token's bytes between those of its neighbours, made safe and visible. A character of which the token holds a part
/// and a neighbour the rest is shown whole, and after it the bytes of it that the token holds: `😀⟨F0 9F…⟩` begins one,
/// `😀⟨…98 80⟩` ends it.
pub fn display_between(before: &[u8], bytes: &[u8], after: &[u8]) -> String {
    let joined = [before, bytes, after].concat();
    let (start, end) = (before.len(), before.len() + bytes.len());
    let first = character_across(&joined, start);
    let last = character_across(&joined, end);
    let own = |character: &Range<usize>| character.start.max(start)..character.end.min(end);
    let part = |character: &Range<usize>| {
        let hex: Vec<String> = joined[own(character)]
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let sign = |outside: bool| if outside { "…" } else { "" };
        format!(
            "{}⟨{}{}{}⟩",
            display_token(&joined[character.clone()]),
            sign(character.start < start),
            hex.join(" "),
            sign(character.end > end)
        )
    };
    let middle = first.as_ref().map_or(start, |character| own(character).end)
        ..last.as_ref().map_or(end, |character| own(character).start);
    let mut shown = first.as_ref().map_or_else(String::new, part);
    if !middle.is_empty() {
        shown += &display_token(&joined[middle]);
    }
    if first != last {
        shown.extend(last.as_ref().map(part));
    }
    shown
}

/// Where the character lies that has bytes on both sides of a place, if there is one.
fn character_across(bytes: &[u8], place: usize) -> Option<Range<usize>> {
    // No character is longer than four bytes.
    let nearest = place.saturating_sub(3)..place;
    nearest.rev().find_map(|start| {
        let longest = bytes.len().min(start + 4);
        let character = |end: usize| {
            let one = str::from_utf8(&bytes[start..end]).ok()?;
            (one.chars().count() == 1).then_some(start..end)
        };
        (place + 1..=longest).find_map(character)
    })
}

/// A text made safe, in which newlines and spaces stay. Safe also for the pieces of a text that streams: a mark or
/// joiner at an edge is left for the neighbouring piece.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    write_text(&mut shown, text, Place::Text);
    if shown == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown)
    }
}

/// A sentence that quotes what strangers wrote, without the middle if it is too long to be read.
pub fn brief(sentence: &str) -> Cow<'_, str> {
    const LONGEST: usize = 1000;
    const END: usize = 300;
    if sentence.len() <= LONGEST {
        return Cow::Borrowed(sentence);
    }
    let begin = sentence.floor_char_boundary(LONGEST - END);
    let end = sentence.ceil_char_boundary(sentence.len() - END);
    Cow::Owned(format!("{} … {}", &sentence[..begin], &sentence[end..]))
}

/// Dots that could be taken for the sign for a space: the middle dot itself, and those that fonts draw alike.
const DOTS: [char; 5] = ['\u{B7}', '\u{387}', '\u{2027}', '\u{2219}', '\u{22C5}'];

/// What is being shown.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// One token by itself: blanks are made visible and nothing stands beside it.
    Token,
    /// Running text, perhaps a piece of one.
    Text,
}

/// How a character behaves on a screen.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// It has a shape of its own.
    Plain,
    /// A blank that is not the ASCII space.
    Blank,
    /// It changes the character before it.
    Mark,
    /// It chooses a shape of the character before it.
    Selector,
    /// It joins its neighbours or keeps them apart.
    Joiner,
    /// It shows nothing, or is an instruction rather than text.
    Hidden,
}

fn look(c: char) -> Look {
    if matches!(c, '\u{200C}' | '\u{200D}') {
        return Look::Joiner;
    }
    if CodePointSetData::new::<VariationSelector>().contains(c) {
        return Look::Selector;
    }
    if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) {
        return Look::Hidden;
    }
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::Control
        | GeneralCategory::Format
        | GeneralCategory::Surrogate
        | GeneralCategory::PrivateUse
        | GeneralCategory::Unassigned
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => Look::Hidden,
        GeneralCategory::NonspacingMark
        | GeneralCategory::SpacingMark
        | GeneralCategory::EnclosingMark => Look::Mark,
        GeneralCategory::SpaceSeparator => Look::Blank,
        _ => Look::Plain,
    }
}

fn write_text(shown: &mut String, text: &str, place: Place) {
    // The character before, if it was written as it is.
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let keep = match c {
            ' '..='~' if place == Place::Text => true,
            '\n' => place == Place::Text,
            '!'..='~' => true,
            '\0'..='\u{7F}' => false,
            _ if place == Place::Token && DOTS.contains(&c) => false,
            _ => match look(c) {
                Look::Plain => true,
                Look::Blank => place == Place::Text,
                Look::Mark => true,
                Look::Selector => match before {
                    Some(before) => look(before) != Look::Selector,
                    None => place == Place::Text && shown.is_empty(),
                },
                Look::Joiner => {
                    let at_start = before.is_none() && shown.is_empty();
                    joins(before, at_start, place)
                        && joins(rest.clone().next(), rest.as_str().is_empty(), place)
                }
                Look::Hidden => false,
            },
        };
        if keep {
            if place == Place::Token && before.is_none() && !c.is_ascii() && look(c) == Look::Mark {
                shown.push('◌');
            }
            shown.push(c);
            before = Some(c);
        } else {
            write_visible(shown, c);
            before = None;
        }
    }
}

/// Whether a joiner has something to join on the side where `neighbour` stands. Latin text needs none, so that one
/// there can only hide something.
fn joins(neighbour: Option<char>, at_edge: bool, place: Place) -> bool {
    match neighbour {
        Some(c) => !c.is_ascii() && matches!(look(c), Look::Plain | Look::Mark | Look::Selector),
        None => at_edge && place == Place::Text,
    }
}

fn write_visible(shown: &mut String, c: char) {
    match c {
        ' ' => shown.push('·'),
        '\n' => shown.push('⏎'),
        '\t' => shown.push('⇥'),
        '\0'..='\u{7F}' => write_byte(shown, c as u8),
        _ => write!(shown, "⟨U+{:04X}⟩", u32::from(c)).expect("writing to a String cannot fail"),
    }
}

fn write_byte(shown: &mut String, byte: u8) {
    write!(shown, "⟨{byte:02X}⟩").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_and_controls_of_a_token_are_visible() {
        assert_eq!(display_token(b" the"), "·the");
        assert_eq!(display_token(b"\n\t\r\x1b[31m\x7f"), "⏎⇥⟨0D⟩⟨1B⟩[31m⟨7F⟩");
        assert_eq!(display_token("\u{85}\u{9B}".as_bytes()), "⟨U+0085⟩⟨U+009B⟩");
        assert_eq!(
            display_token("\u{A0}\u{3000}".as_bytes()),
            "⟨U+00A0⟩⟨U+3000⟩"
        );
        assert_eq!(display_token(b""), "");
    }

    #[test]
    fn a_real_dot_is_told_from_a_space() {
        assert_eq!(display_token(" ·x".as_bytes()), "·⟨U+00B7⟩x");
        for dot in DOTS {
            assert_ne!(display_token(dot.to_string().as_bytes()), dot.to_string());
        }
        assert_eq!(sanitize("3 · 4"), "3 · 4", "in a text it is what it is");
    }

    #[test]
    fn a_character_is_shown_where_neighbours_hold_the_rest() {
        let between = display_between;
        assert_eq!(between(b"a\xF0\x9F", b"\x98\x80", b"!"), "😀⟨…98 80⟩");
        assert_eq!(between(b"a", b" \xF0\x9F", b"\x98\x80"), "·😀⟨F0 9F…⟩");
        assert_eq!(between(b"\xF0", b"\x9F\x98", b"\x80"), "😀⟨…9F 98…⟩");
        assert_eq!(between(b"\xC3", b"\xA9 \xC3", b"\xA9"), "é⟨…A9⟩·é⟨C3…⟩");
        // Nothing that a neighbour does not complete, nothing that is whole.
        assert_eq!(between(b"\xF0\x9F", b"x", b"\x80"), "x");
        assert_eq!(between(b"a", b"\xE2\x82", b"b"), "⟨E2⟩⟨82⟩");
        assert_eq!(between(b"\x80", "é".as_bytes(), b"\xC3"), "é");
        assert_eq!(between("é".as_bytes(), b"", b"x"), "");
    }

    #[test]
    fn stray_bytes_are_shown_in_hexadecimal() {
        assert_eq!(display_token(b"\xE2\x82"), "⟨E2⟩⟨82⟩");
        assert_eq!(display_token(b"a\xFFb"), "a⟨FF⟩b");
    }

    #[test]
    fn what_reorders_or_hides_is_named() {
        assert_eq!(display_token("a\u{202E}b".as_bytes()), "a⟨U+202E⟩b");
        assert_eq!(
            sanitize("a\u{2066}b\u{200B}c\u{FEFF}"),
            "a⟨U+2066⟩b⟨U+200B⟩c⟨U+FEFF⟩"
        );
        assert_eq!(
            sanitize("\u{AD}\u{3164}\u{E0041}\u{E000}\u{378}"),
            "⟨U+00AD⟩⟨U+3164⟩⟨U+E0041⟩⟨U+E000⟩⟨U+0378⟩"
        );
        assert_eq!(sanitize("pass\u{200D}word"), "pass⟨U+200D⟩word");
    }

    #[test]
    fn text_of_all_scripts_is_kept() {
        for text in [
            "漢字とかな",
            "한국어",
            "हिन्दी क्‍ष",
            "می‌خواهم",
            "שלום",
            "ไทย",
            "👩‍🚀 👍🏽 ❤️ 🇺🇳 1️⃣",
            "e\u{301}",
        ] {
            assert!(matches!(sanitize(text), Cow::Borrowed(_)), "{text}");
            assert_eq!(display_token(text.as_bytes()), text.replace(' ', "·"));
        }
    }

    #[test]
    fn a_mark_by_itself_gets_a_circle_as_a_token_and_is_kept_in_a_stream() {
        assert_eq!(display_token("\u{301}e".as_bytes()), "◌\u{301}e");
        assert_eq!(display_token(" \u{301}".as_bytes()), "·◌\u{301}");
        assert_eq!(display_token("\u{200D}".as_bytes()), "⟨U+200D⟩");
        assert_eq!(display_token("\u{FE0F}".as_bytes()), "⟨U+FE0F⟩");
        for piece in ["\u{301}e", "\u{200D}🚀", "👩\u{200D}", "\u{FE0F}"] {
            assert_eq!(sanitize(piece), piece);
        }
    }

    #[test]
    fn selectors_cannot_be_stacked() {
        assert_eq!(
            sanitize("a\u{FE01}\u{FE02}\u{FE03}"),
            "a\u{FE01}⟨U+FE02⟩⟨U+FE03⟩"
        );
    }

    #[test]
    fn newlines_and_spaces_of_a_text_stay() {
        assert_eq!(sanitize("a b\nc\td\r\n"), "a b\nc⇥d⟨0D⟩\n");
        assert!(matches!(sanitize("a b\nc"), Cow::Borrowed("a b\nc")));
    }

    /// Whether a terminal could take the character for an instruction.
    fn is_dangerous(c: char) -> bool {
        c.is_control()
            || matches!(c, '\u{61C}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
    }

    /// Characters drawn mostly from those that need care.
    fn odd_character() -> impl Strategy<Value = char> {
        prop_oneof![
            any::<char>(),
            prop::char::range('\0', '\u{AD}'),
            prop::char::range('\u{2000}', '\u{2070}'),
            prop::char::range('\u{E0000}', '\u{E01EF}'),
        ]
    }

    #[test]
    fn the_middle_of_a_long_sentence_is_left_out() {
        assert_eq!(brief("short"), "short");
        let long = format!("it is `{}`; remove it", "é".repeat(5000));
        let shown = brief(&long);
        assert!(shown.starts_with("it is `é") && shown.ends_with("é`; remove it"));
        assert!(shown.len() < 1020 && shown.contains("é … é"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_byte_string_puts_a_control_character_on_screen(bytes: Vec<u8>) {
            let shown = display_token(&bytes);
            prop_assert!(!shown.chars().any(is_dangerous), "{shown:?}");
            prop_assert_eq!(shown.is_empty(), bytes.is_empty());
        }

        #[test]
        fn a_text_cut_anywhere_is_shown_by_its_tokens(text in ".{0,12}", cuts in prop::collection::vec(0usize..60, 2)) {
            let bytes = text.as_bytes();
            let (a, b) = (cuts[0].min(cuts[1]).min(bytes.len()), cuts[0].max(cuts[1]).min(bytes.len()));
            let shown = display_between(&bytes[..a], &bytes[a..b], &bytes[b..]);
            prop_assert!(!shown.chars().any(is_dangerous), "{shown:?}");
            if text.is_char_boundary(a) && text.is_char_boundary(b) {
                prop_assert_eq!(shown, display_token(&bytes[a..b]));
            } else if a < b {
                // Each byte of a broken character is named, and none has to go without its character.
                prop_assert!(shown.contains('⟨') && shown.contains('…'), "{shown:?}");
            }
        }

        #[test]
        fn no_text_puts_a_control_character_on_screen(text in prop::collection::vec(odd_character(), 0..40)) {
            let text: String = text.into_iter().collect();
            let shown = sanitize(&text);
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_dangerous(c)), "{shown:?}");
            prop_assert_eq!(shown.lines().count(), text.lines().count());
            prop_assert!(!display_token(text.as_bytes()).chars().any(is_dangerous));
            // What was made safe is safe.
            prop_assert_eq!(sanitize(&shown), shown.as_ref());
        }
    }
}

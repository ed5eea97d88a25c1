//! Where a long text is cut so that it can be worked on in pieces.

/// A document is handed on in pieces of about this many bytes.
pub(super) const PIECE: usize = 1 << 16;

/// No piece is longer, even where a text has no place that is good to cut at.
pub(super) const LONGEST: usize = 1 << 20;

/// Letters without a blank between that are more than any word has, in bytes.
const WORD: usize = 1 << 10;

/// A place to cut a text at, if it is long enough to be cut: before a word that follows one space or one line break,
/// where no token of the usual tokenizers crosses. Where there is none for long, between any two characters.
pub(super) fn cut(text: &str) -> Option<usize> {
    if text.len() <= PIECE {
        return None;
    }
    let bytes = text.as_bytes();
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let before = |at: usize| text[..at].chars().next_back();
    let after = |at: usize| text[at..].chars().next();
    let line = |at: &usize| bytes[at - 1] == b'\n' && !blank(before(at - 1)) && !blank(after(*at));
    // A space is a part of the word after it, a line break is none.
    let word = |at: &usize| bytes[*at] == b' ' && !blank(before(*at)) && !blank(after(at + 1));
    let near = PIECE / 2..PIECE;
    let far = PIECE..LONGEST.min(text.len() - 1);
    let found = near.clone().rev().find(line);
    let found = found.or_else(|| near.rev().find(word));
    let found = found.or_else(|| far.clone().find(|at| line(at) || word(at)));
    let anywhere = || (text.len() > LONGEST).then(|| text.floor_char_boundary(LONGEST));
    found.or_else(anywhere)
}

/// The pieces of a text, each short enough.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut first = true;
    std::iter::from_fn(move || {
        if rest.is_empty() && !first {
            return None;
        }
        first = false;
        let (piece, after) = rest.split_at(cut(rest).unwrap_or(rest.len()));
        rest = after;
        Some(piece)
    })
}

/// A text in parts of which none has a word that is longer than words are: making a vocabulary of one that goes on for
/// megabytes would take hours.
pub fn of_short_words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut begun = 0;
        let too_long = rest.char_indices().find_map(|(at, c)| {
            if c.is_whitespace() {
                begun = at;
            }
            (at - begun >= WORD).then_some(at)
        });
        let (part, after) = rest.split_at(too_long.unwrap_or(rest.len()));
        rest = after;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_where_words_do() {
        let text = "some words  and\n\nmore of them\nand lines ".repeat(10_000);
        let parts: Vec<&str> = pieces(&text).collect();
        assert_eq!(parts.concat(), text);
        assert!(parts.len() > 4 && parts.iter().all(|part| part.len() <= PIECE));
        for pair in parts.windows(2) {
            let (before, after) = (pair[0], pair[1].trim_start_matches(' '));
            assert!(!before.ends_with(' ') && !before.ends_with("\n\n"));
            assert!(
                pair[1].len() - after.len() < 2 && !after.starts_with('\n'),
                "{after:?}"
            );
        }
        assert_eq!(pieces("").collect::<Vec<_>>(), [""]);
        assert_eq!(pieces("short one").collect::<Vec<_>>(), ["short one"]);
    }

    #[test]
    fn a_text_without_blanks_is_cut_all_the_same() {
        let text = "日本語".repeat(500_000);
        let parts: Vec<&str> = pieces(&text).collect();
        assert_eq!(parts.concat(), text);
        assert!(parts.iter().all(|part| part.len() <= LONGEST));
        let mixed = format!("a word {text} and another");
        let words: Vec<&str> = of_short_words(&mixed).collect();
        assert_eq!(words.concat(), mixed);
        assert!(
            words.iter().all(|part| part.len() <= WORD + 10),
            "{}",
            words.len()
        );
        let plain = "words as they are ".repeat(1000);
        assert_eq!(of_short_words(&plain).count(), 1);
    }
}

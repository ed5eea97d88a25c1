//! The screen with ASCII alone, for terminals and fonts that have nothing else.

use ratatui::buffer::{Buffer, Cell};

/// Whether the locale says that only ASCII can be shown: none of `LC_ALL`, `LC_CTYPE`, `LANG` (the first that is set)
/// names UTF-8. Where none is set nothing is known, and UTF-8 is the rule by now.
pub fn locale_is_ascii(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase().replace('-', "");
            !value.contains("utf8")
        })
}

/// Whether the terminal shows ASCII alone: by its locale, or as the console of Linux, whose fonts lack most signs
/// that bars and marks are made of.
pub fn is_needed(variable: impl Fn(&str) -> Option<String>) -> bool {
    let console =
        variable("TERM").is_some_and(|term| term == "linux" || term.starts_with("linux-"));
    console || locale_is_ascii(variable)
}

/// A text with the ASCII character that comes nearest in place of every other one.
pub fn in_ascii(text: &str) -> String {
    let ascii = |c: char| match c {
        '·' => '_',
        c if c.is_ascii() => c,
        c => plain(c),
    };
    text.chars().map(ascii).collect()
}

/// Puts an ASCII character in place of every other one.
pub fn replace(buffer: &mut Buffer) {
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks_mut(width) {
        let dots: Vec<char> = (0..row.len()).map(|at| dot(row, at)).collect();
        for (cell, dot) in row.iter_mut().zip(dots) {
            if !cell.symbol().is_ascii() {
                let plain = match cell.symbol().chars().next() {
                    Some('·') => dot,
                    Some(c) => plain(c),
                    None => ' ',
                };
                cell.set_char(plain);
            }
        }
    }
}

/// What a middle dot becomes: alone between words it parts them, elsewhere it stands for a space of a token, which must
/// not look like a full stop.
fn dot(row: &[Cell], at: usize) -> char {
    let is_blank = |at: Option<usize>| {
        let cell = at.and_then(|at| row.get(at));
        cell.is_some_and(|cell| cell.symbol() == " ")
    };
    let is_word = |at: Option<usize>| at.is_some() && !is_blank(at);
    let before = is_blank(at.checked_sub(1)) && is_word(at.checked_sub(2));
    let after = is_blank(Some(at + 1)) && is_word(Some(at + 2)) && at + 2 < row.len();
    if before && after { '-' } else { '_' }
}

/// The ASCII character that comes nearest.
fn plain(c: char) -> char {
    match c {
        '─' | '━' | '╌' => '-',
        '│' | '┃' | '▏' | '╎' | '┊' => '|',
        '╭' | '╮' | '╰' | '╯' | '┏' | '┓' | '┗' | '┛' | '└' | '├' | '┤' | '┬' | '┴' | '┼' => {
            '+'
        }
        '█' | '▉' | '▊' | '▋' | '▇' | '▆' | '▅' => '#',
        '▍' | '▎' | '▄' | '▃' => '=',
        // What big letters are made of.
        '▌' | '▐' => '|',
        '▛' | '▜' | '▙' | '▟' => '#',
        '▀' => '"',
        '▘' => '`',
        '▝' => '\'',
        '▖' => ',',
        '▗' => '.',
        '▞' => '/',
        '▚' => '\\',
        '▂' | '▁' | '░' => '.',
        '▒' => ':',
        '▓' => '%',
        '●' | '■' | '◆' => '*',
        // Not as the strokes of a chart, on which it stands.
        '★' => '@',
        '○' | '◌' | '◇' | '•' => 'o',
        '◀' | '←' | '‹' => '<',
        '▶' | '▸' | '→' | '›' => '>',
        '↑' | '▲' => '^',
        '↓' | '▼' | '▾' => 'v',
        '–' | '−' | '‖' => '-',
        '⏎' => '$',
        '≥' => '>',
        '≤' => '<',
        '“' | '”' => '"',
        '…' => '~',
        '✗' => 'x',
        '×' => 'x',
        '∞' => '8',
        '\u{2801}'..='\u{28ff}' => '*',
        '\u{2800}' => ' ',
        '⟨' => '<',
        '⟩' => '>',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn signs_of_a_verdict_and_of_the_chart_are_told_apart() {
        for sign in ['●', '▲', '✗', '─', '◌', '★', '•', '×'] {
            assert_ne!(plain(sign), '?', "{sign}");
        }
        // They stand on strokes.
        let stroke = plain('⣀');
        assert!([plain('★'), plain('•')].iter().all(|sign| *sign != stroke));
        assert_ne!(plain('★'), plain('•'));
    }

    #[test]
    fn signs_of_a_tree_are_told_apart() {
        let signs: Vec<char> = "├└│▾▸■×".chars().map(plain).collect();
        assert_eq!(signs, ['+', '+', '|', 'v', '>', '*', 'x']);
    }

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "╭─ 21 % █▌ 界", Style::new());
        replace(&mut buffer);
        let text: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert!(text.is_ascii(), "{text}");
        assert_eq!(&text[..10], "+- 21 % #|");
    }

    #[test]
    fn a_space_of_a_token_is_told_from_a_full_stop_and_from_what_parts_words() {
        let text = "cpu · f32  ·the  ·   a ⏎ …";
        let mut buffer = Buffer::empty(Rect::new(0, 0, text.chars().count() as u16, 1));
        buffer.set_string(0, 0, text, Style::new());
        replace(&mut buffer);
        let shown: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert_eq!(shown, "cpu - f32  _the  _   a $ ~");
    }

    #[test]
    fn the_console_of_linux_needs_it_whatever_the_locale() {
        let needed = |term: &str, locale: &str| {
            is_needed(|name| match name {
                "TERM" => Some(term.to_owned()),
                "LANG" => Some(locale.to_owned()),
                _ => None,
            })
        };
        assert!(needed("linux", "en_US.UTF-8"));
        assert!(needed("linux-16color", "en_US.UTF-8"));
        assert!(!needed("xterm-256color", "en_US.UTF-8"));
        assert!(needed("xterm-256color", "C"));
    }

    #[test]
    fn the_first_locale_that_is_set_counts() {
        let locale = |set: &[(&str, &str)]| {
            locale_is_ascii(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(!locale(&[]));
        assert!(!locale(&[("LANG", "en_US.UTF-8")]));
        assert!(!locale(&[("LANG", "C.utf8")]));
        assert!(locale(&[("LANG", "C")]));
        assert!(locale(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
        assert!(!locale(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]));
    }
}

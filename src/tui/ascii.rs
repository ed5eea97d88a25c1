//! The screen with ASCII alone, for terminals and fonts that have nothing else.

use ratatui::buffer::Buffer;

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

/// Puts an ASCII character in place of every other one.
pub fn replace(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let plain = cell.symbol().chars().next().map_or(' ', plain);
            cell.set_char(plain);
        }
    }
}

/// The ASCII character that comes nearest.
fn plain(c: char) -> char {
    match c {
        '─' | '━' | '╌' => '-',
        '│' | '┃' | '▏' | '╎' => '|',
        '╭' | '╮' | '╰' | '╯' | '┏' | '┓' | '┗' | '┛' | '├' | '┤' | '┬' | '┴' | '┼' => {
            '+'
        }
        '█' | '▉' | '▊' | '▋' | '▇' | '▆' | '▅' => '#',
        '▌' | '▍' | '▎' | '▄' | '▃' => '=',
        '▂' | '▁' | '·' | '␠' => '.',
        '●' | '■' | '◆' => '*',
        '○' | '◌' | '◇' => 'o',
        '◀' | '←' | '‹' => '<',
        '▶' | '→' | '›' => '>',
        '↑' => '^',
        '↓' => 'v',
        '–' | '−' | '‖' => '-',
        '⏎' => '~',
        '≥' => '>',
        '≤' => '<',
        '“' | '”' => '"',
        '…' => '_',
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
    fn nothing_but_ascii_is_left() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "╭─ 21 % █▌ 界", Style::new());
        replace(&mut buffer);
        let text: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert!(text.is_ascii(), "{text}");
        assert_eq!(&text[..10], "+- 21 % #=");
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

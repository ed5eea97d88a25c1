//! Keys by name: `q`, `ctrl-c`, `alt-enter`, `shift-tab`, `f1`, `space`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in the form in which both the terminal's events and the configuration's names arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("space", KeyCode::Char(' ')),
    ("minus", KeyCode::Char('-')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
];

impl Key {
    /// The character that this key types, if it types one.
    pub fn types(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }

    /// One form for keys that terminals report in several: capitals carry no shift, Shift-Tab is Tab with shift, and
    /// Ctrl-/ arrives as Ctrl-7 where the terminal has only one byte for both.
    fn normal(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers =
            modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let control = modifiers.contains(KeyModifiers::CONTROL);
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char('7') if control => KeyCode::Char('/'),
            KeyCode::Char(c) if control => KeyCode::Char(c.to_ascii_lowercase()),
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) => {
                let mut upper = c.to_uppercase();
                match (upper.next(), upper.next()) {
                    (Some(upper), None) => KeyCode::Char(upper),
                    _ => code,
                }
            }
            other => other,
        };
        if matches!(code, KeyCode::Char(_)) {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Self { code, modifiers }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self::normal(event.code, event.modifiers)
    }
}

/// A key's name that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no key: write a character, or a name such as enter, esc, tab, space, up, pageup, f1, \
     with ctrl-, alt- or shift- before it"
)]
pub struct UnknownKey(pub String);

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey(text.to_owned());
        let mut modifiers = KeyModifiers::NONE;
        let mut name = text;
        loop {
            let lower = name.to_ascii_lowercase();
            let (prefix, modifier) = if lower.starts_with("ctrl-") {
                (5, KeyModifiers::CONTROL)
            } else if lower.starts_with("alt-") {
                (4, KeyModifiers::ALT)
            } else if lower.starts_with("shift-") {
                (6, KeyModifiers::SHIFT)
            } else {
                break;
            };
            modifiers |= modifier;
            name = &name[prefix..];
        }
        let mut chars = name.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() && !c.is_whitespace() => KeyCode::Char(c),
            _ => {
                let lower = name.to_ascii_lowercase();
                let named = NAMED
                    .iter()
                    .find(|(known, _)| *known == lower)
                    .map(|(_, code)| *code);
                let function = || {
                    let number = lower.strip_prefix('f')?.parse().ok()?;
                    (1..=12).contains(&number).then_some(KeyCode::F(number))
                };
                named.or_else(function).ok_or_else(unknown)?
            }
        };
        Ok(Self::normal(code, modifiers))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                out.write_str(name)?;
            }
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => out.write_str(name),
            (None, KeyCode::Char(c)) => write!(out, "{c}"),
            (None, KeyCode::F(number)) => write!(out, "f{number}"),
            (None, other) => write!(out, "{other:?}"),
        }
    }
}

impl Key {
    /// The short form of hints: `⏎`, `^C`, `alt-x`, `↑`.
    pub fn hint(self) -> String {
        self.written(true)
    }

    /// The form of hints where only ASCII can be shown: `Enter`, `^C`, `alt-x`, `Up`.
    pub fn hint_in_words(self) -> String {
        self.written(false)
    }

    fn written(self, signs: bool) -> String {
        let sign = |sign: char, word: &str| {
            if signs {
                sign.to_string()
            } else {
                word.to_owned()
            }
        };
        let mut out = String::new();
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            out.push('^');
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            out.push_str("alt-");
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            out.push_str(&sign('⇧', "shift-"));
        }
        match self.code {
            KeyCode::Enter => out.push_str(&sign('⏎', "Enter")),
            KeyCode::Tab => out.push_str(&sign('⇥', "Tab")),
            KeyCode::Up => out.push_str(&sign('↑', "Up")),
            KeyCode::Down => out.push_str(&sign('↓', "Down")),
            KeyCode::Left => out.push_str(&sign('←', "Left")),
            KeyCode::Right => out.push_str(&sign('→', "Right")),
            KeyCode::Char(c) if c != ' ' && self.modifiers.contains(KeyModifiers::CONTROL) => {
                out.extend(c.to_uppercase());
            }
            KeyCode::F(number) => out.push_str(&format!("F{number}")),
            KeyCode::Char('-') => out.push('-'),
            code => out.push_str(
                &Self {
                    code,
                    modifiers: KeyModifiers::NONE,
                }
                .to_string(),
            ),
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        name.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn names_are_read_and_written() {
        for name in [
            "q",
            "ctrl-c",
            "alt-enter",
            "shift-tab",
            "f1",
            "space",
            "?",
            "-",
            "B",
            "ctrl-alt-x",
            "ctrl-/",
        ] {
            assert_eq!(key(&key(name).to_string()), key(name), "{name}");
        }
        assert_eq!(key("Ctrl-C"), key("ctrl-c"));
        assert_eq!(key("shift-b"), key("B"));
        assert_eq!(key("minus"), key("-"));
    }

    #[test]
    fn events_match_names() {
        let event = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        assert_eq!(
            event(KeyCode::BackTab, KeyModifiers::SHIFT),
            key("shift-tab")
        );
        assert_eq!(event(KeyCode::Char('B'), KeyModifiers::SHIFT), key("B"));
        assert_eq!(event(KeyCode::Char('?'), KeyModifiers::SHIFT), key("?"));
        assert_eq!(
            event(KeyCode::Char('7'), KeyModifiers::CONTROL),
            key("ctrl-/")
        );
        assert_eq!(
            event(KeyCode::Char('j'), KeyModifiers::CONTROL),
            key("ctrl-j")
        );
        assert_eq!(
            event(KeyCode::Char('ß'), KeyModifiers::SHIFT).types(),
            Some('ß')
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for name in ["", "entr", "f0", "f13", "ctrl-", "hyper-x", "ab", "\u{7}"] {
            assert_eq!(
                name.parse::<Key>(),
                Err(UnknownKey(name.to_owned())),
                "{name:?}"
            );
        }
        assert_eq!(key("ctrl-a").hint(), "^A");
        assert_eq!(key("alt-enter").hint(), "alt-⏎");
    }

    #[test]
    fn in_ascii_keys_are_named_in_words() {
        for (name, words) in [
            ("enter", "Enter"),
            ("shift-tab", "shift-Tab"),
            ("left", "Left"),
            ("ctrl-c", "^C"),
            ("pageup", "pageup"),
            ("f1", "F1"),
        ] {
            assert_eq!(key(name).hint_in_words(), words);
            assert!(key(name).hint_in_words().is_ascii());
        }
    }
}

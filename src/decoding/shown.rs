//! Tokens as they are shown among their neighbours: a character may lie in several tokens.

use super::TokenRecord;
use crate::text::{display_between, display_token};

/// Most bytes of a character that can lie outside of a token that holds a part of it.
const OUTSIDE: usize = 3;

/// The token at `position` as it is shown in its text: where it holds a part of a character and its neighbours the
/// rest, the character is shown, with the bytes of it that the token holds. Empty if there is no such token.
pub fn display_in_text(tokens: &[TokenRecord], position: usize) -> String {
    let Some(token) = tokens.get(position) else {
        return String::new();
    };
    if token.bytes.is_empty() {
        return token.display.clone();
    }
    display_between(
        &bytes_before(tokens, position),
        &token.bytes,
        &bytes_after(tokens, position + 1),
    )
}

/// The last bytes before a position, as many as can belong to a character that goes on there.
pub(super) fn bytes_before(tokens: &[TokenRecord], position: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let before = tokens[..position.min(tokens.len())].iter().rev();
    // A token without bytes, such as an end marker, stands between characters.
    for token in before.take_while(|token| !token.bytes.is_empty()) {
        bytes.splice(..0, token.bytes.iter().copied());
        if bytes.len() >= OUTSIDE {
            break;
        }
    }
    bytes.split_off(bytes.len().saturating_sub(OUTSIDE))
}

/// The first bytes from a position on, as many as can belong to a character that began before.
pub(super) fn bytes_after(tokens: &[TokenRecord], position: usize) -> Vec<u8> {
    let after = tokens.get(position..).unwrap_or_default().iter();
    after
        .take_while(|token| !token.bytes.is_empty())
        .flat_map(|token| token.bytes.iter().copied())
        .take(OUTSIDE)
        .collect()
}

/// The end of a text before a position, at most `tokens` tokens of it, on one line.
pub fn display_end(tokens: &[TokenRecord], position: usize, most: usize) -> String {
    let end = position.min(tokens.len());
    let mut shown = String::new();
    let mut bytes = Vec::new();
    for token in &tokens[end.saturating_sub(most)..end] {
        if token.bytes.is_empty() {
            shown += &display_token(&std::mem::take(&mut bytes));
            shown += &token.display;
        } else {
            bytes.extend_from_slice(&token.bytes);
        }
    }
    shown + &display_token(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::Origin;

    fn tokens(parts: &[&[u8]]) -> Vec<TokenRecord> {
        let token = |(position, bytes): (usize, &&[u8])| TokenRecord {
            position,
            id: 1,
            bytes: bytes.to_vec(),
            display: display_token(bytes),
            origin: Origin::Prompt,
            odds: None,
            draw: None,
        };
        parts.iter().enumerate().map(token).collect()
    }

    #[test]
    fn a_character_in_several_tokens_is_shown_with_the_bytes_of_each() {
        let text = tokens(&[b" a", b"\xF0", b"\x9F\x98", b"\x80!", b"\xE2\x82"]);
        let shown: Vec<String> = (0..6).map(|at| display_in_text(&text, at)).collect();
        assert_eq!(
            shown,
            ["·a", "😀⟨F0…⟩", "😀⟨…9F 98…⟩", "😀⟨…80⟩!", "⟨E2⟩⟨82⟩", ""]
        );
        assert_eq!(display_end(&text, 4, 9), "·a😀!");
        assert_eq!(display_end(&text, 9, 2), "⟨80⟩!⟨E2⟩⟨82⟩");
    }

    #[test]
    fn a_marker_between_two_halves_keeps_them_apart() {
        let mut text = tokens(&[b"\xC3", b"", b"\xA9"]);
        text[1].display = "<|end|>".to_owned();
        let shown: Vec<String> = (0..3).map(|at| display_in_text(&text, at)).collect();
        assert_eq!(shown, ["⟨C3⟩", "<|end|>", "⟨A9⟩"]);
        assert_eq!(display_end(&text, 3, 9), "⟨C3⟩<|end|>⟨A9⟩");
    }
}

//! The clipboard, through the terminal: OSC 52 (xterm's control sequences, "Manipulate Selection Data").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes that terminals take at once; xterm and tmux cut or drop longer ones.
pub const MOST: usize = 74_994;

/// The sequence that puts a text into the clipboard.
pub fn sequence(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_wrapped_whole() {
        assert_eq!(sequence("hé\n"), "\x1b]52;c;aMOpCg==\x07");
    }
}

//! Text from tokens as they come: a token may end in the middle of a character.

use std::str;

/// Turns bytes that arrive in pieces into text, holding back the beginning of a character until its rest is here.
///
/// The pieces of text, joined, are what [`String::from_utf8_lossy`] makes of all the bytes at once, however they
/// were split.
#[derive(Debug, Clone, Default)]
pub struct StreamDecoder {
    /// The beginning of one character: at most 3 bytes.
    pending: Vec<u8>,
}

impl StreamDecoder {
    /// A decoder at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes. Returns the characters that are complete with them; bytes that can belong to no
    /// character become U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let complete = self.pending.len() - unfinished(&self.pending);
        let text = String::from_utf8_lossy(&self.pending[..complete]).into_owned();
        self.pending.drain(..complete);
        text
    }

    /// Ends the text. Returns U+FFFD if it ends in the middle of a character, nothing otherwise.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        text
    }

    /// The bytes that wait for the rest of their character.
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }
}

/// How many bytes at the end of `bytes` begin a character without ending it.
fn unfinished(bytes: &[u8]) -> usize {
    // A character has at most 4 bytes, so an unfinished one at most 3.
    (1..=bytes.len().min(3))
        .find(|&length| {
            let tail = &bytes[bytes.len() - length..];
            matches!(str::from_utf8(tail), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_split_character_comes_out_once_and_whole() {
        let mut decoder = StreamDecoder::new();
        let crab = "🦀".as_bytes();
        assert_eq!(decoder.push(b"a"), "a");
        assert_eq!(decoder.push(&crab[..1]), "");
        assert_eq!(decoder.push(&crab[1..3]), "");
        assert_eq!(decoder.pending(), &crab[..3]);
        assert_eq!(decoder.push(&[crab[3], b'b']), "🦀b");
        assert_eq!(decoder.finish(), "");
    }

    #[test]
    fn a_character_that_never_ends_is_shown_as_missing() {
        let mut decoder = StreamDecoder::new();
        assert_eq!(decoder.push(&[0xE2, 0x82]), "");
        assert_eq!(decoder.push(b"x"), "\u{FFFD}x");
        assert_eq!(decoder.push(&[0xE2]), "");
        assert_eq!(decoder.finish(), "\u{FFFD}");
        assert_eq!(decoder.finish(), "");
    }

    /// Bytes that are often nearly UTF-8: characters with pieces cut out, and noise.
    fn nearly_utf8() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(
            prop_oneof![
                any::<char>().prop_map(|c| c.to_string().into_bytes()),
                (any::<char>(), 0..4usize).prop_map(|(c, at)| {
                    let mut bytes = c.to_string().into_bytes();
                    bytes.truncate(at);
                    bytes
                }),
                prop::collection::vec(any::<u8>(), 0..3),
            ],
            0..20,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_text_of_the_whole(
            bytes in nearly_utf8(),
            cuts in prop::collection::vec(1..5usize, 1..40),
        ) {
            let mut decoder = StreamDecoder::new();
            let (mut text, mut rest, mut cuts) = (String::new(), bytes.as_slice(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                text += &decoder.push(piece);
                prop_assert!(decoder.pending().len() < 4);
                rest = after;
            }
            text += &decoder.finish();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}

//! From the bytes of a text to UTF-8, the same way for every text that comes in: corpora, prompts, configuration.
//!
//! A mark at the beginning (U+FEFF) says which encoding a text has, and is no part of it: it is read and dropped.
//! Without one a text is UTF-8.

mod reader;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

pub use self::reader::Utf8Reader;

/// Stands in a text that is read piece by piece for bytes that are no character. It is no character itself, so that no
/// text holds it.
pub const MALFORMED: char = '\u{ffff}';

/// Why bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoText {
    #[error("byte {at} in line {line} is not {encoding}: convert the text to UTF-8 first")]
    Malformed {
        /// From 0, the mark included.
        at: usize,
        /// From 1.
        line: usize,
        encoding: &'static str,
    },
    #[error("is UTF-32: convert the text to UTF-8 first")]
    Utf32,
    #[error(
        "is full of zero bytes: it is no text, or UTF-16 without the mark that says so; convert it to UTF-8 first"
    )]
    Zeros,
    #[error("is a binary file, no text")]
    Binary,
}

/// A text, whole.
///
/// # Errors
/// When the bytes are no text.
pub fn decode(bytes: Vec<u8>) -> Result<String, NoText> {
    let (encoding, mark) = encoding_of(&bytes)?;
    if encoding == UTF_8 {
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            malformed(at, error.as_bytes()[..at].iter().copied(), encoding)
        })?;
        text.drain(..mark);
        return Ok(text);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let units = &bytes[mark..];
    let room = decoder.max_utf8_buffer_length_without_replacement(units.len());
    let mut text = String::with_capacity(room.unwrap_or(0));
    let (result, read) = decoder.decode_to_string_without_replacement(units, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        _ => Err(malformed(mark + read, text.bytes(), encoding)),
    }
}

fn malformed(at: usize, before: impl Iterator<Item = u8>, encoding: &Encoding) -> NoText {
    NoText::Malformed {
        at,
        line: before.filter(|byte| *byte == b'\n').count() + 1,
        encoding: if encoding == UTF_8 { "UTF-8" } else { "UTF-16" },
    }
}

/// A configuration file as UTF-8 without a mark. What is malformed stays so: its reader knows better what to say.
pub fn unmarked(bytes: Vec<u8>) -> Vec<u8> {
    match encoding_of(&bytes) {
        Ok((encoding, 0)) if encoding == UTF_8 => bytes,
        Ok((encoding, mark)) => {
            let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
            if encoding == UTF_8 {
                bytes[mark..].to_vec()
            } else {
                text.into_owned().into_bytes()
            }
        }
        Err(_) => bytes,
    }
}

/// The encoding of a text by its first bytes, and the length of its mark.
fn encoding_of(start: &[u8]) -> Result<(&'static Encoding, usize), NoText> {
    if start.starts_with(&[0xff, 0xfe, 0, 0]) || start.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(NoText::Utf32);
    }
    if let Some(marked) = Encoding::for_bom(start) {
        return Ok(marked);
    }
    let start = &start[..start.len().min(LOOKED_AT)];
    let zeros = start.iter().filter(|byte| **byte == 0).count();
    if zeros * 10 > start.len() {
        Err(NoText::Zeros)
    } else {
        Ok((UTF_8, 0))
    }
}

/// Bytes that tell what a file is.
const LOOKED_AT: usize = 1 << 13;

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn utf16(text: &str, little: bool) -> Vec<u8> {
        let units = text.encode_utf16();
        let bytes = units.flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        });
        bytes.collect()
    }

    #[test]
    fn marks_are_read_and_dropped() {
        let text = "Zoë 日本 😀\r\nend";
        for little in [true, false] {
            let marked = utf16(&format!("\u{feff}{text}"), little);
            assert_eq!(decode(marked.clone()).expect("a text"), text);
            assert_eq!(unmarked(marked), text.as_bytes());
        }
        let marked = format!("\u{feff}{text}").into_bytes();
        assert_eq!(decode(marked.clone()).expect("a text"), text);
        assert_eq!(unmarked(marked), text.as_bytes());
        assert_eq!(decode(text.into()).expect("a text"), text);
        assert_eq!(decode(Vec::new()).expect("a text"), "");
        // Only the first one is a mark.
        assert_eq!(decode("\u{feff}\u{feff}a".into()), Ok("\u{feff}a".into()));
    }

    #[test]
    fn what_is_no_text_is_named() {
        let error = |bytes: &[u8]| decode(bytes.to_vec()).expect_err("no text").to_string();
        assert!(error(b"\xef\xbb\xbfone\ntwo\xff").starts_with("byte 10 in line 2 is not UTF-8"));
        let lone = [&utf16("\u{feff}a\nb", true)[..], &[0x00, 0xd8, b'c', 0]].concat();
        assert!(
            error(&lone).contains("in line 2 is not UTF-16"),
            "{}",
            error(&lone)
        );
        assert!(error(&utf16("no mark at all", true)).contains("zero bytes"));
        assert!(error(&[0xff, 0xfe, 0, 0, b'a', 0, 0, 0]).contains("UTF-32"));
        // One zero among many bytes is odd, but a text.
        assert!(decode(b"a text\0 with a zero in it".to_vec()).is_ok());
    }
}

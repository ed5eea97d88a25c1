//! Texts of any length, decoded while they are read.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use encoding_rs::{CoderResult, Decoder, DecoderResult, UTF_8};

use super::{LOOKED_AT, MALFORMED, NoText, encoding_of};

/// Bytes that are decoded together.
const CHUNK: usize = 1 << 16;

/// Reads a text of any known encoding as UTF-8 without a mark. Bytes that are no character come as [`MALFORMED`], and
/// every line break, CR LF or CR, as LF.
pub struct Utf8Reader<R> {
    inner: R,
    decoder: Decoder,
    /// What was read and not decoded yet.
    raw: Vec<u8>,
    raw_at: usize,
    /// What was decoded and not handed on yet.
    text: Vec<u8>,
    text_at: usize,
    ended: bool,
    /// Whether the last character was a CR, which an LF may follow.
    after_return: bool,
    line_breaks: Rc<Cell<u64>>,
}

impl<R: Read> Utf8Reader<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// When they cannot be read. The inner result: when they are no text.
    pub fn new(mut inner: R) -> io::Result<Result<Self, NoText>> {
        let mut raw = Vec::with_capacity(CHUNK);
        inner
            .by_ref()
            .take(LOOKED_AT as u64)
            .read_to_end(&mut raw)?;
        let (encoding, mark) = match encoding_of(&raw) {
            Ok(found) => found,
            Err(NoText::Zeros) if is_binary(&raw) => return Ok(Err(NoText::Binary)),
            Err(problem) => return Ok(Err(problem)),
        };
        if mark == 0 && is_binary(&raw) {
            return Ok(Err(NoText::Binary));
        }
        Ok(Ok(Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw,
            raw_at: mark,
            text: Vec::with_capacity(CHUNK),
            text_at: 0,
            ended: false,
            after_return: false,
            line_breaks: Rc::default(),
        }))
    }

    /// Whether the text is UTF-16.
    pub fn is_utf16(&self) -> bool {
        self.decoder.encoding() != UTF_8
    }

    /// How many line breaks came as CR LF or CR so far.
    pub fn line_breaks(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.line_breaks)
    }

    /// Decodes until there is text, or no more.
    fn decode_more(&mut self) -> io::Result<()> {
        self.text.clear();
        self.text_at = 0;
        while self.text.is_empty() && !self.ended {
            if self.raw_at == self.raw.len() {
                self.raw.clear();
                self.raw_at = 0;
                let most = CHUNK as u64;
                self.inner.by_ref().take(most).read_to_end(&mut self.raw)?;
            }
            self.decode_raw();
            self.unify_line_breaks();
        }
        Ok(())
    }

    fn decode_raw(&mut self) {
        let last = self.raw.is_empty();
        loop {
            let start = self.text.len();
            self.text.resize(start + CHUNK, 0);
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_at..],
                &mut self.text[start..],
                last,
            );
            self.raw_at += read;
            self.text.truncate(start + written);
            match result {
                DecoderResult::InputEmpty => {
                    self.ended |= last;
                    return;
                }
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let mut bytes = [0; 4];
                    let mark = MALFORMED.encode_utf8(&mut bytes);
                    self.text.extend(mark.bytes());
                }
            }
        }
    }

    fn unify_line_breaks(&mut self) {
        if !self.after_return && !self.text.contains(&b'\r') {
            return;
        }
        let (mut kept, mut found) = (0, 0);
        for at in 0..self.text.len() {
            let byte = self.text[at];
            if byte == b'\n' && std::mem::take(&mut self.after_return) {
                continue;
            }
            self.after_return = byte == b'\r';
            found += u64::from(self.after_return);
            self.text[kept] = if byte == b'\r' { b'\n' } else { byte };
            kept += 1;
        }
        self.text.truncate(kept);
        self.line_breaks.set(self.line_breaks.get() + found);
    }
}

/// Whether bytes without a mark are a picture, an archive or the like: a zero, and what is no UTF-8.
fn is_binary(start: &[u8]) -> bool {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut out = vec![0; 3 * start.len() + 3];
    let (result, _, _, replaced) = decoder.decode_to_utf8(start, &mut out, false);
    start.contains(&0) && (replaced || result == CoderResult::OutputFull)
}

impl<R: Read> BufRead for Utf8Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.text_at == self.text.len() {
            self.decode_more()?;
        }
        Ok(&self.text[self.text_at..])
    }

    fn consume(&mut self, amount: usize) {
        self.text_at = (self.text_at + amount).min(self.text.len());
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::utf16;
    use super::*;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn read(bytes: &[u8]) -> (String, u64) {
        let mut reader = Utf8Reader::new(Drip(bytes))
            .expect("memory")
            .expect("a text");
        let breaks = reader.line_breaks();
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("UTF-8");
        (text, breaks.get())
    }

    #[test]
    fn any_encoding_comes_as_utf_8_with_one_kind_of_line_breaks() {
        let text = "one\r\ntwo\rthree\n\r\n😀".repeat(9000);
        let plain = "one\ntwo\nthree\n\n😀".repeat(9000);
        let expected = (plain, 27_000);
        assert_eq!(read(text.as_bytes()), expected);
        let marked = format!("\u{feff}{text}");
        assert_eq!(read(marked.as_bytes()), expected);
        for little in [true, false] {
            assert_eq!(read(&utf16(&marked, little)), expected);
        }
        assert_eq!(read(b""), (String::new(), 0));
    }

    #[test]
    fn what_is_no_character_is_marked_where_it_stands() {
        assert_eq!(
            read(b"a\xffb\xe2\x82").0,
            format!("a{MALFORMED}b{MALFORMED}")
        );
        let lone = [&utf16("\u{feff}a", true)[..], &[0x00, 0xd8, b'c', 0]].concat();
        assert_eq!(read(&lone).0, format!("a{MALFORMED}c"));
        let problem = |bytes: &[u8]| Utf8Reader::new(bytes).expect("memory").err();
        assert_eq!(problem(&utf16("no mark", false)), Some(NoText::Zeros));
        let picture = b"\x89PNG\r\n\x1a\n a long way to the first zero \0 of a picture";
        assert_eq!(problem(picture), Some(NoText::Binary));
        assert_eq!(problem(b"a zero \0 in a long text"), None);
    }
}

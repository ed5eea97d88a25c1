//! The text of one sample as it grows: whole characters only, and nothing past where it is cut.

use crate::decoding::StopTexts;
use crate::text::StreamDecoder;

/// Where a sample is cut.
#[derive(Debug, Clone)]
pub struct Cuts {
    /// Texts that end the sample and are part of it.
    pub stop: Vec<String>,
    /// A text that ends the sample and is not part of it.
    pub truncate: Option<String>,
}

/// A sample's text.
pub struct SampleText {
    bytes: StopTexts,
    truncate: Option<String>,
    decoder: StreamDecoder,
    /// Bytes already handed out.
    shown: usize,
    /// Where the text ends, once a stop text was met.
    end: Option<usize>,
}

impl SampleText {
    /// An empty text.
    pub fn new(cuts: &Cuts) -> Self {
        let mut texts = cuts.stop.clone();
        texts.extend(cuts.truncate.clone());
        Self {
            bytes: StopTexts::new(&texts),
            truncate: cuts.truncate.clone(),
            decoder: StreamDecoder::new(),
            shown: 0,
            end: None,
        }
    }

    /// Takes a token's bytes, and returns what can be shown of the text since the last call.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        if self.end.is_some() {
            return String::new();
        }
        let met = self.bytes.push(bytes);
        self.end = met.map(|(text, at)| {
            if self.truncate.as_deref() == Some(text) {
                at
            } else {
                at + text.len()
            }
        });
        let upto = self.end.unwrap_or_else(|| self.bytes.settled());
        self.show(upto)
    }

    /// The rest of the text, when no more tokens come.
    pub fn finish(&mut self) -> String {
        let upto = self.end.unwrap_or(self.bytes.bytes().len());
        let mut rest = self.show(upto);
        rest.push_str(&self.decoder.finish());
        rest
    }

    fn show(&mut self, upto: usize) -> String {
        let fresh = self.decoder.push(&self.bytes.bytes()[self.shown..upto]);
        self.shown = upto;
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(stop: &[&str], truncate: Option<&str>) -> SampleText {
        SampleText::new(&Cuts {
            stop: stop.iter().map(|&text| text.to_owned()).collect(),
            truncate: truncate.map(str::to_owned),
        })
    }

    #[test]
    fn a_stop_text_is_kept_and_what_follows_is_cut() {
        let mut text = text(&["."], None);
        assert_eq!(text.push(b"He ran"), "He ran");
        assert_eq!(text.push(b".\n"), ".");
        assert_eq!(text.push(b"more"), "");
        assert_eq!(text.finish(), "");
    }

    #[test]
    fn a_truncating_text_is_held_back_and_cut() {
        let mut text = text(&[], Some("<|end"));
        assert_eq!(text.push(b"He ran <"), "He ran ");
        assert_eq!(text.push(b"|end"), "");
        assert_eq!(text.finish(), "");
    }

    #[test]
    fn what_was_held_back_in_vain_comes_out() {
        let mut text = text(&[], Some("<|end"));
        assert_eq!(text.push(b"a <"), "a ");
        assert_eq!(text.push(b"b"), "<b");
        assert_eq!(text.push(b"<|"), "");
        assert_eq!(text.finish(), "<|");
    }

    #[test]
    fn split_characters_come_out_whole() {
        let mut text = text(&[], None);
        assert_eq!(text.push(&[0xE2, 0x82]), "");
        assert_eq!(text.push(&[0xAC]), "€");
    }
}

//! Tokens laid out as wrapped text: bytes joined across tokens, split into characters, broken into lines.
//!
//! Adding a token lays out no more than the last few lines again, so a long text may stream at full speed.

mod lay_out;

use std::ops::Range;

/// One character as shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// The token that the last of its bytes belongs to.
    pub token: usize,
    /// Cells that it takes.
    pub width: u16,
    /// Where its first byte lies in the tokens' joined bytes.
    source: usize,
    /// Where it starts in the shown text.
    shown: usize,
    kind: Kind,
}

impl Glyph {
    /// Whether it ends a line.
    pub fn is_newline(self) -> bool {
        self.kind == Kind::Newline
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Space,
    Newline,
}

/// The text of a list of tokens, wrapped to a width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    width: u16,
    bytes: Vec<u8>,
    /// For each token, where its bytes end.
    ends: Vec<usize>,
    shown: String,
    glyphs: Vec<Glyph>,
    /// For each line, its first glyph. Never empty.
    starts: Vec<usize>,
}

impl Flow {
    /// An empty text, to be wrapped to `width` cells.
    pub fn new(width: u16) -> Self {
        Self {
            width: width.max(1),
            bytes: Vec::new(),
            ends: Vec::new(),
            shown: String::new(),
            glyphs: Vec::new(),
            starts: vec![0],
        }
    }

    /// A text whose tokens are its characters (code points), as an editor needs it.
    pub fn of_characters(text: &str, width: u16) -> Self {
        let mut flow = Self::new(width);
        flow.bytes = text.as_bytes().to_vec();
        flow.ends = text
            .char_indices()
            .map(|(start, c)| start + c.len_utf8())
            .collect();
        flow.read(0);
        flow.wrap();
        flow
    }

    /// Adds a token. Bytes that do not end a character wait for those of the next token.
    pub fn push(&mut self, bytes: &[u8]) {
        let line = self.settled_line(self.bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        self.lay_out_from(line);
    }

    /// Forgets all but the first `tokens` tokens.
    pub fn truncate(&mut self, tokens: usize) {
        if tokens < self.ends.len() {
            self.ends.truncate(tokens);
            self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
            self.lay_out_from(self.settled_line(self.bytes.len()));
        }
    }

    /// Wraps to another width.
    pub fn set_width(&mut self, width: u16) {
        if self.width != width.max(1) {
            self.width = width.max(1);
            self.starts = vec![0];
            self.wrap();
        }
    }

    /// Number of lines, at least 1.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether no token shows anything.
    pub fn is_empty(&self) -> bool {
        self.glyphs.is_empty()
    }

    /// The glyphs of a line, with the text of each.
    pub fn line(&self, index: usize) -> impl Iterator<Item = (Glyph, &str)> {
        self.glyph_range(index).map(|at| {
            let glyph = self.glyphs[at];
            let end = self
                .glyphs
                .get(at + 1)
                .map_or(self.shown.len(), |next| next.shown);
            (glyph, &self.shown[glyph.shown..end])
        })
    }

    /// The line on which a token is shown; the last one for tokens past the end.
    pub fn line_of(&self, token: usize) -> usize {
        let glyph = self.glyphs.partition_point(|glyph| glyph.token < token);
        self.starts
            .partition_point(|start| *start <= glyph)
            .saturating_sub(1)
    }

    /// The token at the place where a token would be if it stood `lines` lines further down (up if negative).
    pub fn token_across(&self, token: usize, lines: isize) -> usize {
        let line = self
            .line_of(token)
            .saturating_add_signed(lines)
            .min(self.len() - 1);
        self.token_at(line, self.column_of(token))
            .or_else(|| self.last_of(line))
            .unwrap_or(token)
    }

    /// The token whose glyph covers a column of a line.
    pub fn token_at(&self, line: usize, column: u16) -> Option<usize> {
        let mut end = 0;
        self.line(line)
            .find(|(glyph, _)| {
                end += glyph.width;
                end > column
            })
            .map(|(glyph, _)| glyph.token)
    }

    /// The last token of a line.
    pub fn last_of(&self, line: usize) -> Option<usize> {
        self.glyph_range(line)
            .next_back()
            .map(|at| self.glyphs[at].token)
    }

    /// The column where a token starts on its line.
    pub fn column_of(&self, token: usize) -> u16 {
        self.line(self.line_of(token))
            .take_while(|(glyph, _)| glyph.token < token)
            .map(|(glyph, _)| glyph.width)
            .sum()
    }

    /// The tokens whose bytes make up the same character as the end of `token`.
    pub fn character_of(&self, token: usize) -> Range<usize> {
        let at = self.glyphs.partition_point(|glyph| glyph.token < token);
        let before = at
            .checked_sub(1)
            .map_or(0, |before| self.glyphs[before].token + 1);
        let last = self.glyphs.get(at).map_or(token, |glyph| glyph.token);
        before.min(token)..last + 1
    }

    /// Whether a glyph shows bytes of a token, be they a part of its character only.
    pub fn shows(&self, glyph: Glyph, token: usize) -> bool {
        let begins_before = self.ends.get(token).is_some_and(|end| glyph.source < *end);
        begins_before && glyph.token >= token
    }

    fn glyph_range(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or(self.glyphs.len());
        start
            ..self
                .starts
                .get(line + 1)
                .copied()
                .unwrap_or(self.glyphs.len())
    }
}

#[cfg(test)]
mod tests;

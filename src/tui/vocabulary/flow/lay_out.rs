//! From bytes to glyphs, from glyphs to lines.

use unicode_segmentation::UnicodeSegmentation;

use super::{Flow, Glyph, Kind};
use crate::tui::vocabulary::safe;

impl Flow {
    /// The last line whose start does not depend on the bytes from `boundary` on. Up to three bytes before it may be
    /// an unfinished character, which may turn out to belong to the cluster before, and a word that then becomes
    /// narrower may fit on the line above.
    pub(super) fn settled_line(&self, boundary: usize) -> usize {
        let cluster = self
            .glyphs
            .partition_point(|glyph| glyph.source + 4 <= boundary)
            .saturating_sub(1);
        self.starts
            .partition_point(|start| *start <= cluster)
            .saturating_sub(2)
    }

    /// Reads the bytes again from the start of a line on.
    pub(super) fn lay_out_from(&mut self, line: usize) {
        self.starts.truncate(line + 1);
        let first = self.starts[line];
        let (source, shown) = self
            .glyphs
            .get(first)
            .map_or((self.bytes.len(), self.shown.len()), |glyph| {
                (glyph.source, glyph.shown)
            });
        // With no glyph at the line's start, the bytes after the last glyph are what is new.
        let source = if first < self.glyphs.len() {
            source
        } else {
            self.end_of_glyphs(first)
        };
        self.glyphs.truncate(first);
        self.shown.truncate(shown);
        self.read(source);
        self.wrap();
    }

    /// Where the bytes after the first `count` glyphs start: behind a newline, or at the start of the text.
    fn end_of_glyphs(&self, count: usize) -> usize {
        count
            .checked_sub(1)
            .map_or(0, |last| self.glyphs[last].source + 1)
    }

    pub(super) fn read(&mut self, from: usize) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut at = from;
        let mut token = self.ends.partition_point(|end| *end <= at);
        for chunk in bytes[from..].utf8_chunks() {
            for cluster in chunk.valid().graphemes(true) {
                // "\r\n" is one cluster; the newline in it still breaks the line.
                let (head, newline) = match cluster.strip_suffix('\n') {
                    Some(head) => (head, true),
                    None => (cluster, false),
                };
                if !head.is_empty() {
                    let kind = if head == " " || head == "\t" {
                        Kind::Space
                    } else {
                        Kind::Word
                    };
                    at = self.add(at, head.len(), kind, &mut token, |out| {
                        safe::push_cluster(head, out)
                    });
                }
                if newline {
                    at = self.add(at, 1, Kind::Newline, &mut token, |out| {
                        safe::push_cluster("\n", out)
                    });
                }
            }
            for byte in chunk.invalid() {
                at = self.add(at, 1, Kind::Word, &mut token, |out| {
                    out.push_str(&format!("⟨{byte:02X}⟩"));
                    4
                });
            }
        }
        self.bytes = bytes;
    }

    fn add(
        &mut self,
        source: usize,
        len: usize,
        kind: Kind,
        token: &mut usize,
        show: impl FnOnce(&mut String) -> u16,
    ) -> usize {
        let end = source + len;
        while self
            .ends
            .get(*token)
            .is_some_and(|token_end| *token_end < end)
        {
            *token += 1;
        }
        let shown = self.shown.len();
        let width = show(&mut self.shown);
        self.glyphs.push(Glyph {
            token: *token,
            width,
            source,
            shown,
            kind,
        });
        end
    }

    /// Whether a line may break before a glyph although no space stands there: between wide characters, and between one
    /// and others. What closes stays with what it closes, what opens with what follows.
    fn parts(&self, at: usize) -> bool {
        const CLOSES: &str = "，。、：；！？）》〉」』】〕…”’";
        const OPENS: &str = "（《〈「『【〔“‘";
        let Some(before) = at.checked_sub(1).map(|before| self.glyphs[before]) else {
            return false;
        };
        let begins = |at: usize, signs: &str| {
            let c = self.shown[self.glyphs[at].shown..].chars().next();
            c.is_some_and(|c| signs.contains(c))
        };
        let is_wide = self.glyphs[at].width == 2 || before.width == 2;
        is_wide && !begins(at, CLOSES) && !begins(at - 1, OPENS)
    }

    /// Breaks the glyphs from the start of the last known line on into lines: after newlines, else at the last
    /// place where a word ends, else wherever the line is full. The last column is kept for a space after a word
    /// that fills the line, and for the cursor.
    pub(super) fn wrap(&mut self) {
        let limit = self.width.saturating_sub(1).max(1);
        let first = self.starts.last().copied().unwrap_or(0);
        let mut line = Filling::from(first);
        for at in first..self.glyphs.len() {
            let glyph = self.glyphs[at];
            let is_word = glyph.kind == Kind::Word;
            if is_word && (line.may_break || self.parts(at)) {
                line.word = at;
                line.word_column = line.column;
            }
            let room = if is_word { limit } else { self.width };
            // Twice at most: the word moves down, and fills the next line by itself.
            while at > line.start && line.column.saturating_add(glyph.width) > room {
                line = if is_word && line.word > line.start {
                    Filling {
                        column: line.column - line.word_column,
                        ..Filling::from(line.word)
                    }
                } else {
                    Filling::from(at)
                };
                self.starts.push(line.start);
            }
            line.column = line.column.saturating_add(glyph.width);
            line.may_break = glyph.kind == Kind::Space;
            if glyph.kind == Kind::Newline {
                line = Filling::from(at + 1);
                self.starts.push(line.start);
            }
        }
    }
}

/// A line being filled.
struct Filling {
    /// Its first glyph.
    start: usize,
    /// Cells taken.
    column: u16,
    /// The glyph where its last word starts.
    word: usize,
    word_column: u16,
    /// Whether a word that comes now is a new one.
    may_break: bool,
}

impl Filling {
    fn from(start: usize) -> Self {
        Self {
            start,
            column: 0,
            word: start,
            word_column: 0,
            may_break: false,
        }
    }
}

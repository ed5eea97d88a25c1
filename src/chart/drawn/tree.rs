//! What could follow a text, as a tree: a column a token, a row a continuation.

use super::output::{Drawing, write};
use super::sheet::{Drawn, PLAIN, Room, Sheet, Words};
use super::text::{fitting, label};
use crate::chart::{ChartError, Target};
use crate::decoding::Tree;
use crate::text::numbers::percent;

/// Most tokens in a chart. A tree grows where it is most probable first, so the rest is the least probable.
const MOST: usize = 360;
/// Pixels: of a column and a row.
const COLUMN: i32 = 210;
const ROW: i32 = 44;
const TINY: i32 = 11;

/// Writes the tree of what could follow a text: each token with its probability, and that of all from the text to it.
/// `after` is the end of the text.
///
/// # Errors
/// When the tree is empty, or the file cannot be written.
pub fn tree<'a>(target: impl Into<Target<'a>>, tree: &Tree, after: &str) -> Result<(), ChartError> {
    if tree.tokens.is_empty() {
        return Err(ChartError::Empty("nothing follows the text"));
    }
    let count = tree.tokens.len().min(MOST);
    let mut children = vec![Vec::new(); count];
    let mut roots = Vec::new();
    for index in 0..count {
        match tree.tokens[index].parent {
            Some(parent) => children[parent].push(index),
            None => roots.push(index),
        }
    }
    let mut drawing = Branches {
        tree,
        after,
        rows: vec![0.0; count],
        leaves: 0,
    };
    for root in roots {
        drawing.place(root, &children);
    }
    write(&target.into(), &drawing)
}

struct Branches<'a> {
    tree: &'a Tree,
    after: &'a str,
    /// On which row each token stands: a leaf on its own, others in the middle of what follows them.
    rows: Vec<f32>,
    leaves: usize,
}

impl Branches<'_> {
    fn place(&mut self, index: usize, children: &[Vec<usize>]) {
        let below = &children[index];
        for &child in below {
            self.place(child, children);
        }
        self.rows[index] = match (below.first(), below.last()) {
            (Some(&first), Some(&last)) => (self.rows[first] + self.rows[last]) / 2.0,
            _ => {
                self.leaves += 1;
                (self.leaves - 1) as f32
            }
        };
    }

    fn columns(&self) -> i32 {
        let depths = self.tree.tokens[..self.rows.len()].iter();
        depths.map(|token| token.depth as i32).max().unwrap_or(1)
    }
}

impl Drawing for Branches<'_> {
    fn size(&self) -> (i32, i32) {
        (COLUMN * self.columns().max(3), ROW * self.leaves as i32)
    }

    fn title(&self) -> String {
        format!("What could follow “{}”", self.after)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let (drawn, all) = (self.rows.len(), self.tree.tokens.len());
        if drawn < all {
            notes.push(format!(
                "{drawn} of {all} tokens are drawn: the least probable continuations are left out"
            ));
        }
        if self.tree.is_full {
            notes.push("continuations less probable than these are left out (--tokens)".to_owned());
        }
        notes
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let column = room.width() / self.columns().max(3);
        let row = room.height() as f32 / self.leaves as f32;
        // Where a token stands: left, and the middle of its height.
        let at = |index: usize| {
            let depth = self.tree.tokens[index].depth as i32;
            let middle = (self.rows[index] + 0.5) * row;
            (room.left + (depth - 1) * column, room.top + middle as i32)
        };
        for (index, token) in self.tree.tokens[..self.rows.len()].iter().enumerate() {
            let (left, middle) = at(index);
            if let Some(parent) = token.parent {
                let (from, height) = at(parent);
                let from = (from + column - 20, height);
                let width = 1 + (token.probability * 5.0) as u32;
                let line = [from, (left - 12, middle), (left - 4, middle)];
                sheet.line(&line, theme.quiet, width)?;
            }
            let width = column - 26;
            // The bar is the token's own probability.
            let end = left + (token.probability * width as f32) as i32;
            let whole = Room::new((left, middle + 2), (left + width, middle + 6));
            sheet.fill(whole, theme.grid)?;
            let bar = Room {
                right: end.max(left + 1),
                ..whole
            };
            sheet.fill(bar, theme.last)?;
            let ink = if token.ends {
                theme.mark_ink
            } else {
                theme.ink
            };
            let own = percent(token.probability);
            let name = sheet.shown(&label(&token.display));
            let name = format!("{name}  {own}");
            let name = fitting(&name, width, PLAIN);
            sheet.words(&name, (left, middle - 8), Words::new(PLAIN, ink))?;
            let all = format!("in all {}", percent(token.cumulated as f32));
            sheet.words(&all, (left, middle + 14), Words::new(TINY, theme.quiet))?;
        }
        Ok(())
    }
}

//! What could follow a text, as a tree: a column a token, a row a continuation.

use std::path::Path;

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{DrawingArea, DrawingBackend, PathElement, Rectangle, Text};
use plotters::style::{Color, IntoFont};

use super::canvas::{Drawing, FONT, label, write};
use super::palette::{FINAL, INK, MARK, QUIET};
use crate::chart::ChartError;
use crate::decoding::Tree;
use crate::text::numbers::percent;

/// Most tokens in a chart. A tree grows where it is most probable first, so the rest is the least probable.
const MOST: usize = 400;
/// Pixels: of the picture's edge, its title, a column and a row.
const EDGE: i32 = 20;
const TITLE: i32 = 44;
const COLUMN: i32 = 210;
const ROW: i32 = 40;

/// Writes the tree of what could follow a text: each token with its probability, and that of all from the text to it.
/// `names` are the tokens' texts, as many as the tree has; `after` is the end of the text.
///
/// # Errors
/// When the tree is empty, or the file cannot be written.
pub fn tree(path: &Path, tree: &Tree, names: &[String], after: &str) -> Result<(), ChartError> {
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
        names,
        after,
        rows: vec![0.0; count],
        leaves: 0,
    };
    for root in roots {
        drawing.place(root, &children);
    }
    write(path, &drawing)
}

struct Branches<'a> {
    tree: &'a Tree,
    names: &'a [String],
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

    fn columns(&self) -> usize {
        let depths = self.tree.tokens[..self.rows.len()].iter();
        depths.map(|token| token.depth).max().unwrap_or(1)
    }

    /// Where a token's box begins: left, and the middle of its height.
    fn at(&self, index: usize) -> (i32, i32) {
        let depth = self.tree.tokens[index].depth as i32;
        let row = (self.rows[index] * ROW as f32) as i32;
        (EDGE + (depth - 1) * COLUMN, EDGE + TITLE + row + ROW / 2)
    }
}

impl Drawing for Branches<'_> {
    fn size(&self) -> (u32, u32) {
        let width = 2 * EDGE + COLUMN * (self.columns() as i32).max(3);
        let height = 2 * EDGE + TITLE + ROW * self.leaves as i32;
        (width as u32, height as u32)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        area.draw(&Text::new(
            format!("What could follow “{}”", self.after),
            (EDGE, EDGE),
            (FONT, 22).into_font().color(&INK),
        ))?;
        for (index, token) in self.tree.tokens[..self.rows.len()].iter().enumerate() {
            let (left, middle) = self.at(index);
            if let Some(parent) = token.parent {
                let (from, height) = self.at(parent);
                let from = (from + COLUMN - 20, height);
                let width = 1 + (token.probability * 5.0) as u32;
                let line = vec![from, (left - 12, middle), (left - 4, middle)];
                area.draw(&PathElement::new(line, QUIET.stroke_width(width)))?;
            }
            // The bar is the token's own probability.
            let end = left + (token.probability * (COLUMN - 24) as f32) as i32;
            let bar = [(left, middle + 9), (end.max(left + 1), middle + 13)];
            area.draw(&Rectangle::new(bar, FINAL.filled()))?;
            let ink = if token.ends { MARK } else { INK };
            let name = format!(
                "{}  {}",
                label(&self.names[index]),
                percent(token.probability)
            );
            area.draw(&Text::new(
                name,
                (left, middle - 9),
                (FONT, 15).into_font().color(&ink),
            ))?;
            area.draw(&Text::new(
                format!("in all {}", percent(token.cumulated as f32)),
                (left, middle + 15),
                (FONT, 11).into_font().color(&QUIET),
            ))?;
        }
        Ok(())
    }
}

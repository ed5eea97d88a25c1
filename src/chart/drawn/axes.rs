//! Axes around a plot, and what their colours mean.

use plotters::style::RGBColor;

use super::sheet::{Drawn, PLAIN, Room, SMALL, Sheet, Words};
use super::text;
use crate::chart::Axis;

/// Pixels from an axis to its ticks' labels, and to its name.
const LABEL: i32 = 8;
/// Pixels below a plot that its ticks and the name of its axis take.
pub const BELOW: i32 = 46;
/// Pixels to the left of a plot.
pub const BEFORE: i32 = 64;
/// Pixels of a row of a legend, and of its sign.
pub const LEGEND: i32 = 26;
const SIGN: i32 = 22;

/// A plot with its two axes.
pub struct Plot {
    pub room: Room,
    pub across: Axis,
    pub up: Axis,
}

impl Plot {
    pub fn x(&self, value: f64) -> i32 {
        self.across.pixel(value, (self.room.left, self.room.right))
    }

    pub fn y(&self, value: f64) -> i32 {
        self.up.pixel(value, (self.room.bottom, self.room.top))
    }

    pub fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (self.x(x), self.y(y))
    }

    /// Draws both axes with their names, and a grid across.
    pub fn draw(&self, sheet: &Sheet<'_>, across: &str, up: &str) -> Drawn {
        self.draw_up(sheet, up)?;
        self.draw_across(sheet, across)
    }

    /// Draws the axis of values.
    pub fn draw_up(&self, sheet: &Sheet<'_>, name: &str) -> Drawn {
        let Room {
            left,
            top,
            right,
            bottom,
        } = self.room;
        let theme = sheet.theme;
        for tick in &self.up.ticks {
            let y = self.y(tick.value);
            sheet.line(&[(left, y), (right, y)], theme.grid, 1)?;
            let words = Words::new(SMALL, theme.ink).before();
            sheet.words(&tick.label, (left - LABEL, y), words)?;
        }
        sheet.line(&[(left, top), (left, bottom)], theme.quiet, 1)?;
        let words = Words::new(SMALL, theme.quiet).centred().below().turned();
        let name = sheet.fitting(name, bottom - top, SMALL);
        sheet.words(
            &name,
            (left - BEFORE + 6, i32::midpoint(top, bottom)),
            words,
        )
    }

    /// Draws the axis below.
    pub fn draw_across(&self, sheet: &Sheet<'_>, name: &str) -> Drawn {
        let Room {
            left,
            right,
            bottom,
            ..
        } = self.room;
        let theme = sheet.theme;
        for tick in &self.across.ticks {
            let x = self.x(tick.value);
            sheet.line(&[(x, bottom), (x, bottom + 4)], theme.quiet, 1)?;
            let words = Words::new(SMALL, theme.ink).centred().below();
            sheet.words(&tick.label, (x, bottom + LABEL), words)?;
        }
        sheet.line(&[(left, bottom), (right, bottom)], theme.quiet, 1)?;
        let words = Words::new(SMALL, theme.quiet).centred().below();
        let name = sheet.fitting(name, right - left, SMALL);
        sheet.words(&name, (i32::midpoint(left, right), bottom + 28), words)
    }
}

/// What is drawn for a name in a legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sign {
    Area(RGBColor),
    Line(RGBColor, u32),
    /// A line with a mark on it, hollow or filled.
    Marks(RGBColor, bool),
    /// A place where there is no number.
    Gap,
}

/// A legend in rows that fit.
pub struct Legend {
    entries: Vec<(i32, i32, Sign, String)>,
    pub height: i32,
}

impl Legend {
    /// Lays names out in rows of a width.
    pub fn new(width: i32, names: impl IntoIterator<Item = (Sign, String)>) -> Self {
        let (mut x, mut row) = (0, 0);
        let entry = |(sign, name): (Sign, String)| {
            // A name is no wider than the legend.
            let name = text::fitting(
                &text::shown(&name, text::Others::Viewer),
                width - SIGN - 8,
                PLAIN,
            );
            let wide = SIGN + 8 + text::width(&name, PLAIN) + 24;
            if x > 0 && x + wide - 24 > width {
                (x, row) = (0, row + 1);
            }
            let at = x;
            x += wide;
            (at, row, sign, name)
        };
        let entries: Vec<_> = names.into_iter().map(entry).collect();
        let rows = entries.last().map_or(0, |(_, row, _, _)| row + 1);
        Self {
            entries,
            height: rows * LEGEND,
        }
    }

    /// Draws it with its upper left corner at a point.
    pub fn draw(&self, sheet: &Sheet<'_>, (left, top): (i32, i32)) -> Drawn {
        for (x, row, sign, name) in &self.entries {
            let (x, y) = (left + x, top + row * LEGEND + LEGEND / 2);
            draw_sign(sheet, *sign, (x, y))?;
            let words = Words::new(PLAIN, sheet.theme.ink);
            sheet.words(name, (x + SIGN + 8, y), words)?;
        }
        Ok(())
    }
}

fn draw_sign(sheet: &Sheet<'_>, sign: Sign, (x, y): (i32, i32)) -> Drawn {
    let line = [(x, y), (x + SIGN, y)];
    match sign {
        Sign::Area(colour) => sheet.fill(Room::new((x, y - 6), (x + SIGN, y + 6)), colour),
        Sign::Line(colour, width) => sheet.line(&line, colour, width),
        Sign::Marks(colour, hollow) => {
            sheet.line(&line, colour, 1)?;
            mark(sheet, (x + SIGN / 2, y), colour, hollow)
        }
        Sign::Gap => gap(sheet, (x + SIGN / 2, y - 6)),
    }
}

/// A mark on a line.
pub fn mark(sheet: &Sheet<'_>, at: (i32, i32), colour: RGBColor, hollow: bool) -> Drawn {
    let inside = if hollow { sheet.theme.ground } else { colour };
    sheet.dot(at, 5, inside)?;
    sheet.ring(at, 5, colour)
}

/// The mark of a place where there is no number: in no run's colour.
pub fn gap(sheet: &Sheet<'_>, (x, top): (i32, i32)) -> Drawn {
    sheet.fill(Room::new((x - 1, top), (x + 1, top + 12)), sheet.theme.ink)
}

//! What drawings draw on: lines, areas and words in the colours of a theme.

use std::io;

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{Circle, DrawingArea, PathElement, Polygon, Rectangle, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, TextStyle};

use super::fonts::FONT;
use super::text::{self, Others, SIZE_IN_SVG};
use super::theme::Theme;

/// Something was drawn, or why not.
pub type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Pixels of a text.
pub const SMALL: i32 = 13;
pub const PLAIN: i32 = 14;

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Room {
    pub fn new((left, top): (i32, i32), (right, bottom): (i32, i32)) -> Self {
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    pub fn width(self) -> i32 {
        self.right - self.left
    }

    pub fn height(self) -> i32 {
        self.bottom - self.top
    }

    /// What is left of it inside of margins.
    pub fn within(self, left: i32, top: i32, right: i32, bottom: i32) -> Self {
        Self {
            left: self.left + left,
            top: self.top + top,
            right: self.right - right,
            bottom: self.bottom - bottom,
        }
    }
}

/// How words stand at their point.
#[derive(Clone, Copy)]
pub struct Words {
    pub size: i32,
    pub colour: RGBColor,
    pub across: HPos,
    pub up: VPos,
    /// Whether they are read upwards.
    pub turned: bool,
}

impl Words {
    /// To the right of their point, at half of their height.
    pub fn new(size: i32, colour: RGBColor) -> Self {
        Self {
            size,
            colour,
            across: HPos::Left,
            up: VPos::Center,
            turned: false,
        }
    }

    pub fn centred(self) -> Self {
        Self {
            across: HPos::Center,
            ..self
        }
    }

    /// To the left of their point.
    pub fn before(self) -> Self {
        Self {
            across: HPos::Right,
            ..self
        }
    }

    /// Below their point.
    pub fn below(self) -> Self {
        Self {
            up: VPos::Top,
            ..self
        }
    }

    pub fn turned(self) -> Self {
        Self {
            turned: true,
            ..self
        }
    }
}

/// What drawings draw on.
pub struct Sheet<'a> {
    pub area: DrawingArea<SVGBackend<'a>, Shift>,
    pub theme: &'static Theme,
    /// What stands in for signs that our font lacks.
    pub others: Others,
}

impl Sheet<'_> {
    /// A text as it can be shown.
    pub fn shown(&self, text: &str) -> String {
        text::shown(text, self.others)
    }

    /// A text as it can be shown, cut where it is wider than so many pixels.
    pub fn fitting(&self, text: &str, room: i32, size: i32) -> String {
        text::fitting(&self.shown(text), room, size)
    }

    pub fn words(&self, text: &str, at: (i32, i32), words: Words) -> Drawn {
        let mut font = (FONT, f64::from(words.size) * SIZE_IN_SVG).into_font();
        if words.turned {
            font = font.transform(FontTransform::Rotate270);
        }
        let style = TextStyle::from(font)
            .color(&words.colour)
            .pos(Pos::new(words.across, words.up));
        self.area.draw_text(&self.shown(text), &style, at)
    }

    pub fn line(&self, points: &[(i32, i32)], colour: impl Color, width: u32) -> Drawn {
        let style = colour.stroke_width(width);
        self.area.draw(&PathElement::new(points.to_vec(), style))
    }

    pub fn fill(&self, room: Room, colour: impl Color) -> Drawn {
        let corners = [(room.left, room.top), (room.right, room.bottom)];
        self.area.draw(&Rectangle::new(corners, colour.filled()))
    }

    pub fn frame(&self, room: Room, colour: impl Color) -> Drawn {
        let corners = [(room.left, room.top), (room.right, room.bottom)];
        let style = colour.stroke_width(1);
        self.area.draw(&Rectangle::new(corners, style))
    }

    pub fn polygon(&self, points: &[(i32, i32)], colour: impl Color) -> Drawn {
        self.area.draw(&Polygon::new(points.to_vec(), colour))
    }

    pub fn dot(&self, at: (i32, i32), radius: u32, colour: impl Color) -> Drawn {
        self.area.draw(&Circle::new(at, radius, colour.filled()))
    }

    pub fn ring(&self, at: (i32, i32), radius: u32, colour: impl Color) -> Drawn {
        self.area
            .draw(&Circle::new(at, radius, colour.stroke_width(1)))
    }
}

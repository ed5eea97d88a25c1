//! Surprisal and entropy along a text: a bar a token where it is short, strips where it is long.

use super::axes::{BEFORE, Legend, Plot, Sign};
use super::output::{Drawing, write};
use super::sheet::{Drawn, Room, SMALL, Sheet, Words};
use super::strip::Strips;
use super::text::{self, Others, label};
use crate::chart::{Along, Axis, ChartError, Target};
use crate::decoding::TokenRecord;

/// Tokens whose names fit below the chart; with more, the text is long.
pub const NAMED: usize = 80;
/// Pixels: of the picture, of a token, and of the room for names.
const HEIGHT: i32 = 400;
const TOKEN: i32 = 20;
const NAMES: i32 = 110;
const LEVEL: i32 = 30;

/// Writes the surprisal of each token and the entropy of the odds that it was drawn from, in bits: as a bar and a line
/// for each token of a short text, as two strips of heat with their moving means for a long one. No token is left out.
///
/// # Errors
/// When no token has odds, or the file cannot be written.
pub fn surprisal<'a>(
    target: impl Into<Target<'a>>,
    tokens: &[TokenRecord],
    title: &str,
) -> Result<(), ChartError> {
    let mut along = Along::default();
    for token in tokens {
        along.push(token);
    }
    surprisal_along(target, &along, title)
}

/// [`surprisal`] of a text that was read token by token.
///
/// # Errors
/// As [`surprisal`].
pub fn surprisal_along<'a>(
    target: impl Into<Target<'a>>,
    along: &Along,
    title: &str,
) -> Result<(), ChartError> {
    if along.surprisal.iter().all(|bits| bits.is_nan()) {
        return Err(ChartError::Empty("no token of the text has odds"));
    }
    if along.len() <= NAMED {
        write(&target.into(), &Line { along, title })
    } else {
        write(&target.into(), &Strips::new(along, title))
    }
}

struct Line<'a> {
    along: &'a Along,
    title: &'a str,
}

impl Line<'_> {
    fn names(&self) -> impl Iterator<Item = String> {
        self.along.names.iter().map(|name| label(name))
    }

    /// The height of the names below a plot of a width: they are read from left to right where the widest has room, and
    /// upwards where it has not.
    fn names_room(&self, width: i32) -> i32 {
        let slot = width / self.along.len() as i32;
        let mut widths = self
            .names()
            .map(|name| text::width(&text::shown(&name, Others::Viewer), SMALL));
        if widths.all(|width| width + 4 <= slot) {
            LEVEL
        } else {
            NAMES
        }
    }
}

impl Drawing for Line<'_> {
    fn size(&self) -> (i32, i32) {
        let tokens = TOKEN * self.along.len() as i32;
        let width = (BEFORE + tokens).max(800);
        (width, HEIGHT + self.names_room(width - BEFORE))
    }

    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let along = self.along;
        let signs = [
            (Sign::Area(theme.last), "surprisal of the token".to_owned()),
            (Sign::Line(theme.mark, 2), "entropy of the odds".to_owned()),
        ];
        let legend = Legend::new(room.width() - BEFORE, signs);
        legend.draw(sheet, (room.left + BEFORE, room.top))?;
        let finite = |values: &[f32]| {
            let finite = values.iter().copied().filter(|bits| bits.is_finite());
            finite.fold(1.0, f32::max)
        };
        let highest = finite(&along.surprisal).max(finite(&along.entropy));
        let names_room = self.names_room(room.width() - BEFORE);
        let plot = Plot {
            room: room.within(BEFORE, legend.height + 8, 0, names_room),
            across: Axis::new(0.0, along.len() as f64, false, 8),
            up: Axis::new(0.0, f64::from(highest) * 1.05, false, 8),
        };
        plot.draw_up(sheet, "bits")?;
        let Room {
            left,
            right,
            bottom,
            ..
        } = plot.room;
        for (at, bits) in along.surprisal.iter().enumerate() {
            if bits.is_nan() {
                continue;
            }
            let from = (plot.x(at as f64 + 0.15), plot.y(f64::from(*bits)));
            sheet.fill(
                Room::new(from, (plot.x(at as f64 + 0.85), bottom)),
                theme.last,
            )?;
        }
        let line: Vec<(i32, i32)> = along
            .entropy
            .iter()
            .enumerate()
            .filter(|(_, bits)| bits.is_finite())
            .map(|(at, bits)| plot.at((at as f64 + 0.5, f64::from(*bits))))
            .collect();
        sheet.line(&line, theme.mark, 2)?;
        for at in line {
            sheet.dot(at, 3, theme.mark)?;
        }
        sheet.line(&[(left, bottom), (right, bottom)], theme.quiet, 1)?;
        let level = names_room == LEVEL;
        for (at, name) in self.names().enumerate() {
            let words = Words::new(SMALL, theme.ink);
            let x = plot.x(at as f64 + 0.5);
            if level {
                sheet.words(&name, (x, bottom + 8), words.centred().below())?;
            } else {
                let name = sheet.fitting(&name, NAMES - 8, SMALL);
                sheet.words(&name, (x, bottom + 8), words.before().turned())?;
            }
        }
        Ok(())
    }
}

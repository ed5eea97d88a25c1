//! The way of one token: the logits' distribution, what each stage of the chain makes of it, and the draw.

mod layout;

use plotters::style::Color;

use self::layout::{Group, Layout, Share};
use super::output::{Drawing, write};
use super::sheet::{Drawn, PLAIN, Room, SMALL, Sheet, Words};
use super::text::{fitting, label, width};
use super::theme::{DARK, LIGHT, between, is_light};
use crate::chart::{ChartError, Target};
use crate::decoding::{Level, Moment, levels};
use crate::text::numbers::{bits, percent, thousands};

/// Pixels: of a level's column, between two, of what stands above and below them, and of the draw.
const COLUMN: i32 = 146;
const BETWEEN: i32 = 60;
const HEIGHT: i32 = 380;
const HEAD: i32 = 28;
const FOOT: i32 = 66;
const DRAW: i32 = 190;

/// Writes the way of one token as a funnel: a column for the logits and for each stage, in it the tokens that are left,
/// each as high as it is probable there; then the draw. `moment` has a row for every token of the vocabulary; `draws` says
/// whether its `u` was drawn by; `after` is the end of the text.
///
/// # Errors
/// When rows are missing, or the file cannot be written.
pub fn funnel<'a>(
    target: impl Into<Target<'a>>,
    moment: &Moment,
    draws: bool,
    after: &str,
) -> Result<(), ChartError> {
    let levels = levels(moment).ok_or(ChartError::Empty(
        "a funnel is of every token of the vocabulary",
    ))?;
    let drawing = Funnel {
        moment,
        layout: Layout::new(moment, &levels),
        levels,
        draws,
        after,
    };
    write(&target.into(), &drawing)
}

struct Funnel<'a> {
    moment: &'a Moment,
    levels: Vec<Level>,
    layout: Layout,
    draws: bool,
    after: &'a str,
}

impl Funnel<'_> {
    fn columns(&self) -> i32 {
        self.levels.len() as i32
    }

    fn name(&self, group: Group) -> String {
        match group {
            Group::Token(row) => label(&self.moment.rows[row].display),
            Group::Kept(count) => format!("{} others", thousands(count)),
            Group::Cut(count, _) => format!("{} cut later", thousands(count)),
        }
    }

    /// What stands above and below a column.
    fn draw_words(&self, sheet: &Sheet<'_>, level: usize, middle: i32, room: Room) -> Drawn {
        let theme = sheet.theme;
        let Level {
            stage,
            kept,
            mass_cut,
            entropy,
            ..
        } = &self.levels[level];
        let name = stage.map_or("logits", |stage| stage.name());
        let name = fitting(name, COLUMN + BETWEEN - 12, PLAIN);
        let above = Words::new(PLAIN, theme.ink).centred();
        sheet.words(&name, (middle, room.top + 10), above)?;
        let cut = if *mass_cut > 0.0 {
            format!("{} cut", percent(*mass_cut))
        } else {
            String::new()
        };
        let below = [
            format!("{} left", thousands(*kept)),
            format!("{} bits", bits(*entropy)),
            cut,
        ];
        let words = Words::new(SMALL, theme.quiet).centred().below();
        for (row, line) in below
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
        {
            let at = (middle, room.bottom - FOOT + 10 + 18 * row as i32);
            sheet.words(line, at, words)?;
        }
        Ok(())
    }

    /// The tokens of a level, each as high as it is probable.
    fn draw_column(&self, sheet: &Sheet<'_>, level: usize, column: Room) -> Drawn {
        let theme = sheet.theme;
        for (place, group) in self.layout.groups.iter().enumerate() {
            let share = self.layout.shares[level][place];
            let block = block(column, share);
            if share.size <= 0.0 || block.height() < 1 {
                continue;
            }
            let colour = match group {
                Group::Token(_) if place < theme.compared.len() => theme.compared[place],
                Group::Token(_) | Group::Kept(_) => between(theme.ground, theme.quiet, 0.55),
                Group::Cut(..) => theme.grid,
            };
            sheet.fill(block, colour)?;
            let edge = [(block.left, block.top), (block.right, block.top)];
            sheet.line(&edge, theme.ground, 1)?;
            if block.height() >= 16 {
                let ink = if is_light(colour) {
                    LIGHT.ink
                } else {
                    DARK.ink
                };
                let share = percent(share.size as f32);
                let middle = i32::midpoint(block.top, block.bottom);
                let room = block.width() - 14 - width(&share, SMALL) - 6;
                let name = sheet.fitting(&self.name(*group), room, SMALL);
                sheet.words(&name, (block.left + 7, middle), Words::new(SMALL, ink))?;
                let words = Words::new(SMALL, ink).before();
                sheet.words(&share, (block.right - 7, middle), words)?;
            }
        }
        Ok(())
    }

    /// From a level to the next: what stays widens, what is cut ends.
    fn draw_flows(&self, sheet: &Sheet<'_>, level: usize, from: Room, to: Room) -> Drawn {
        let theme = sheet.theme;
        for (place, group) in self.layout.groups.iter().enumerate() {
            let one = block(from, self.layout.shares[level][place]);
            let share = self.layout.shares[level + 1][place];
            if one.height() < 1 {
                continue;
            }
            if share.size > 0.0 {
                let two = block(to, share);
                let colour = match group {
                    Group::Token(_) if place < theme.compared.len() => theme.compared[place],
                    _ => theme.quiet,
                };
                let corners = [
                    (one.right, one.top),
                    (two.left, two.top),
                    (two.left, two.bottom),
                    (one.right, one.bottom),
                ];
                sheet.polygon(&corners, colour.mix(0.25))?;
            } else {
                let middle = i32::midpoint(one.top, one.bottom);
                let end = i32::midpoint(one.right, to.left);
                let corners = [(one.right, one.top), (end, middle), (one.right, one.bottom)];
                sheet.polygon(&corners, theme.mark.mix(0.45))?;
            }
        }
        Ok(())
    }

    /// Where the draw falls in the last column.
    fn draw_end(&self, sheet: &Sheet<'_>, column: Room) -> Drawn {
        let theme = sheet.theme;
        let Some(pick) = self.moment.pick else {
            return Ok(());
        };
        let row = self.moment.rows.iter().find(|row| row.id == pick);
        let name = row.map_or_else(String::new, |row| label(&row.display));
        let share = self.layout.place_of(self.moment, pick);
        let y = if self.draws {
            column.top + (self.moment.u * f64::from(column.height())).round() as i32
        } else {
            share.map_or(column.top, |share| {
                let block = block(column, share);
                i32::midpoint(block.top, block.bottom)
            })
        };
        let y = y.clamp(column.top, column.bottom - 1);
        let (from, to) = (column.right + 2, column.right + 30);
        sheet.line(&[(from, y), (to, y)], theme.mark, 2)?;
        sheet.polygon(&[(to, y - 5), (to + 9, y), (to, y + 5)], theme.mark)?;
        let room = DRAW - 52;
        let name = sheet.fitting(&name, room, PLAIN);
        let words = Words::new(PLAIN, theme.mark_ink);
        // Both lines stay beside the column.
        let y = y.clamp(column.top + 10, column.bottom - 26);
        sheet.words(&name, (to + 16, y), words)?;
        let how = if self.draws {
            format!("drawn by u = {:.4}", self.moment.u)
        } else {
            "taken, not drawn".to_owned()
        };
        let how = sheet.fitting(&how, room, SMALL);
        sheet.words(&how, (to + 16, y + 19), Words::new(SMALL, theme.quiet))
    }
}

/// The pixels of a share of a column.
fn block(column: Room, share: Share) -> Room {
    let at = |share: f64| column.top + (share * f64::from(column.height())).round() as i32;
    Room {
        top: at(share.above),
        bottom: at(share.above + share.size),
        ..column
    }
}

impl Drawing for Funnel<'_> {
    fn size(&self) -> (i32, i32) {
        let columns = self.columns() * COLUMN + (self.columns() - 1) * BETWEEN;
        ((columns + DRAW).max(760), HEAD + HEIGHT + FOOT)
    }

    fn title(&self) -> String {
        format!("From logits to a token after “{}”", self.after)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "height: probability among the tokens that are left; orange: what a stage cuts"
                .to_owned(),
        ]
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let count = self.columns();
        // What there is room for above what is needed lies between the columns.
        let between = (room.width() - DRAW - count * COLUMN) / (count - 1).max(1);
        let between = between.clamp(0, 4 * BETWEEN);
        let column = |level: usize| {
            let left = room.left + level as i32 * (COLUMN + between);
            Room {
                left,
                right: left + COLUMN,
                ..room.within(0, HEAD, 0, FOOT)
            }
        };
        for level in 0..self.levels.len() {
            let own = column(level);
            self.draw_words(sheet, level, own.left + COLUMN / 2, room)?;
            self.draw_column(sheet, level, own)?;
            if level + 1 < self.levels.len() {
                self.draw_flows(sheet, level, own, column(level + 1))?;
            }
        }
        self.draw_end(sheet, column(self.levels.len() - 1))
    }
}

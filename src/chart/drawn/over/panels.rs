//! Bars side by side: a column a setting, a row a token.

use crate::chart::Over;
use crate::chart::drawn::output::Drawing;
use crate::chart::drawn::sheet::{Drawn, PLAIN, Room, SMALL, Sheet, Words};
use crate::chart::drawn::text::label;
use crate::text::numbers::{bits, percent, thousands};

/// Pixels: of the names, a column, a row, and the heads of columns.
const NAMES: i32 = 170;
const COLUMN: i32 = 170;
const ROW: i32 = 30;
const HEAD: i32 = 66;
const NUMBER: i32 = 58;

/// A column for each of several settings.
pub struct Panels<'a> {
    pub over: &'a Over,
}

impl Drawing for Panels<'_> {
    fn size(&self) -> (i32, i32) {
        let columns = COLUMN * self.over.steps.len() as i32;
        let rows = ROW * self.over.tokens.len() as i32;
        ((NAMES + columns).max(760), HEAD + rows + 8)
    }

    fn title(&self) -> String {
        format!("After “{}”, by {}", self.over.after, self.over.name())
    }

    fn notes(&self) -> Vec<String> {
        let share = self.over.share_of(self.over.tokens.len());
        vec![format!("{share}; orange: the one that is taken")]
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let steps = &self.over.steps;
        let column = (room.width() - NAMES) / steps.len() as i32;
        let row = (room.height() - HEAD - 8) / self.over.tokens.len() as i32;
        let middle = |token: usize| room.top + HEAD + row * token as i32 + row / 2;
        for (token, name) in self.over.tokens.iter().enumerate() {
            let name = sheet.fitting(&label(name), NAMES - 16, PLAIN);
            let at = (room.left + NAMES - 10, middle(token));
            sheet.words(&name, at, Words::new(PLAIN, theme.ink).before())?;
        }
        let all = steps
            .iter()
            .flat_map(|step| step.probabilities.iter().copied());
        let highest = all.fold(1e-4, f32::max);
        let longest = column - NUMBER - 14;
        for (place, step) in steps.iter().enumerate() {
            let left = room.left + NAMES + column * place as i32;
            let head = [
                (step.value.clone(), PLAIN, theme.ink, 10),
                (
                    format!("{} left", thousands(step.kept)),
                    SMALL,
                    theme.quiet,
                    30,
                ),
                (
                    format!("{} bits", bits(step.entropy)),
                    SMALL,
                    theme.quiet,
                    47,
                ),
            ];
            for (text, size, colour, down) in head {
                let text = sheet.fitting(&text, column - 10, size);
                sheet.words(&text, (left, room.top + down), Words::new(size, colour))?;
            }
            for (token, &probability) in step.probabilities.iter().enumerate() {
                let y = middle(token);
                let end = left + (probability / highest * longest as f32).round() as i32;
                let bar = Room::new((left, y - row / 3), (end.max(left + 1), y + row / 3));
                let colour = if probability > 0.0 {
                    theme.last
                } else {
                    theme.grid
                };
                sheet.fill(bar, colour)?;
                let taken = step.taken == Some(token);
                let ink = match (taken, probability > 0.0) {
                    (true, _) => theme.mark_ink,
                    (false, true) => theme.ink,
                    (false, false) => theme.quiet,
                };
                let number = if probability > 0.0 {
                    percent(probability)
                } else {
                    "cut".to_owned()
                };
                sheet.words(&number, (end + 6, y), Words::new(SMALL, ink))?;
            }
            let (top, bottom) = (
                room.top + HEAD,
                room.top + HEAD + row * self.over.tokens.len() as i32,
            );
            sheet.line(&[(left, top), (left, bottom)], theme.quiet, 1)?;
        }
        Ok(())
    }
}

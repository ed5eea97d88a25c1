//! The odds of the next token: raw beside final.

use super::axes::{BELOW, LEGEND, Legend, Plot, Sign};
use super::output::{Drawing, write};
use super::sheet::{Drawn, PLAIN, Room, SMALL, Sheet, Words};
use super::text::label;
use crate::chart::{Axis, ChartError, Named, Target};
use crate::decoding::{Moment, Row};
use crate::text::numbers::percent;

/// Most tokens in a chart.
const MOST: usize = 60;
/// Pixels.
const WIDTH: i32 = 920;
const ROW: i32 = 32;
const NAMES: i32 = 190;
const NOTES: i32 = 270;

/// Writes a bar chart of the most probable tokens: probability before and after the sampler, what was cut by which
/// stage, the chosen and the picked token, and below them the continuations that were named. `after` is the end of the
/// text that they follow.
///
/// # Errors
/// When there are no rows, or the file cannot be written.
pub fn next_token<'a>(
    target: impl Into<Target<'a>>,
    moment: &Moment,
    named: &[Named],
    after: &str,
) -> Result<(), ChartError> {
    if moment.rows.is_empty() {
        return Err(ChartError::Empty("no token was looked at"));
    }
    let marked = |row: &Row| Some(row.id) == moment.chosen || Some(row.id) == moment.pick;
    let mut rows: Vec<&Row> = moment.rows.iter().take(MOST).collect();
    rows.extend(moment.rows.iter().skip(MOST).filter(|row| marked(row)));
    let bars = rows.iter().map(|row| Bar::of(row, moment));
    let drawing = Bars {
        rows: rows.len(),
        all: moment.rows.len(),
        bars: bars
            .chain(named.iter().enumerate().map(Bar::named))
            .collect(),
        after,
    };
    write(&target.into(), &drawing)
}

/// A token or a text with its two bars.
struct Bar {
    name: String,
    raw: f32,
    last: Option<f32>,
    /// What stands beside it.
    note: String,
    is_marked: bool,
}

impl Bar {
    fn of(row: &Row, moment: &Moment) -> Self {
        let mut note = percent(row.raw_probability);
        match row.cut_by {
            Some(stage) => note += &format!(", cut by {}", stage.name()),
            None => note += &format!(" to {}", percent(row.final_probability)),
        }
        for change in row.own_changes() {
            note += &format!(", {} {:+.2}", change.stage.name(), change.amount());
        }
        let is_chosen = Some(row.id) == moment.chosen;
        let is_picked = Some(row.id) == moment.pick;
        if is_chosen {
            note += ", chosen";
        } else if is_picked {
            note += ", picked";
        }
        Self {
            name: format!("{}. {}", row.rank, label(&row.display)),
            raw: row.raw_probability,
            last: Some(row.final_probability),
            note,
            is_marked: is_chosen || is_picked,
        }
    }

    fn named((place, named): (usize, &Named)) -> Self {
        let mut note = percent(named.raw as f32);
        match named.last {
            Some(last) if last > 0.0 => note += &format!(" to {}", percent(last)),
            Some(_) => note += ", cut",
            None => {}
        }
        if place > 0 {
            note += &format!(", {:.3} times the first of these", named.ratio);
        }
        Self {
            name: label(&named.display),
            raw: named.raw as f32,
            last: named.last,
            note,
            is_marked: false,
        }
    }
}

struct Bars<'a> {
    bars: Vec<Bar>,
    /// How many of the bars are of tokens by their rank; the others were named.
    rows: usize,
    /// How many tokens were looked at.
    all: usize,
    after: &'a str,
}

impl Bars<'_> {
    /// Pixels from the top to the bar of this place.
    fn top(&self, place: usize) -> i32 {
        let has_named = self.rows < self.bars.len();
        let gap = if has_named && place >= self.rows {
            ROW
        } else {
            0
        };
        gap + ROW * place as i32
    }
}

impl Drawing for Bars<'_> {
    fn size(&self) -> (i32, i32) {
        (WIDTH, LEGEND + 8 + self.top(self.bars.len()) + BELOW)
    }

    fn title(&self) -> String {
        format!("Next token after “{}”", self.after)
    }

    fn notes(&self) -> Vec<String> {
        if self.rows < self.all {
            vec![format!(
                "{} of {} tokens that were looked at are drawn: the most probable ones, and those that are marked",
                self.rows, self.all
            )]
        } else {
            Vec::new()
        }
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let signs = [
            (Sign::Area(theme.raw), "before the sampler (raw)"),
            (Sign::Area(theme.last), "after it (final)"),
        ];
        let legend = Legend::new(
            room.width(),
            signs.map(|(sign, name)| (sign, name.to_owned())),
        );
        legend.draw(sheet, (room.left, room.top))?;
        let values = self
            .bars
            .iter()
            .flat_map(|bar| [bar.raw, bar.last.unwrap_or(0.0)]);
        // A tenth more than the longest bar, but nothing is more probable than certain.
        let highest = (values.fold(1e-4, f32::max) * 1.1).min(1.0);
        let plot = Plot {
            room: room.within(NAMES, LEGEND + 8, NOTES, BELOW),
            across: Axis::percent(f64::from(highest), 7),
            up: Axis::new(0.0, 1.0, false, 2),
        };
        let Room { left, top, .. } = plot.room;
        for tick in &plot.across.ticks {
            let x = plot.x(tick.value);
            sheet.line(&[(x, top), (x, plot.room.bottom)], theme.grid, 1)?;
        }
        // What there is room for above what is needed makes the rows higher.
        let grown = f64::from(plot.room.height()) / f64::from(self.top(self.bars.len()));
        let at = |pixels: i32| top + (f64::from(pixels) * grown) as i32;
        for (place, bar) in self.bars.iter().enumerate() {
            let (top, bottom) = (at(self.top(place) + 4), at(self.top(place) + ROW - 4));
            let middle = i32::midpoint(top, bottom);
            let end = |value: f32| plot.x(f64::from(value));
            let raw = Room::new((left, top), (end(bar.raw).max(left + 1), middle));
            sheet.fill(raw, theme.raw)?;
            if let Some(last) = bar.last.filter(|last| *last > 0.0) {
                let room = Room::new((left, middle), (end(last).max(left + 1), bottom));
                sheet.fill(room, theme.last)?;
            }
            let (ink, note) = if bar.is_marked {
                (theme.mark_ink, theme.mark_ink)
            } else {
                (theme.ink, theme.quiet)
            };
            let name = sheet.fitting(&bar.name, NAMES - 12, PLAIN);
            sheet.words(&name, (left - 10, middle), Words::new(PLAIN, ink).before())?;
            let beside = end(bar.raw.max(bar.last.unwrap_or(0.0))) + 8;
            let note_text = sheet.fitting(&bar.note, room.right - beside, SMALL);
            sheet.words(&note_text, (beside, middle), Words::new(SMALL, note))?;
        }
        if self.rows < self.bars.len() {
            let y = at(self.top(self.rows) - ROW / 2);
            let words = Words::new(SMALL, theme.quiet).before();
            sheet.words("named, as a whole:", (left - 10, y), words)?;
        }
        sheet.line(&[(left, top), (left, plot.room.bottom)], theme.quiet, 1)?;
        plot.draw_across(sheet, "probability")
    }
}

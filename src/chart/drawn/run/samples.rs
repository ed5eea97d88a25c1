//! A run with what it wrote beside its curve, and the odds of its probe below.

use super::picture::Picture;
use crate::chart::drawn::axes::{BELOW, Legend, Plot, Sign};
use crate::chart::drawn::output::Drawing;
use crate::chart::drawn::sheet::{Drawn, Room, SMALL, Sheet, Words};
use crate::chart::drawn::text::{label, wrapped};
use crate::chart::{Axis, RunChart};
use crate::training::history::StepPlace;
use crate::training::{History, Odds, Samples};

/// Pixels: of the whole, of the samples beside, and of the probe's plot below.
const WIDTH: i32 = 1280;
const HEIGHT: i32 = 580;
const TEXTS: i32 = 470;
const PROBE: i32 = 190;
const GAP: i32 = 34;
/// Pixels of a sample's head and of a line of it, and how many lines it has.
const HEAD: i32 = 22;
const LINE: i32 = 18;
const LINES: usize = 3;
/// Tokens of the probe.
const TOKENS: usize = 6;

/// A run's curve with samples and probe.
pub struct Beside<'a> {
    picture: Picture,
    history: &'a History,
    probe: Option<Probe>,
    samples: Vec<&'a Samples>,
}

/// The odds of a probe over time.
struct Probe {
    prompt: String,
    /// By token: its name, and its raw probability over time.
    tokens: Vec<(String, Vec<(f64, f64)>)>,
}

impl<'a> Beside<'a> {
    pub fn new(picture: Picture, history: &'a History, chart: RunChart) -> Self {
        let odds: Vec<&Odds> = history.odds().collect();
        Self {
            probe: probe(&odds, history, chart, picture.unit),
            samples: history
                .samples()
                .filter(|it| !it.texts.is_empty())
                .collect(),
            picture,
            history,
        }
    }

    /// The samples that have room, from the first to the last, as evenly as they come.
    fn drawn(&self, room: i32) -> Vec<&'a Samples> {
        let fit = (room / (HEAD + LINE * LINES as i32 + 10)).max(1) as usize;
        let count = self.samples.len();
        if count <= fit {
            return self.samples.clone();
        }
        let last = (count - 1) as f64;
        let at = |place: usize| match fit {
            1 => count - 1,
            _ => (place as f64 * last / (fit - 1) as f64).round() as usize,
        };
        (0..fit).map(|place| self.samples[at(place)]).collect()
    }

    fn draw_samples(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let words = Words::new(SMALL, theme.ink).below();
        let drawn = self.drawn(room.height() - HEAD - 4);
        let count = match (drawn.len(), self.samples.len()) {
            (drawn, all) if drawn < all => format!("What it wrote ({drawn} of {all} times)"),
            _ => "What it wrote".to_owned(),
        };
        sheet.words(&count, (room.left, room.top + 4), words)?;
        let mut top = room.top + HEAD + 8;
        for samples in drawn {
            let line = [(room.left, top), (room.right, top)];
            sheet.line(&line, theme.grid, 1)?;
            let when = match samples.step {
                0 => "before training".to_owned(),
                step => format!("epoch {:.1}, step {step}", samples.epoch),
            };
            let quiet = Words::new(SMALL, theme.quiet).below();
            sheet.words(&when, (room.left, top + 6), quiet)?;
            let text = &samples.texts[0];
            let said = sheet.shown(&format!("{}{}", text.prompt, text.text));
            let lines = wrapped(&said, room.width(), SMALL, LINES);
            for (row, line) in lines.iter().enumerate() {
                let at = (room.left, top + HEAD + 3 + LINE * row as i32);
                sheet.words(line, at, words)?;
            }
            top += HEAD + LINE * LINES as i32 + 10;
        }
        Ok(())
    }

    fn draw_probe(&self, sheet: &Sheet<'_>, probe: &Probe, upper: &Plot, bottom: i32) -> Drawn {
        let theme = sheet.theme;
        let colour = |token: usize| theme.compared[token % theme.compared.len()];
        let names = probe.tokens.iter().enumerate();
        let names = names.map(|(token, (name, _))| (Sign::Line(colour(token), 2), label(name)));
        let legend = Legend::new(upper.room.width(), names);
        let top = upper.room.bottom + GAP;
        let said = sheet.fitting(
            &format!("Probability of the token after “{}”", probe.prompt),
            upper.room.width(),
            SMALL,
        );
        sheet.words(&said, (upper.room.left, top), Words::new(SMALL, theme.ink))?;
        legend.draw(sheet, (upper.room.left, top + 10))?;
        let values = probe.tokens.iter().flat_map(|(_, values)| values);
        let highest = values.fold(1e-4, |most: f64, value| most.max(value.1));
        let plot = Plot {
            room: Room {
                top: top + 14 + legend.height,
                bottom,
                ..upper.room
            },
            across: upper.across.clone(),
            up: Axis::percent(highest * 1.08, 5),
        };
        plot.draw(sheet, &self.picture.across_name, "raw probability")?;
        for (token, (_, values)) in probe.tokens.iter().enumerate() {
            let line: Vec<_> = values.iter().map(|&value| plot.at(value)).collect();
            sheet.line(&line, colour(token), 2)?;
            for at in line {
                sheet.dot(at, 3, colour(token))?;
            }
        }
        Ok(())
    }
}

/// The tokens that were the most probable ones at some time, each over time.
fn probe(odds: &[&Odds], history: &History, chart: RunChart, unit: f64) -> Option<Probe> {
    let newest = odds.last()?;
    let mut highest: Vec<(u32, &str, f32)> = Vec::new();
    for row in odds.iter().flat_map(|odds| &odds.rows) {
        match highest.iter_mut().find(|(id, ..)| *id == row.id) {
            Some((_, _, most)) => *most = most.max(row.raw),
            None => highest.push((row.id, &row.display, row.raw)),
        }
    }
    highest.sort_by(|one, other| other.2.total_cmp(&one.2));
    highest.truncate(TOKENS);
    let place = |step: u64| match step {
        0 => Some(StepPlace::default()),
        step => history.place(step),
    };
    let over_time = |id: u32| {
        let values = odds.iter().filter_map(|odds| {
            let row = odds.rows.iter().find(|row| row.id == id)?;
            let x = chart.across.of(place(odds.step)?) / unit;
            Some((x, f64::from(row.raw)))
        });
        values.collect()
    };
    let tokens = highest.into_iter();
    Some(Probe {
        prompt: newest.prompt.clone(),
        tokens: tokens
            .map(|(id, name, _)| (name.to_owned(), over_time(id)))
            .collect(),
    })
}

impl Drawing for Beside<'_> {
    fn size(&self) -> (i32, i32) {
        (WIDTH, HEIGHT)
    }

    fn title(&self) -> String {
        self.picture.title.clone()
    }

    fn notes(&self) -> Vec<String> {
        let texts = self.samples.iter().map(|samples| samples.texts.len());
        let several = texts.max().filter(|most| *most > 1);
        let mut notes: Vec<String> = several
            .map(|most| format!("the first of {most} samples of each time is shown"))
            .into_iter()
            .collect();
        let odds: Vec<&Odds> = self.history.odds().collect();
        let all = odds.iter().flat_map(|odds| &odds.rows);
        let mut ids: Vec<u32> = all.map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > TOKENS {
            notes.push(format!(
                "the {TOKENS} tokens of the probe that were the most probable at some time, of {} that it kept",
                ids.len()
            ));
        }
        notes
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let texts = match self.samples.len() {
            0 => 0,
            _ => TEXTS * room.width() / WIDTH,
        };
        let left = room.within(0, 0, texts, 0);
        let Some(probe) = &self.probe else {
            self.picture.draw_in(sheet, left, true)?;
            return self.draw_beside(sheet, room, texts);
        };
        let below = PROBE * room.height() / HEIGHT + GAP;
        let upper = left.within(0, 0, 0, below + BELOW);
        let plot = self.picture.draw_in(sheet, upper, false)?;
        let ends = [
            (plot.room.left, plot.room.bottom),
            (plot.room.right, plot.room.bottom),
        ];
        sheet.line(&ends, sheet.theme.quiet, 1)?;
        self.draw_probe(sheet, probe, &plot, room.bottom - BELOW)?;
        self.draw_beside(sheet, room, texts)
    }
}

impl Beside<'_> {
    fn draw_beside(&self, sheet: &Sheet<'_>, room: Room, texts: i32) -> Drawn {
        if texts == 0 {
            return Ok(());
        }
        self.draw_samples(sheet, room.within(room.width() - texts + 30, 0, 0, 0))
    }
}

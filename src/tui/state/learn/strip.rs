//! What the lesson's strip says, in lines of a width; its height follows from that.

use ratatui::layout::Size;

use super::figures::figure;
use super::tables;
use super::{Going, Stage};
use crate::lessons::{Blank, Prose, Step, Words};
use crate::tui::state::State;
use crate::tui::vocabulary::bindings::{BINDINGS, Binding};
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::wrapped::wrapped;

/// From this height on, what is said when a step is done stands below its text, not in its place.
const TALL: u16 = 32;
/// Rows of the terminal that are left to all else while a step goes on, and when the lesson is over.
const ROOM_OF_PANES: u16 = 14;
const LEAST_OF_PANES: u16 = 12;
/// Cells at the left of what is said.
pub const INDENT: u16 = 1;

/// What a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Text,
    Hint,
    Done,
}

/// A line of the strip: runs of text, each strong or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub part: Part,
    pub runs: Vec<(String, bool)>,
}

/// What the strip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strip {
    pub lines: Vec<Said>,
    /// Rows that the lines have, also while fewer are said.
    pub rows: usize,
    /// There was no room for all of them.
    pub more: bool,
}

impl State {
    /// The words around lessons.
    pub(in crate::tui) fn lesson_words(&self) -> Option<&Words> {
        Some(&self.learn.course.as_ref()?.words)
    }

    /// Rows of the strip on a terminal of a size, its title among them; none where no lesson goes on.
    pub(in crate::tui) fn lesson_height(&self, size: Size) -> u16 {
        self.lesson_strip(size)
            .map_or(0, |strip| strip.rows as u16 + 1)
    }

    /// What the strip says on a terminal of a size, if a lesson goes on.
    pub(in crate::tui) fn lesson_strip(&self, size: Size) -> Option<Strip> {
        let going = self.learn.going.as_ref()?;
        let width = size.width.saturating_sub(2 * INDENT);
        let third = usize::from(size.height / 3).saturating_sub(1);
        let (mut lines, rows) = match self.learn.step() {
            Some(step) => self.of_step(step, going, width, size.height >= TALL),
            None => {
                let lines = self.of_end(width);
                let rows = lines.len();
                (lines, rows)
            }
        };
        // When it is over, what it says comes before the panes, and is read a page at a time where it is too long.
        let least = match self.learn.step() {
            Some(_) => ROOM_OF_PANES,
            None => LEAST_OF_PANES,
        };
        let most = third.max(usize::from(size.height.saturating_sub(least)));
        let rows = rows.min(most).max(1);
        let read = going.pages * rows;
        if self.learn.step().is_none() && read < lines.len() {
            lines.drain(..read);
        }
        let more = lines.len() > rows;
        if more {
            lines.truncate(rows);
            if let Some((text, _)) = lines.last_mut().and_then(|line| line.runs.last_mut()) {
                text.push('…');
            }
        }
        Some(Strip { lines, rows, more })
    }

    /// Whether the end of the lesson says more than the page that is shown.
    pub(in crate::tui) fn lesson_goes_over_the_page(&self) -> bool {
        let strip = self.lesson_strip(self.screen.size);
        // For a room there is a page for all of it.
        !self.screen.presenting && self.learn.step().is_none() && strip.is_some_and(|it| it.more)
    }

    /// A step's lines, and the rows that they have.
    fn of_step(&self, step: &Step, going: &Going, width: u16, tall: bool) -> (Vec<Said>, usize) {
        let of = |part, prose: &Prose, sign: &str| {
            let end = going.end.as_ref().filter(|_| part == Part::Done);
            let mut paragraphs = prose.filled(|blank| {
                let then = end.and_then(|end| end.get(blank));
                then.map_or_else(|| self.filled(blank), |then| Some(then.text.clone()))
            });
            if let (Some(first), false) = (paragraphs.first_mut(), sign.is_empty()) {
                first.insert(0, (format!("{sign} "), true));
            }
            broken(part, &paragraphs, width)
        };
        let hint = self.lesson_words().map_or("", |words| &words.hint);
        let text = of(Part::Text, &step.text, "");
        let done = of(Part::Done, &step.done, "✓");
        let hint = if going.hinted {
            of(Part::Hint, &step.hint, hint)
        } else {
            Vec::new()
        };
        let rows = if tall {
            text.len() + done.len().max(hint.len())
        } else {
            done.len().max(text.len() + hint.len())
        };
        let is_done = going.stage == Stage::Done;
        let lines = if !is_done {
            [text, hint].concat()
        } else if tall || done.is_empty() {
            [text, done].concat()
        } else {
            done
        };
        (lines, rows)
    }

    /// What is said when the lesson is over.
    fn of_end(&self, width: u16) -> Vec<Said> {
        let (Some(lesson), Some(words)) = (self.learn.lesson(), self.lesson_words()) else {
            return Vec::new();
        };
        let mut lines = broken(
            Part::Done,
            &[vec![(format!("✓ {}", words.finished), true)]],
            width,
        );
        for sentence in &lesson.understood {
            lines.extend(broken(
                Part::Text,
                &[vec![(format!("· {sentence}"), false)]],
                width,
            ));
        }
        lines
    }

    /// A blank, as it is read: the name of something on the screen, or a figure.
    pub(super) fn filled(&self, blank: &Blank) -> Option<String> {
        let of = blank.of.as_deref().unwrap_or_default();
        match blank.name.as_str() {
            "key" => {
                let named = |binding: &&Binding| binding.name == of;
                let bound = BINDINGS.iter().find(named)?.bound;
                self.keymap.hint(bound, false)
            }
            "pane" => Focus::of_word(of).map(|pane| pane.name().to_owned()),
            "knob" => tables::knob(of).map(|row| row.name()),
            "preset" => Some(of.to_owned()),
            _ => {
                let then = || self.learn.going.as_ref()?.start.get(&blank.now()).cloned();
                let shown = if blank.was { then() } else { None };
                shown
                    .or_else(|| figure(self, blank))
                    .map(|shown| shown.text)
            }
        }
    }
}

/// Paragraphs broken into lines, their runs kept.
fn broken(part: Part, paragraphs: &[Vec<(String, bool)>], width: u16) -> Vec<Said> {
    let mut lines = Vec::new();
    for paragraph in paragraphs {
        let runs: Vec<(String, bool)> = paragraph
            .iter()
            .map(|(text, strong)| (safe::safe(text).into_owned(), *strong))
            .collect();
        let whole: String = runs.iter().map(|(text, _)| text.as_str()).collect();
        let mut strong = runs
            .iter()
            .flat_map(|(text, strong)| text.chars().map(|_| *strong));
        for line in wrapped(&whole, width) {
            let mut said: Vec<(String, bool)> = Vec::new();
            for c in line.chars() {
                let strong = strong.next().unwrap_or(false);
                match said.last_mut() {
                    Some((text, like)) if *like == strong => text.push(c),
                    _ => said.push((c.to_string(), strong)),
                }
            }
            lines.push(Said { part, runs: said });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_what_is_strong_where_it_stands() {
        let paragraph = vec![
            ("Twelve words that ".to_owned(), false),
            ("are broken into lines".to_owned(), true),
            (" of twenty cells, no more.".to_owned(), false),
        ];
        let lines = broken(Part::Text, &[paragraph], 20);
        let text: String = lines
            .iter()
            .flat_map(|line| line.runs.iter().map(|(text, _)| text.as_str()))
            .collect();
        assert_eq!(
            text,
            "Twelve words that are broken into lines of twenty cells, no more."
        );
        let strong: String = lines
            .iter()
            .flat_map(|line| line.runs.iter().filter(|(_, strong)| *strong))
            .map(|(text, _)| text.as_str())
            .collect();
        assert_eq!(strong, "are broken into lines");
        assert!(lines.len() >= 4);
    }
}

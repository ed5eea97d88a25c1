//! For a room: what the lesson says in big letters. Where it has no room below what it speaks of, it has pages of its own.

use ratatui::layout::Size;
use ratatui::style::Style;
use ratatui::text::Line;

use super::State;
use super::learn::Part;
use crate::tui::vocabulary::big_letters::{ROWS, lines};
use crate::tui::vocabulary::safe;

/// Cells left free at the sides.
pub const MARGIN: u16 = 2;

impl State {
    /// What the lesson says just now, a paragraph each; at its end each point is one.
    pub(in crate::tui) fn paragraphs(&self) -> Vec<String> {
        let Some(strip) = self.lesson_strip(Size::new(self.room_to_present().width, 200)) else {
            return Vec::new();
        };
        let (is_done, over) = (self.learn.is_done(), self.learn.step().is_none());
        let wanted = |part: Part| match part {
            Part::Done => true,
            Part::Text => !is_done || over,
            Part::Hint => !is_done,
        };
        let mut paragraphs: Vec<(Part, String)> = Vec::new();
        for line in strip.lines.iter().filter(|line| wanted(line.part)) {
            let said: String = line.runs.iter().map(|(text, _)| text.as_str()).collect();
            let said = said.trim();
            let begins = over && said.starts_with('·');
            match paragraphs.last_mut() {
                Some((part, paragraph)) if *part == line.part && !begins => {
                    // A line that was broken between wide characters had no space at its end.
                    let gap = if ends_wide(paragraph) { "" } else { " " };
                    paragraph.push_str(gap);
                    paragraph.push_str(said);
                }
                _ => paragraphs.push((line.part, said.to_owned())),
            }
        }
        let paragraphs = paragraphs.into_iter();
        paragraphs.map(|(_, paragraph)| paragraph).collect()
    }

    /// It in big letters, if those leave what it speaks of more than half of the room.
    pub(in crate::tui) fn sentence_below(&self) -> Option<Vec<Line<'static>>> {
        let big = self.big_sentence();
        self.has_room_below(&big)
            .then(|| big.into_iter().flatten().collect())
    }

    /// The pages of what is said of a step where it has no room in big letters: each as many lines as there is room for.
    pub(in crate::tui) fn sentence_pages(&self) -> Vec<Vec<Line<'static>>> {
        let big = self.big_sentence();
        if self.learn.step().is_none() || self.has_room_below(&big) {
            return Vec::new();
        }
        let a_page = (usize::from(self.room_to_present().height) / ROWS).max(1);
        let pages = big.chunks(a_page);
        pages
            .map(|page| page.iter().flatten().cloned().collect())
            .collect()
    }

    fn has_room_below(&self, big: &[[Line<'static>; ROWS]]) -> bool {
        2 * big.len() * ROWS < self.room_to_present().height.into()
    }

    fn big_sentence(&self) -> Vec<[Line<'static>; ROWS]> {
        let said = self.paragraphs().join("\n");
        lines(
            &[(said.as_str(), Style::new())],
            self.room_to_present().width,
        )
    }

    /// Cells that there are to present in.
    fn room_to_present(&self) -> Size {
        let size = self.screen.size;
        // The last line has the keys.
        Size::new(
            size.width.saturating_sub(2 * MARGIN),
            size.height.saturating_sub(1),
        )
    }
}

fn ends_wide(text: &str) -> bool {
    let last = text.char_indices().next_back();
    last.is_some_and(|(at, _)| safe::width(&text[at..]) == 2)
}

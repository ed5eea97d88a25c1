//! What a lesson says to a room.

use ratatui::layout::{Rect, Size};
use ratatui::text::Line;

use crate::tui::state::State;
use crate::tui::state::learn::{Part, Stage};
use crate::tui::vocabulary::big_letters::{ROWS, lines as big_lines};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Its lines below a rule: in big letters where those leave what it speaks of more than half of the room, else strong.
pub fn lines(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let said = paragraphs(state, area.width);
    if said.is_empty() {
        return Vec::new();
    }
    let is_done = state.learn.is_done();
    let style = if is_done { theme.pick } else { theme.strong };
    let mut lines = vec![Line::styled(
        "━".repeat(area.width.into()),
        theme.border_focused,
    )];
    let big = big_lines(&[(said.join("\n").as_str(), style)], area.width);
    if 2 * big.len() * ROWS < area.height.into() {
        lines.extend(big.into_iter().flatten());
        return lines;
    }
    let normal = said
        .iter()
        .flat_map(|paragraph| wrapped(paragraph, area.width));
    // When the lesson is over, what it says is all that matters.
    let most = match state.learn.step() {
        Some(_) => usize::from(area.height) / 2,
        None => usize::from(area.height).saturating_sub(2),
    };
    lines.extend(
        normal
            .take(most)
            .map(|line| Line::styled(safe::safe(&line).into_owned(), style)),
    );
    lines
}

/// What is said just now, a paragraph each; at the end of a lesson each point is one.
fn paragraphs(state: &State, width: u16) -> Vec<String> {
    let Some(strip) = state.lesson_strip(Size::new(width, 200)) else {
        return Vec::new();
    };
    let going = state.learn.going.as_ref();
    let is_done = going.is_some_and(|going| going.stage == Stage::Done);
    let over = state.learn.step().is_none();
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
                paragraph.push(' ');
                paragraph.push_str(said);
            }
            _ => paragraphs.push((line.part, said.to_owned())),
        }
    }
    paragraphs
        .into_iter()
        .map(|(_, paragraph)| paragraph)
        .collect()
}

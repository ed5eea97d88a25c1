//! What all panes share: the border with its title, and where the inside begins.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Paragraph};

use crate::model::LoadProgress;
use crate::tui::state::State;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::layout::Panes;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// A pane to be drawn.
pub struct Canvas<'a> {
    pub state: &'a State,
    pub theme: &'a Theme,
    pub panes: &'a Panes,
    pub pane: Focus,
    pub area: Rect,
}

impl Canvas<'_> {
    /// The pane's name, or the tabs that it shares its place with.
    fn title(&self) -> Vec<Span<'static>> {
        let mut title = vec![Span::raw(" ")];
        if self.panes.tabbed != Some(self.pane) {
            title.push(Span::styled(
                format!("{} ", self.pane.name()),
                self.theme.title,
            ));
            return title;
        }
        title.extend(self.panes.tabs.iter().map(|&tab| {
            if self.panes.tab == Some(tab) {
                Span::styled(format!("[{}] ", tab.name()), self.theme.title)
            } else {
                Span::styled(format!("{} ", tab.name()), self.theme.quiet)
            }
        }));
        title
    }

    /// The names of the panes that share its place, as they stand in its title. The corner belongs to the first.
    pub fn tabs(&self) -> Vec<(Rect, Focus)> {
        let has_title = self.panes.borders(self.pane).contains(Borders::TOP);
        if self.panes.tabbed != Some(self.pane) || !has_title {
            return Vec::new();
        }
        let title = self.title();
        let mut start = self.area.x;
        let mut end = start + 1 + title[0].width() as u16;
        let names = title[1..].iter().zip(self.panes.tabs);
        names
            .map(|(name, &tab)| {
                end += name.width() as u16;
                let place = Rect::new(start, self.area.y, end - start, 1);
                start = end;
                (place, tab)
            })
            .collect()
    }

    /// Cells for a note at the right of the upper border.
    pub fn room(&self) -> usize {
        room(&Line::from(self.title()), self.area)
    }

    /// Draws the border with the pane's title, and `note` at the right if there is room. Returns the inside.
    pub fn border(&self, note: Line<'_>, frame: &mut Frame) -> Rect {
        let focused = self.state.play.focus == self.pane;
        let sides = self.panes.borders(self.pane);
        let (title, note) = if sides.contains(Borders::TOP) {
            (Line::from(self.title()), note)
        } else {
            (Line::default(), Line::default())
        };
        border_at(sides, title, note, focused, self.theme, self.area, frame)
    }

    /// Writes at the right of the lower border, if there is room.
    pub fn footnote(&self, text: &str, frame: &mut Frame) {
        let area = self.area;
        let cells = safe::width(text) as u16;
        if cells + 4 <= area.width && area.height > 1 {
            let place = Rect::new(area.right() - cells - 2, area.bottom() - 1, cells, 1);
            let text = Line::styled(text.to_owned(), self.theme.quiet);
            frame.render_widget(text, place);
        }
    }

    /// A sentence in the middle of an empty pane.
    pub fn empty(&self, sentence: &str, inside: Rect, frame: &mut Frame) {
        let lines: Vec<Line> = wrapped(sentence, inside.width)
            .into_iter()
            .map(|line| Line::styled(line, self.theme.quiet))
            .collect();
        frame.render_widget(Paragraph::new(lines), inside);
    }
}

/// Draws a pane's border with its title, and `note` at the right if there is room. Returns the inside.
pub fn border(
    title: Line<'_>,
    note: Line<'_>,
    focused: bool,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) -> Rect {
    border_at(Borders::ALL, title, note, focused, theme, area, frame)
}

/// As [`border`], on some sides only.
fn border_at(
    sides: Borders,
    title: Line<'_>,
    note: Line<'_>,
    focused: bool,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) -> Rect {
    // Focus is seen by the kind of line, not by its colour alone.
    let (style, kind) = if focused {
        (theme.border_focused, BorderType::Thick)
    } else {
        (theme.border, BorderType::Rounded)
    };
    let room = room(&title, area);
    let mut block = Block::new()
        .borders(sides)
        .border_type(kind)
        .border_style(style)
        .title(title);
    if note.width() > 0 && note.width() <= room {
        block = block.title(note.right_aligned());
    }
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// Cells beside a title in the upper border.
fn room(title: &Line<'_>, area: Rect) -> usize {
    usize::from(area.width).saturating_sub(title.width() + 3)
}

/// The lines from `window` as they are, nothing wrapped.
pub fn lines(lines: Vec<Line<'_>>, area: Rect, frame: &mut Frame) {
    frame.render_widget(Paragraph::new(lines), area);
}

/// Text of exactly `cells` cells, in a style.
pub fn cell(text: &str, cells: usize, style: Style) -> Span<'static> {
    Span::styled(safe::fit(text, cells), style)
}

/// Text at the right of exactly `cells` cells.
pub fn right(text: &str, cells: usize, style: Style) -> Span<'static> {
    let taken = safe::width(text);
    if taken > cells {
        return cell(text, cells, style);
    }
    Span::styled(format!("{}{text}", " ".repeat(cells - taken)), style)
}

/// How far a model is on its way.
pub fn loading(progress: Option<&LoadProgress>) -> String {
    let part = match progress {
        Some(LoadProgress::Download { bytes, total, .. }) if *total > 0 => {
            *bytes as f64 / *total as f64
        }
        Some(LoadProgress::Waiting { .. }) => return "waiting".to_owned(),
        Some(LoadProgress::Weights { done, total }) if *total > 0 => *done as f64 / *total as f64,
        _ => return "loading".to_owned(),
    };
    format!("loading {:.0} %", part * 100.0)
}

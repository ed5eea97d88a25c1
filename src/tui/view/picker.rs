//! A list to choose from, narrowed by typing, and a question answered in one line.

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use super::draw::{self, cell, right};
use crate::tui::state::ask::Ask;
use crate::tui::state::editor::Editor;
use crate::tui::state::picker::{Item, Picker};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;
use crate::tui::vocabulary::wrapped::wrapped;

/// Rows above the items: the border and the line that is typed.
const ABOVE: u16 = 2;

/// Where a list lies.
fn area(size: Size, picker: &Picker) -> Rect {
    let items = picker.matches().len().max(1) as u16;
    let height = (items + ABOVE + 1)
        .min(size.height.saturating_sub(4))
        .max(4);
    placed(size, 90, height)
}

/// Where a question lies.
fn ask_area(size: Size, ask: &Ask) -> Rect {
    let width = width(size, 90);
    let said = ask.problem.as_ref().or(ask.note.as_ref());
    let lines = said.map_or(0, |said| wrapped(said, width.saturating_sub(4)).len());
    placed(size, 90, 3 + lines as u16)
}

fn width(size: Size, most: u16) -> u16 {
    size.width.saturating_sub(4).min(most)
}

fn placed(size: Size, most: u16, height: u16) -> Rect {
    let width = width(size, most);
    Rect::new((size.width - width) / 2, 2, width, height)
}

/// Draws a list.
pub fn draw(picker: &Picker, theme: &Theme, seen: &mut Seen, frame: &mut Frame) {
    let area = area(frame.area().as_size(), picker);
    seen.put(area, Hit::Over);
    let inside = bordered(&format!(" {} ", picker.title), area, theme, frame);
    typed(&picker.filter, inside, theme, frame);
    let matches = picker.matches();
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if matches.is_empty() {
        let nothing = Line::styled(" nothing matches", theme.quiet);
        return draw::lines(vec![nothing], list, frame);
    }
    let selected = picker.row.min(matches.len() - 1);
    let widest = |text: fn(&Item) -> &str| {
        let cells = matches
            .iter()
            .map(|item| safe::width(&safe::safe(text(item))));
        cells.max().unwrap_or(0)
    };
    // Half for each, and what one side does not need is the other's.
    let cells = usize::from(inside.width).saturating_sub(3);
    let spare = cells.saturating_sub(widest(|item| &item.label));
    let detail = widest(|item| &item.detail).min(spare.max(cells / 2));
    let label = cells - detail;
    let window = window(selected, matches.len(), list.height.into());
    for (place, index) in list.rows().zip(window.clone()) {
        seen.put(place, Hit::Item(index));
    }
    let lines = window
        .map(|index| {
            let (base, quiet) = if index == selected {
                (theme.cursor, theme.cursor)
            } else {
                (theme.base, theme.quiet)
            };
            Line::from(vec![
                Span::styled(" ", base),
                cell(&matches[index].label, label, base),
                Span::styled(" ", base),
                right(&matches[index].detail, detail, quiet),
                Span::styled(" ", base),
            ])
        })
        .collect();
    draw::lines(lines, list, frame);
}

/// Draws a question. Returns where it lies.
pub fn draw_ask(ask: &Ask, theme: &Theme, frame: &mut Frame) -> Rect {
    let area = ask_area(frame.area().as_size(), ask);
    let title = safe::fit(&ask.question.text(), usize::from(area.width) - 6);
    let inside = bordered(&format!(" {} ", title.trim_end()), area, theme, frame);
    typed(&ask.answer, inside, theme, frame);
    let problem = ask.problem.as_ref().map(|said| (said, theme.error));
    if let Some((said, style)) = problem.or(ask.note.as_ref().map(|said| (said, theme.quiet))) {
        let lines = wrapped(said, inside.width.saturating_sub(2))
            .into_iter()
            .map(|line| Line::styled(format!(" {line}"), style))
            .collect();
        let below = Rect {
            y: inside.y + 1,
            height: inside.height.saturating_sub(1),
            ..inside
        };
        draw::lines(lines, below, frame);
    }
    area
}

fn bordered(title: &str, area: Rect, theme: &Theme, frame: &mut Frame) -> Rect {
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused)
        .title(Line::styled(title.to_owned(), theme.title));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inside
}

/// The line that is typed, its end in sight, with the cursor.
fn typed(line: &Editor, inside: Rect, theme: &Theme, frame: &mut Frame) {
    let text = line.text();
    let room = usize::from(inside.width).saturating_sub(4);
    let before: String = text.chars().take(line.cursor()).collect();
    let mut skipped = 0;
    while safe::width(&safe::safe(
        &before.chars().skip(skipped).collect::<String>(),
    )) > room
    {
        skipped += 1;
    }
    let shown: String = text.chars().skip(skipped).collect();
    let column = safe::width(&safe::safe(
        &before.chars().skip(skipped).collect::<String>(),
    ));
    let row = Line::from(vec![
        Span::styled(" › ", theme.key),
        Span::styled(
            safe::fit(&safe::safe(&shown), room + 1)
                .trim_end()
                .to_owned(),
            if line.is_selected() {
                theme.cursor
            } else {
                theme.base
            },
        ),
    ]);
    frame.render_widget(
        Paragraph::new(row),
        Rect {
            height: 1,
            ..inside
        },
    );
    frame.set_cursor_position(Position::new(inside.x + 3 + column as u16, inside.y));
}

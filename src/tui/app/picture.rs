//! The screen as a picture: SVG, a rectangle for each background and a text for each cell.

use maud::{Markup, html};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::tui::state::State;
use crate::tui::view;
use crate::tui::vocabulary::colour::ColourLevel;
use crate::tui::vocabulary::theme::{Theme, ThemeName};

/// Size of a cell.
const CELL: (f32, f32) = (8.4, 18.0);

/// The screen that a state is drawn as, in its theme's full colours whatever the terminal has.
pub fn of_state(state: &State) -> String {
    let size = state.screen.size;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(size.width, size.height));
    let theme = Theme::new(state.screen.theme, ColourLevel::True);
    let Ok(_) = terminal.draw(|frame| {
        view(state, &theme, frame);
    });
    of_screen(terminal.backend().buffer(), state.screen.theme)
}

/// A screen as a picture.
pub fn of_screen(buffer: &Buffer, theme: ThemeName) -> String {
    let (ink, paper) = match theme {
        ThemeName::Dark => ("#d5d8de", "#16181d"),
        ThemeName::Light => ("#1f2328", "#ffffff"),
    };
    let (width, height) = CELL;
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let size = (f32::from(columns) * width, f32::from(rows) * height);
    let cells = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {:.1} {:.1}", size.0, size.1))
            font-family="'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14" {
            rect width="100%" height="100%" fill=(paper) {}
            @for (x, y) in cells {
                (cell(&buffer[(x, y)], (f32::from(x) * width, f32::from(y) * height), ink, paper))
            }
        }
    }
    .into_string()
}

fn cell(cell: &Cell, (left, top): (f32, f32), ink: &str, paper: &str) -> Markup {
    let own = (colour(cell.fg), colour(cell.bg));
    let (mut front, mut back) = (own.0.unwrap_or_else(|| ink.to_owned()), own.1);
    if cell.modifier.contains(Modifier::REVERSED) {
        let under = back.unwrap_or_else(|| paper.to_owned());
        (front, back) = (under, Some(front));
    }
    let has = |modifier| cell.modifier.contains(modifier);
    let width = format!("{:.1}", CELL.0 * cell.symbol().width().max(1) as f32);
    let (x, symbol) = (format!("{left:.1}"), cell.symbol().trim());
    html! {
        @if let Some(back) = &back {
            rect x=(x) y=(format!("{top:.1}")) width=(width) height=(CELL.1) fill=(back) {}
        }
        @if !symbol.is_empty() {
            text x=(x) y=(format!("{:.1}", top + CELL.1 * 0.75)) textLength=(width)
                lengthAdjust="spacingAndGlyphs" fill=(front)
                font-weight=[has(Modifier::BOLD).then_some("bold")]
                font-style=[has(Modifier::ITALIC).then_some("italic")]
                text-decoration=[has(Modifier::UNDERLINED).then_some("underline")]
                opacity=[has(Modifier::DIM).then_some("0.6")] { (symbol) }
        }
    }
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_screen_is_a_picture_in_which_everything_is_text() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 3, 1));
        let style = Style::new()
            .fg(Color::Rgb(1, 2, 3))
            .add_modifier(Modifier::BOLD);
        buffer.set_string(0, 0, "<&", style);
        buffer.set_string(2, 0, "x", Style::new().add_modifier(Modifier::REVERSED));
        let svg = of_screen(&buffer, ThemeName::Light);
        assert!(svg.contains("viewBox=\"0 0 25.2 18.0\""), "{svg}");
        assert!(svg.contains(">&lt;</text>") && svg.contains(">&amp;</text>"));
        assert!(
            svg.contains("fill=\"#010203\" font-weight=\"bold\""),
            "{svg}"
        );
        // Reversed: the paper's colour on ink.
        assert!(svg.contains("fill=\"#1f2328\"></rect>"), "{svg}");
        assert!(svg.contains("fill=\"#ffffff\">x</text>"), "{svg}");
    }
}

//! How large the terminal is, and how much of that is drawn.

use std::io;

use ratatui::layout::Size;

/// Most columns and rows that are drawn: more than any screen shows, and few enough to be drawn at once. What a
/// terminal reports beyond that stays empty.
const WIDEST: u16 = 1000;
const HIGHEST: u16 = 500;

/// The part of a terminal of this size that is drawn.
pub fn bounded(width: u16, height: u16) -> Size {
    Size::new(width.min(WIDEST), height.min(HIGHEST))
}

/// The part of the terminal that is drawn.
///
/// # Errors
/// When the terminal does not tell its size.
pub fn size() -> io::Result<Size> {
    // Without asking other programs, which `size` does where a terminal tells nothing.
    let told = crossterm::terminal::window_size();
    match told {
        Ok(size) if size.columns > 0 && size.rows > 0 => Ok(bounded(size.columns, size.rows)),
        _ => crossterm::terminal::size().map(|(width, height)| bounded(width, height)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_screen_can_show_is_not_drawn() {
        assert_eq!(bounded(200, 60), Size::new(200, 60));
        assert_eq!(bounded(10_000, 10_000), Size::new(WIDEST, HIGHEST));
        assert_eq!(bounded(0, u16::MAX), Size::new(0, HIGHEST));
    }
}

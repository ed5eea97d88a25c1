//! Which rows of a list are seen where there is no room for all.

use std::ops::Range;

/// Rows `height` high out of `count`, so that `selected` is in the middle where possible.
pub fn window(selected: usize, count: usize, height: usize) -> Range<usize> {
    let top = selected
        .saturating_sub(height / 2)
        .min(count.saturating_sub(height));
    top..count.min(top + height)
}

/// How much lies before and after what a window shows of `count` rows, as a mark for the border; nothing where all is
/// shown.
pub fn scroll_mark(window: &Range<usize>, count: usize) -> String {
    let (before, after) = (window.start, count.saturating_sub(window.end));
    let mark = |sign: char, rows: usize| match rows {
        0 => String::new(),
        rows => format!("{sign}{rows} "),
    };
    mark('↑', before) + &mark('↓', after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_keeps_the_selected_row_in_sight() {
        assert_eq!(window(0, 100, 10), 0..10);
        assert_eq!(window(50, 100, 10), 45..55);
        assert_eq!(window(99, 100, 10), 90..100);
        assert_eq!(window(3, 4, 10), 0..4);
        assert_eq!(window(0, 0, 10), 0..0);
        for selected in 0..30 {
            assert!(window(selected, 30, 7).contains(&selected));
        }
    }

    #[test]
    fn what_is_out_of_sight_is_marked() {
        assert_eq!(scroll_mark(&(3..9), 20), "↑3 ↓11 ");
        assert_eq!(scroll_mark(&(0..9), 20), "↓11 ");
        assert_eq!(scroll_mark(&(0..9), 9), "");
    }
}

//! Bars and tracks of cells.

/// A bar of exactly `cells` cells, filled to a fraction (0 to 1) in eighths of a cell. What is not nothing is seen.
pub fn bar(fraction: f32, cells: usize) -> String {
    let fraction = if fraction.is_finite() {
        fraction.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let mut eighths = (fraction * (cells * 8) as f32).round() as usize;
    if eighths == 0 && fraction > 0.0 {
        eighths = 1;
    }
    let mut out = "█".repeat((eighths / 8).min(cells));
    let mut left = cells - (eighths / 8).min(cells);
    if left > 0 && !eighths.is_multiple_of(8) {
        out.push(['▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8 - 1]);
        left -= 1;
    }
    out + &" ".repeat(left)
}

/// A track of exactly `cells` cells with a mark at a fraction (0 to 1).
pub fn track(fraction: f64, cells: usize) -> String {
    if cells == 0 {
        return String::new();
    }
    let fraction = if fraction.is_finite() {
        fraction.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let at = (fraction * (cells - 1) as f64).round() as usize;
    format!("{}●{}", "─".repeat(at), "─".repeat(cells - 1 - at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_their_length_and_show_the_least() {
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.0, 3), "   ");
        assert_eq!(bar(0.0001, 3), "▏  ");
        assert_eq!(bar(7.0 / 16.0, 2), "▉ ");
        assert_eq!(bar(f32::NAN, 2), "  ");
        assert_eq!(bar(1.0, 0), "");
        for tenth in 0..=10 {
            assert_eq!(bar(tenth as f32 / 10.0, 7).chars().count(), 7);
            assert_eq!(track(f64::from(tenth) / 10.0, 7).chars().count(), 7);
        }
    }
}

//! Numbers as people read them, and bars.

/// A probability (0 to 1) in at most seven cells: `21.4 %`, `0.31 %`, `<0.01 %`.
pub fn percent(probability: f32) -> String {
    let value = probability * 100.0;
    match value {
        v if v >= 99.95 => "100 %".to_owned(),
        v if v >= 10.0 => format!("{v:.1} %"),
        v if v >= 0.01 => format!("{v:.2} %"),
        v if v > 0.0 => "<0.01 %".to_owned(),
        0.0 => "0 %".to_owned(),
        _ => "?".to_owned(),
    }
}

/// Bits in at most six cells.
pub fn bits(value: f32) -> String {
    if value.is_infinite() {
        "∞".to_owned()
    } else {
        format!("{value:.2}")
    }
}

/// A whole number with its thousands marked.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in decimal units, as downloads are counted.
pub fn bytes(count: f64) -> String {
    match count {
        c if c >= 1e9 => format!("{:.2} GB", c / 1e9),
        c if c >= 1e6 => format!("{:.1} MB", c / 1e6),
        c if c >= 1e3 => format!("{:.0} kB", c / 1e3),
        c => format!("{c:.0} B"),
    }
}

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
    fn probabilities_are_short_and_honest() {
        let shown = [1.0, 0.9994, 0.214, 0.0314, 0.0001, 0.00001, 0.0, f32::NAN].map(percent);
        assert_eq!(
            shown,
            [
                "100 %", "99.9 %", "21.4 %", "3.14 %", "0.01 %", "<0.01 %", "0 %", "?"
            ]
        );
    }

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

    #[test]
    fn quantities() {
        assert_eq!(thousands(50257), "50,257");
        assert_eq!(thousands(124_439_808), "124,439,808");
        assert_eq!(thousands(7), "7");
        assert_eq!(bytes(548_105_171.0), "548.1 MB");
    }
}

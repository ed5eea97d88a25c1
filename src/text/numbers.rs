//! Numbers as people read them.

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

/// The same with enough digits to tell small ones apart: `21.400 %`, `2.1e-5 %`.
pub fn percent_in_full(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent == 0.0 || percent >= 0.01 {
        format!("{percent:.3} %")
    } else {
        format!("{percent:.1e} %")
    }
}

/// A probability that may be very small, as it is read aloud: in percent, below 0.01 % as one in so many, those to two
/// digits.
pub fn chance(probability: f64) -> String {
    const MOST: f64 = 1e15;
    let among = probability.recip();
    if probability >= 1e-4 || !among.is_finite() {
        return percent_in_full(probability);
    }
    if among >= MOST {
        return format!("1 : 10^{:.0}", among.log10());
    }
    let unit = 10f64.powf(among.log10().floor() - 1.0);
    format!(
        "1 : {}",
        thousands(((among / unit).round() * unit) as usize)
    )
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

/// A time to wait, in its two largest units.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e7) as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// So many of something, whose name takes an s: `1 file`, `2 files`.
pub fn counted(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
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
    fn small_probabilities_keep_their_digits() {
        let shown = [1.0, 0.214, 0.0001, 0.000_000_21, 0.0].map(percent_in_full);
        assert_eq!(
            shown,
            ["100.000 %", "21.400 %", "0.010 %", "2.1e-5 %", "0.000 %"]
        );
    }

    #[test]
    fn a_chance_is_one_in_so_many() {
        let shown = [0.214, 0.0001, 0.000_033, 4.1e-11, 3e-20, 0.0].map(chance);
        assert_eq!(
            shown,
            [
                "21.400 %",
                "0.010 %",
                "1 : 30,000",
                "1 : 24,000,000,000",
                "1 : 10^20",
                "0.000 %"
            ]
        );
    }

    #[test]
    fn quantities() {
        assert_eq!(thousands(50257), "50,257");
        assert_eq!(thousands(124_439_808), "124,439,808");
        assert_eq!(thousands(7), "7");
        assert_eq!(bytes(548_105_171.0), "548.1 MB");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(duration(4320.0), "1 h 12 min");
        assert_eq!(duration(35.4), "35 s");
        assert_eq!(duration(61.9), "1 min 1 s");
    }
}

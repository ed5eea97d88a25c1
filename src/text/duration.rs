//! How long something takes, as people say it.

/// A time to wait, in its two largest units.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e7) as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(duration(4320.0), "1 h 12 min");
        assert_eq!(duration(35.4), "35 s");
        assert_eq!(duration(61.9), "1 min 1 s");
    }
}

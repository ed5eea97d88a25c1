//! How numbers are written on standard output.

/// A probability in percent with enough digits to tell small ones apart.
pub fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent == 0.0 || percent >= 0.01 {
        format!("{percent:.3} %")
    } else {
        format!("{percent:.1e} %")
    }
}

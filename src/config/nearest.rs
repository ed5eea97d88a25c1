//! The name that a misspelled one was meant to be.

/// The nearest of `names` to `name`, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let name = plain(name);
    names
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or nothing if no name is near.
pub(super) fn did_you_mean<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, names).map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["temperature", "top_k", "top_p", "typical_p", "min_p"];
        assert_eq!(nearest("temprature", names), Some("temperature"));
        assert_eq!(nearest("top-k", names), Some("top_k"));
        assert_eq!(nearest("TOPK", names), Some("top_k"));
        assert_eq!(nearest("zzz", names), None);
        assert_eq!(did_you_mean("mn_p", names), "; did you mean min_p?");
        assert_eq!(did_you_mean("zzz", names), "");
    }
}

//! Sentences broken into lines.

use super::flow::Flow;
use super::safe;

/// A sentence wrapped to a width, made safe.
pub fn wrapped(sentence: &str, width: u16) -> Vec<String> {
    let flow = Flow::of_characters(&safe::safe(sentence), width.saturating_add(1));
    (0..flow.len())
        .map(|line| flow.line(line).map(|(_, glyph)| glyph).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_wrap_within_the_width() {
        for width in 1..40 {
            for line in wrapped(
                "A sentence of several words, one is incomprehensibilities.",
                width,
            ) {
                assert!(
                    safe::width(line.trim_end()) <= usize::from(width),
                    "{line:?} in {width}"
                );
            }
        }
    }
}

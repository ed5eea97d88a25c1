//! What is kept of texts that may be of any length.

use std::ops::Range;

use crate::training::{Odds, SampleText, Samples};

/// Bytes of a text.
const BYTES: usize = 2048;
/// Texts in a set of samples.
const TEXTS: usize = 16;
/// Rows of a table of odds.
const ROWS: usize = 64;

/// The text, its end cut off if it is long.
pub(super) fn text(text: &str) -> String {
    if text.len() <= BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(BYTES);
    format!("{}…", &text[..end])
}

/// The ranges of what is kept of a text.
fn ranges(ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let ranges = ranges.iter();
    ranges
        .take_while(|range| range.end <= BYTES)
        .cloned()
        .collect()
}

pub(super) fn samples(samples: &Samples) -> Samples {
    let kept = samples.texts.iter().take(TEXTS);
    Samples {
        texts: kept
            .map(|sample| SampleText {
                prompt: text(&sample.prompt),
                text: text(&sample.text),
                seed: sample.seed,
                copied: ranges(&sample.copied),
                special: ranges(&sample.special),
            })
            .collect(),
        memorised: samples.memorised.clone(),
        ..*samples
    }
}

pub(super) fn odds(odds: &Odds) -> Odds {
    Odds {
        prompt: text(&odds.prompt),
        rows: odds.rows.iter().take(ROWS).cloned().collect(),
        ..*odds
    }
}

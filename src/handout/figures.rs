//! Figures of a whole text.

use crate::decoding::TextStats;
use crate::text::numbers::{bits, percent};

use super::Text;

/// What is counted of a text's own tokens, named.
pub fn figures(text: &Text) -> Vec<(&'static str, String)> {
    let own = text.tokens.get(text.prompt_len..).unwrap_or_default();
    let stats = TextStats::of(own);
    let mut figures = vec![("tokens", stats.tokens.to_string())];
    if stats.tokens > 0 {
        figures.extend([
            (
                "bits a token",
                format!(
                    "{} (entropy {})",
                    bits(stats.surprisal),
                    bits(stats.entropy)
                ),
            ),
            (
                "perplexity",
                format!("{:.1}", f64::from(stats.surprisal).exp2()),
            ),
            ("different tokens", percent(stats.distinct_1)),
            ("different pairs", percent(stats.distinct_2)),
            ("said before", percent(stats.repetition)),
        ]);
    }
    figures
}

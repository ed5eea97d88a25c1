//! A sample in lines: what stands in the corpus is underlined, special tokens are named.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::training::SampleText;
use crate::tui::vocabulary::flow::Flow;
use crate::tui::vocabulary::theme::Theme;

/// What a part of a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Plain,
    Copied,
    Special,
}

/// The parts of a sample, in order. Ranges that do not fit its text are passed over: they may come from a file that was
/// written by anyone.
pub fn parts(sample: &SampleText) -> Vec<(Part, &str)> {
    let text = sample.text.as_str();
    let fits = |range: &&Range<usize>| {
        text.get((*range).clone())
            .is_some_and(|part| !part.is_empty())
    };
    let mut bounds = vec![0, text.len()];
    let ranges = || sample.copied.iter().chain(&sample.special).filter(fits);
    bounds.extend(ranges().flat_map(|range| [range.start, range.end]));
    bounds.sort_unstable();
    bounds.dedup();
    let within = |ranges: &[Range<usize>], at: usize| {
        ranges.iter().filter(fits).any(|range| range.contains(&at))
    };
    let pairs = bounds.windows(2);
    pairs
        .filter_map(|pair| {
            let part = if within(&sample.special, pair[0]) {
                Part::Special
            } else if within(&sample.copied, pair[0]) {
                Part::Copied
            } else {
                Part::Plain
            };
            Some((part, text.get(pair[0]..pair[1])?))
        })
        .collect()
}

/// A special token as what it is: `⟨endoftext⟩`.
fn named(token: &str) -> String {
    let name = token.trim_matches(['<', '>', '|', '[', ']']);
    format!("⟨{}⟩", if name.is_empty() { token } else { name })
}

/// A part as it is shown, not made safe.
pub fn shown(part: Part, text: &str) -> Cow<'_, str> {
    match part {
        Part::Special => Cow::Owned(named(text)),
        Part::Plain | Part::Copied => Cow::Borrowed(text),
    }
}

/// The sample in lines of a width, made safe.
pub fn lines(sample: &SampleText, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    // The flow keeps its last column for a cursor.
    let mut flow = Flow::new(width.saturating_add(1));
    let parts = parts(sample);
    for (part, text) in &parts {
        flow.push(shown(*part, text).as_bytes());
    }
    let style = |part: Option<&(Part, &str)>| match part {
        Some((Part::Copied, _)) => theme.base.add_modifier(Modifier::UNDERLINED),
        Some((Part::Special, _)) => theme.quiet,
        _ => theme.base,
    };
    let line = |at: usize| {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (glyph, shown) in flow.line(at).filter(|(glyph, _)| !glyph.is_newline()) {
            let style = style(parts.get(glyph.token));
            match spans.last_mut() {
                Some(span) if span.style == style => span.content.to_mut().push_str(shown),
                _ => spans.push(Span::styled(shown.to_owned(), style)),
            }
        }
        Line::from(spans)
    };
    (0..flow.len()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::vocabulary::colour::ColourLevel;
    use crate::tui::vocabulary::theme::ThemeName;

    fn drawn(sample: &SampleText) -> Vec<String> {
        let theme = Theme::new(ThemeName::Dark, ColourLevel::None);
        let lines = lines(sample, 20, &theme).into_iter();
        let marked = |span: Span<'static>| {
            if span.style.add_modifier.contains(Modifier::UNDERLINED) {
                format!("_{}_", span.content)
            } else {
                span.content.into_owned()
            }
        };
        lines
            .map(|line| line.spans.into_iter().map(marked).collect())
            .collect()
    }

    #[test]
    fn what_is_copied_is_underlined_and_special_tokens_are_named() {
        let token = 23..36;
        let sample = SampleText {
            text: "the rain is on the hill<|endoftext|>\u{1b}[2J".to_owned(),
            copied: vec![4..11, 15..36],
            special: vec![token],
            ..SampleText::default()
        };
        assert_eq!(
            drawn(&sample),
            ["the _rain is_ on _the _", "_hill_⟨endoftext⟩␛[2J"]
        );
    }

    #[test]
    fn ranges_that_do_not_fit_are_passed_over() {
        let empty = 2..2;
        let sample = SampleText {
            text: "é!".to_owned(),
            copied: vec![1..2, 0..900, 7..9],
            special: vec![empty],
            ..SampleText::default()
        };
        assert_eq!(drawn(&sample), ["é!"]);
    }

    #[test]
    fn a_text_that_looks_like_a_special_token_is_text() {
        let sample = SampleText {
            text: "<|end|>".to_owned(),
            ..SampleText::default()
        };
        assert_eq!(drawn(&sample), ["<|end|>"]);
        assert_eq!(named("</s>"), "⟨/s⟩");
        assert_eq!(named("<|>"), "⟨<|>⟩");
    }
}

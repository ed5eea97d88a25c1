//! The text, or several side by side, and the branches.

use maud::{Markup, html};

use super::colour::{Borders, coloured};
use super::figures::figures;
use super::{BranchText, Text, chain};

/// What the colours mean.
pub fn legend(borders: &Borders) -> Markup {
    let [high, middle, low] = borders.labels();
    html! {
        p.legend {
            span.p0 { "at least " (high) } " "
            span.p1 { "at least " (middle) } " "
            span.p2 { "at least " (low) } " "
            span.p3 { "less" } " "
            span.given { "of the prompt" }
        }
        p.note {
            "Point at a token, or go to it with the Tab key, to see its odds. "
            span.scripted { "Then the arrow keys move from token to token." }
        }
    }
}

/// One text alone, or several beside each other.
pub fn texts(texts: &[Text], borders: &Borders) -> Markup {
    html! {
        @if let [text] = texts {
            (body(text, borders))
        } @else {
            div.lanes { @for text in texts { section.lane {
                h3 { (text.name) }
                p.note { (settings(text)) }
                (body(text, borders))
            } } }
        }
    }
}

fn body(text: &Text, borders: &Borders) -> Markup {
    html! {
        (coloured(&text.tokens, 0..text.tokens.len(), &text.likeliest, borders))
        dl.figures { @for (name, value) in figures(text) { div { dt { (name) } dd { (value) } } } }
    }
}

/// What a lane is drawn with, in a line.
pub fn settings(text: &Text) -> String {
    let mut parts = vec![chain::method(&text.sampler)];
    let stages = chain::rows(text).into_iter();
    parts.extend(stages.map(|row| match row.settings.as_str() {
        "" => row.stage.name().to_owned(),
        settings => settings.to_owned(),
    }));
    parts.push(format!("seed {}", text.seed));
    parts.join("; ")
}

/// The branches, each below the one that it grew from.
pub fn branches(branches: &[BranchText], borders: &Borders) -> Markup {
    html! {
        @for branch in branches {
            section.branch style=(format!("--depth:{}", branch.depth)) {
                h3 { (branch.name) @if branch.current { " (the text above)" } }
                @if branch.depth > 0 { p.note { "leaves its parent at token " (branch.fork) } }
                @if !branch.current {
                    (coloured(&branch.tokens, branch.fork..branch.tokens.len(), &[], borders))
                }
            }
        }
    }
}

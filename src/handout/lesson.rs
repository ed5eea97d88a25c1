//! A lesson as it was done.

use maud::{Markup, html};

use super::sheet::Paragraphs;
use super::{LessonDone, StepEnd};
use crate::text::sanitize;

/// The steps that were walked, with the figures that were on the screen then.
pub fn lesson(lesson: &LessonDone) -> Markup {
    html! {
        ol.steps { @for step in &lesson.steps { li {
            h3 { (sanitize(&step.title)) " " span.note { (ended(step.end)) } }
            (paragraphs(&step.text))
            div.said { (paragraphs(&step.said)) }
        } } }
        @if !lesson.understood.is_empty() {
            h3 { "What should be clear now" }
            ul { @for sentence in &lesson.understood { li { (sanitize(sentence)) } } }
        }
        @if !lesson.questions.is_empty() {
            h3 { "To think about" }
            ol { @for question in &lesson.questions { li { (sanitize(question)) div.answer {} } } }
        }
    }
}

/// How a step ended, in a sign and a word.
pub fn ended(end: StepEnd) -> &'static str {
    match end {
        StepEnd::Done => "✓ done",
        StepEnd::Skipped => "skipped",
        StepEnd::Open => "not done yet",
    }
}

fn paragraphs(paragraphs: &Paragraphs) -> Markup {
    html! {
        @for paragraph in paragraphs { p {
            @for (text, strong) in paragraph {
                @if *strong { strong { (sanitize(text)) } } @else { (sanitize(text)) }
            }
        } }
    }
}

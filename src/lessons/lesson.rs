//! A lesson: what it is about, its steps, and what a teacher asks afterwards.

use super::{Prose, SetUp};

/// A lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The file's name without its ending: `04-a-draw`.
    pub name: String,
    /// The file, as it was named.
    pub file: String,
    pub title: String,
    /// Minutes that it takes.
    pub minutes: u32,
    /// The model that it is about, where any other would not do.
    pub model: Option<String>,
    /// What the pupils should have understood, a sentence each.
    pub understood: Vec<String>,
    pub questions: Vec<Question>,
    pub steps: Vec<Step>,
}

/// A question at the end, for the teacher to ask.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub ask: String,
    pub answer: String,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub title: String,
    /// The line of its heading.
    pub line: usize,
    /// What it sets up and waits for.
    pub setup: SetUp,
    pub text: Prose,
    /// What is said after a while.
    pub hint: Prose,
    /// What is said when it is done.
    pub done: Prose,
}

//! The words around lessons, which a translation translates too.

use serde::Deserialize;

/// The words around lessons, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// `Lesson`, as in Lesson 3.
    pub lesson: String,
    /// `step`, as in step 2 of 7.
    pub step: String,
    pub of: String,
    pub minutes: String,
    /// What the list of lessons is called.
    pub lessons: String,
    /// Heads of the teacher's page.
    pub for_teachers: String,
    pub understood: String,
    pub steps: String,
    pub questions: String,
    pub answer: String,
    // What keys do, in the strip.
    pub on: String,
    pub back: String,
    pub skip: String,
    pub leave: String,
    pub again: String,
    pub next_lesson: String,
    pub hand_out: String,
    /// Before a hint.
    pub hint: String,
    /// What is said when a lesson is over.
    pub finished: String,
    /// In the list, of a lesson that was.
    pub done: String,
    /// While a step is being set up.
    pub getting_ready: String,
    /// In a pane that a step hides.
    pub hidden: String,
}

impl Words {
    /// Reads them.
    ///
    /// # Errors
    /// With the line and what is wrong there.
    pub(super) fn read(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text[..start].matches('\n').count();
            (line, error.message().to_owned())
        })
    }
}

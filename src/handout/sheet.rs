//! What is handed out, as plain data: of the playground as it stands, or of a session's file.

use super::colour::Borders;
use crate::decoding::{Likely, TokenRecord};
use crate::sampling::SamplerSettings;
use crate::training::History;

/// Everything on a hand-out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// The model's name.
    pub model: String,
    /// Tokens that it chooses among, if that is known.
    pub vocabulary: Option<usize>,
    pub prompt: String,
    /// The text; or samples or lanes, which stand side by side.
    pub texts: Vec<Text>,
    /// The token that was looked at.
    pub in_view: Option<Place>,
    /// All branches, each below the one that it grew from; empty while there is one text alone.
    pub branches: Vec<BranchText>,
    pub lesson: Option<LessonDone>,
    pub run: Option<RunDone>,
    /// Where the colours of the text change.
    pub borders: Borders,
}

/// A token's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which text.
    pub text: usize,
    pub position: usize,
}

/// A text with what was thought at each of its places.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// What sets it apart from those beside it; empty for one alone.
    pub name: String,
    /// What it was drawn with.
    pub sampler: SamplerSettings,
    pub seed: u64,
    /// Tokens of the prompt.
    pub prompt_len: usize,
    pub tokens: Vec<TokenRecord>,
    /// The likeliest tokens at each place, as far as they are known.
    pub likeliest: Vec<Vec<Likely>>,
}

/// A text that was left, or the one that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct BranchText {
    pub name: String,
    /// How deep it hangs; 0 for texts that began from a prompt.
    pub depth: usize,
    /// Position of its first own token.
    pub fork: usize,
    /// Whether it is the text.
    pub current: bool,
    /// The whole text.
    pub tokens: Vec<TokenRecord>,
}

/// A lesson as it was done.
#[derive(Debug, Clone, PartialEq)]
pub struct LessonDone {
    pub title: String,
    pub steps: Vec<StepDone>,
    /// What should have been understood, a sentence each.
    pub understood: Vec<String>,
    /// To think about afterwards.
    pub questions: Vec<String>,
}

/// Paragraphs in runs of text that are strong or not.
pub type Paragraphs = Vec<Vec<(String, bool)>>;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    Done,
    Skipped,
    /// It goes on.
    Open,
}

/// A step of a lesson, with the figures that were on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct StepDone {
    pub title: String,
    pub text: Paragraphs,
    /// What was said when it was done.
    pub said: Paragraphs,
    pub end: StepEnd,
}

/// A run of training.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDone {
    pub name: String,
    pub history: History,
}

impl Sheet {
    /// Whether there is nothing on it.
    pub fn is_empty(&self) -> bool {
        self.texts.iter().all(|text| text.tokens.is_empty())
            && self.lesson.is_none()
            && self.run.is_none()
    }

    /// What it is about, in a few words.
    pub fn title(&self) -> String {
        const LONGEST: usize = 60;
        let about = match (&self.lesson, &self.run) {
            (Some(lesson), _) => &lesson.title,
            (None, Some(run)) if self.prompt.is_empty() => &run.name,
            _ => &self.prompt,
        };
        let line = about.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut title: String = line.chars().take(LONGEST).collect();
        if title.len() < line.len() {
            title.push('…');
        }
        crate::text::sanitize(&title).into_owned()
    }
}

/// A model's name for strangers: of a path on somebody's disk its last part alone.
pub fn model_name(source: &str) -> String {
    let is_path = source.starts_with(['/', '.', '~']) || source.contains('\\');
    let last = source
        .trim_end_matches(['/', '\\'])
        .rsplit(['/', '\\'])
        .next();
    match last {
        Some(last) if is_path => last.to_owned(),
        _ => source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_short_and_a_path_stays_at_home() {
        let prompt = "Once\nupon a time ".repeat(9);
        let sheet = Sheet {
            prompt,
            ..Sheet::default()
        };
        let title = sheet.title();
        assert!(title.starts_with("Once upon a time Once"), "{title}");
        assert_eq!(title.chars().count(), 61);
        assert_eq!(model_name("/home/ann/models/poems/"), "poems");
        assert_eq!(model_name("org/name"), "org/name");
        assert!(Sheet::default().is_empty());
    }
}

//! The hand-out: a text with the odds of each of its tokens, and all that belongs to it, as one page that needs nothing
//! else, or as Markdown.
//!
//! What a model, a file or a prompt wrote is text there and nothing more: the page is made by templates that escape it
//! (maud), its control characters are shown as what they are, and its policy lets no script run but its own.

mod chain;
mod colour;
mod figures;
mod format;
mod lesson;
mod markdown;
mod page;
mod run;
mod sheet;
mod table;
mod texts;
mod unfold;

pub use colour::Borders;
pub use format::{Format, FormatError};
pub use markdown::markdown;
pub use page::page;
pub use sheet::{
    BranchText, LessonDone, Paragraphs, Place, RunDone, Sheet, StepDone, StepEnd, Text, model_name,
};
pub use unfold::{SavedText, Unfolded, unfold};

/// Tokens that are listed at each place as the likeliest ones.
pub const LIKELIEST: usize = 5;

impl Sheet {
    /// The hand-out in a format.
    pub fn written(&self, format: Format) -> String {
        match format {
            Format::Page => page(self),
            Format::Markdown => markdown(self),
        }
    }
}

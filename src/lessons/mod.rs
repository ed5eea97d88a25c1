//! Lessons: files that lead somebody through the playground step by step. What a file says, what is wrong with it, which
//! lessons there are, and the page for the teacher. Nothing here knows the playground: what a lesson names is looked up
//! in [`Tables`], which the playground fills.
//!
//! A lesson is a TOML head between lines of `+++`, then a step a heading:
//!
//! ````markdown
//! +++
//! title = "Text becomes tokens"
//! minutes = 8
//! understood = ["A model reads tokens, not letters."]
//!
//! [[questions]]
//! ask = "How many tokens does a name take?"
//! answer = "As many as the model never saw it in one piece."
//! +++
//!
//! ## One key, one token
//!
//! ```toml
//! prompt = "Once upon a time"
//! focus = "text"
//! wait = ["position changed"]
//! wrong = ["down"]
//! try = ["left"]
//! ```
//!
//! The text was cut into {tokens} tokens. Press {key:left}.
//!
//! ### Hint
//! It is an arrow key.
//!
//! ### Done
//! Token {position} is {token}: {p} of the model's odds were on it.
//! ````
//!
//! What stands in braces is filled in from the screen: a figure, or the name of a key, pane, knob or preset.

mod answers;
mod blanks;
mod check;
mod condition;
mod course;
mod lesson;
mod new;
mod parse;
mod problem;
mod setup;
pub mod shannon;
mod tables;
mod words;

pub use answers::answers;
pub use blanks::{Blank, Paragraph, Piece, Prose};
pub use check::{check, nearest};
pub use condition::{Condition, Relation, Test, Value};
pub use course::{Course, ENGLISH, bundled_languages};
pub use lesson::{Lesson, Question, Step};
pub use new::{NewError, new};
pub use parse::parse;
pub use problem::{Problem, Problems};
pub use setup::{At, Key, Run, Screen, SetUp};
pub use tables::{Kind, Tables};
pub use words::Words;

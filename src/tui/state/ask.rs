//! A question that is answered in one line.

use super::editor::Editor;
use super::train::FIELDS;
use crate::training::recipe::Takes;
use crate::tui::vocabulary::question::{Question, Staying};

impl Question {
    /// Whether its answer is a path, which can be completed.
    pub fn takes_path(self) -> bool {
        match self {
            Self::Field(field) => {
                matches!(FIELDS[field].takes, Takes::Paths | Takes::Path)
                    || FIELDS[field]
                        .key
                        .is_some_and(|key| key.path == "model.from")
            }
            Self::Model
            | Self::SecondModel
            | Self::LaneModel
            | Self::OpenSession
            | Self::SaveSession
            | Self::Handout
            | Self::GuessFile { .. }
            | Self::Export { .. } => true,
            _ => false,
        }
    }

    /// The question as shown.
    pub fn text(self) -> String {
        match self {
            Self::BranchName(_) => "Name of the branch (empty: none)".to_owned(),
            Self::PresetName => "Save the sampler's settings as a preset named".to_owned(),
            Self::LanePreset => "Save the lane's settings as a preset named".to_owned(),
            Self::LaneModel => {
                "Add a lane of the model: a directory, a .gguf file, a hub id".to_owned()
            }
            Self::SaveSession => "Save the session to the file".to_owned(),
            Self::OpenSession => "Open the session file".to_owned(),
            Self::Knob(row) => format!("{} ({})", row.name(), row.form()),
            Self::SearchNext => "Show the next tokens that contain (empty: all)".to_owned(),
            Self::SearchText => "Go to the next token that contains".to_owned(),
            Self::ChartNext => "Draw the next-token odds into the file (.svg or .png)".to_owned(),
            Self::ChartText => {
                "Draw surprisal and entropy of the text into the file (.svg or .png)".to_owned()
            }
            Self::ChartTree => {
                "Draw the tree into the file (.svg or .png), or write it (.json)".to_owned()
            }
            Self::GuessFile { letters: true } => "Guess the letters of the text file".to_owned(),
            Self::GuessFile { letters: false } => "Guess the tokens of the text file".to_owned(),
            Self::Handout => {
                "Write the hand-out into the file (.html or .md; .svg for this screen)".to_owned()
            }
            Self::ChartLanes => {
                "Draw quality against diversity into the file (.svg or .png)".to_owned()
            }
            Self::Field(field) => {
                let field = &FIELDS[field];
                if field.takes.is_list() {
                    format!("{} (several with ; between)", field.name)
                } else {
                    format!("{} (empty: the default)", field.name)
                }
            }
            Self::LearningRate => "Learning rate from the next step on".to_owned(),
            Self::GoOn => {
                "Go on with the run although its recipe was another? (yes, no)".to_owned()
            }
            Self::AbandonRun => {
                "Abandon what was learned since the last checkpoint? (yes, no)".to_owned()
            }
            Self::Export { half } => format!(
                "Export the run's best model{} to the directory",
                if half { " as f16" } else { "" }
            ),
            Self::DeleteRun => "Delete the run with its checkpoints? (yes, no)".to_owned(),
            Self::Quit(Staying::Run) => "A run goes on. Leave? (yes, no)".to_owned(),
            Self::Quit(Staying::Training) => {
                "A model is being trained; leaving saves it and stops. Leave? (yes, no)".to_owned()
            }
            Self::Quit(Staying::Queued(1)) => {
                "Leaving saves this run; the one that waits will not begin. Leave? (yes, no)"
                    .to_owned()
            }
            Self::Quit(Staying::Queued(waiting)) => format!(
                "Leaving saves this run; the {waiting} that wait will not begin. Leave? (yes, no)"
            ),
            Self::Quit(Staying::Texts) => {
                "The texts are saved nowhere. Leave without them? (yes, no)".to_owned()
            }
            Self::ChartRun(what) => format!(
                "Draw the {} of the run into the file (.svg or .png)",
                what.name().replace('-', " ")
            ),
            Self::SecondModel => "Load a model beside this one".to_owned(),
            Self::Model => "Load a model: embedded, a directory, a .gguf file, a hub id".to_owned(),
        }
    }
}

/// A question, the answer as far as it was typed, and what is wrong with it.
#[derive(Debug)]
pub struct Ask {
    pub question: Question,
    pub answer: Editor,
    pub problem: Option<String>,
    /// What else is to be said of it.
    pub note: Option<String>,
}

impl Ask {
    /// A question with a suggested answer, selected: typing replaces it, arrows edit it.
    pub fn new(question: Question, suggestion: &str) -> Self {
        let mut ask = Self::begun(question, suggestion);
        ask.answer.select();
        ask
    }

    /// A question whose answer is typed already as far as this.
    pub fn begun(question: Question, typed: &str) -> Self {
        Self {
            question,
            answer: Editor::new(typed),
            problem: None,
            note: None,
        }
    }
}

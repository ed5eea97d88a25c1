//! Everything that the outside tells the playground: the engine, the trainer, the clock, the terminal, and threads that
//! read and write files. What a person asks for is [`crate::tui::Action`].

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::engine::{Event, TrainingNews, Unsent};
use crate::sampling::SamplerSettings;
use crate::training::{Recipe, Survey};
use crate::tui::state::picker::Item;
use crate::tui::state::session::SessionFile;
use crate::tui::state::train::room::Room;
use crate::tui::state::train::runs::{GoingOn, ReadRecipe, ReadRun};
use crate::tui::state::train::table::RunRow;
use crate::tui::vocabulary::tone::Tone;

/// Something that happened outside.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    // The clock and the terminal.
    /// The terminal is about to be drawn; the time since the start.
    Frame(Duration),
    /// The terminal has a new size: columns and rows.
    Resize(u16, u16),
    /// A signal ends the program.
    Leave,

    // The engines.
    /// The engine said something.
    Engine(Event),
    /// The second engine said something.
    Second(Event),
    /// The engine of this number said something, which has lanes of another model.
    Lanes(usize, Event),
    /// A command did not reach the engine.
    Refused(Unsent),
    /// The engine could not be started again; the sentence says why.
    RestartFailed(String),

    // The trainer.
    /// The trainer said something.
    Training(TrainingNews),
    /// A run could not be started; the sentence says why.
    TrainingRefused(String),

    // Files.
    /// A session file was read, or the sentence says why not.
    SessionRead(Result<Box<SessionFile>, String>),
    /// A text was read that is to be guessed, or the sentence says why not.
    TextRead {
        text: Result<String, String>,
        letters: bool,
    },
    /// The session could not be saved; the sentence says why.
    SaveFailed(String),
    /// The models were listed; shown if the list is still open.
    Listed(Vec<Item>),
    /// A preset was saved under a name.
    PresetSaved(String, Box<SamplerSettings>),
    /// The runs were listed; shown if the list is still open.
    RunsListed(Vec<Item>),
    /// The names of runs that are taken.
    RunNames(BTreeSet<String>),
    /// Where a demonstration can be kept, or why nowhere.
    Room(Result<Room, String>),
    /// What a run would learn from was looked at, or the sentence says why not.
    Surveyed {
        recipe: Box<Recipe>,
        found: Result<Box<Survey>, String>,
        /// Whether no more is to come.
        last: bool,
    },
    /// An answer that was typed was completed as far as there is one way to go on.
    Completed {
        typed: String,
        line: String,
        /// With these names, if there are several.
        names: Vec<String>,
    },
    /// What a run kept was read, or the sentence says why not.
    RunRead {
        path: PathBuf,
        /// Whether it is drawn beside the run in view.
        beside: bool,
        read: Result<Box<ReadRun>, String>,
    },
    /// A run that another process works on went on, or ended.
    RunGrew { path: PathBuf, read: Box<ReadRun> },
    /// What the runs are now; shown while the table is open.
    RunsWatched(Vec<RunRow>),
    /// A run's recipe was read, or the sentence says why not.
    RecipeRead(Result<Box<ReadRecipe>, String>),
    /// What a run that is to go on is so far, or the sentence says why it cannot.
    GoingOn(Result<Box<GoingOn>, String>),
    /// Something outside ended; the sentence says how, and its tone whether well.
    Told { message: String, tone: Tone },
}

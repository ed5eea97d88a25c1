//! What an update asks of the world outside the state.

use std::path::PathBuf;

use crate::chart::{Point, What};
use crate::decoding::{Moment, TokenRecord, Tree};
use crate::engine::{Command, CompareRequest, GrowRequest, LookRequest, TrainingCommand};
use crate::handout::{Format, Sheet};
use crate::model::LoadRequest;
use crate::sampling::SamplerSettings;
use crate::training::{History, Recipe};
use crate::tui::state::continuations::GrownTree;
use crate::tui::state::learn::Progress;
use crate::tui::state::session::SessionFile;
use crate::tui::state::train::Start;

/// Something to be done by the loop that called [`crate::tui::update`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send(Command),
    Look(Box<LookRequest>),
    Compare(Box<CompareRequest>),
    /// Grow the tree of what could follow, or none any more.
    Grow(Option<Box<GrowRequest>>),
    /// Look at lanes, each at its place in view: those of Play's engine, or of the engine of this number.
    LookAtLanes(Option<usize>, Vec<LookRequest>),
    /// Start or steer a run of training.
    Train(Box<TrainingCommand>),
    /// List the runs of a directory, to open one or to draw it beside the one in view.
    ListRuns {
        directory: PathBuf,
        beside: bool,
    },
    /// Read what the run is that is to go on, and compare its recipe.
    ReadGoingOn(Box<Start>),
    /// Look at what a run would learn from, and at how long a step of it takes if it is to be measured. Ends the look
    /// before.
    Survey {
        recipe: Box<Recipe>,
        measure: bool,
    },
    /// End the look that goes on, if one does.
    EndSurvey,
    /// Complete the path that was typed as an answer.
    Complete(String),
    /// List the names of a directory's runs.
    ListRunNames(PathBuf),
    /// Find out whether runs can be written to a directory, or where else.
    FindRoom(PathBuf),
    /// Read what a run kept, and follow it while another process works on it.
    ReadRun {
        path: PathBuf,
        beside: bool,
    },
    /// Read the runs of a directory at a glance, again and again.
    WatchRuns(PathBuf),
    /// Read them no longer.
    ForgetRuns,
    /// Read what a run is that is to go on by its own recipe.
    ReadResume(PathBuf),
    /// Read a run's recipe, and find its checkpoint at or before a step, or its best.
    ReadRecipe {
        path: PathBuf,
        step: Option<u64>,
    },
    /// Write the model of a run's best checkpoint to a directory.
    ExportRun {
        run: PathBuf,
        target: PathBuf,
        half: bool,
    },
    DeleteRun(PathBuf),
    /// Raise the engine's flag: what runs ends within one token.
    CancelRun,
    /// Start a second engine, in place of one that is there, and load a model with it.
    LoadSecond(Box<LoadRequest>),
    /// End the second engine.
    UnloadSecond,
    /// As [`Effect::Send`], to the second engine.
    SendSecond(Command),
    /// As [`Effect::Look`], to the second engine.
    LookSecond(Box<LookRequest>),
    /// Start an engine of this number for lanes of another model, in place of one that is there, and load the model.
    LoadLanes(usize, Box<LoadRequest>),
    /// End it.
    UnloadLanes(usize),
    /// As [`Effect::Send`], to the engine of lanes of another model.
    SendLanes(usize, Command),
    /// As [`Effect::Look`], to that.
    LookLane(usize, Box<LookRequest>),
    RestartEngine,
    /// Append a prompt to the history file.
    Remember(String),
    /// Put a text into the clipboard.
    Copy(String),
    /// Take the mouse, or leave it to the terminal.
    TakeMouse(bool),
    /// Write the session; say so if asked.
    WriteSession {
        path: PathBuf,
        session: Box<SessionFile>,
        tell: bool,
    },
    ReadSession(PathBuf),
    /// Give a session that cannot be brought back another name, so that the next one is not written over it.
    SetSessionAside(PathBuf),
    /// List the models at hand, or those in a directory.
    ListModels(Option<PathBuf>),
    /// Remember that a model was loaded.
    RememberModel(String),
    /// Write the tree of what could follow as records.
    WriteTree(PathBuf, Box<GrownTree>),
    /// Draw a chart into a file.
    DrawChart {
        path: PathBuf,
        chart: Box<Chart>,
        /// What made what it shows, if that is known.
        caption: Option<String>,
    },
    /// Read a text that is to be guessed, letter by letter or token by token.
    ReadText {
        path: PathBuf,
        letters: bool,
    },
    /// Write a hand-out to a file.
    WriteHandout(PathBuf, Format, Box<Sheet>),
    /// Draw the screen as it is into an SVG file.
    DrawScreen(PathBuf),
    /// Save the sampler's settings under a name.
    SavePreset(String, Box<SamplerSettings>),
    /// Keep how far lessons were walked.
    KeepProgress(Progress),
    Suspend,
    Redraw,
    Quit,
}

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// Runs, named.
    Run {
        runs: Vec<(String, History)>,
        what: What,
        /// Whether by their logarithm.
        log: bool,
    },
    /// The odds of a token, and the end of the text that it follows.
    NextToken { moment: Moment, after: String },
    /// Quality against diversity of lanes.
    Lanes(Vec<Point>),
    /// What could follow a text, and the end of that text.
    Tree { tree: Tree, after: String },
    /// Surprisal and entropy along a text.
    Text(Vec<TokenRecord>),
}

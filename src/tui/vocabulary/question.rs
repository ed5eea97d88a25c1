//! What can be asked in one line.

use super::knob_rows::KnobRow;
use crate::chart::What;
use crate::decoding::BranchId;

/// Why leaving is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staying {
    /// A text is being generated.
    Run,
    /// A model is being trained.
    Training,
    /// A model is being trained, and so many runs wait for that.
    Queued(usize),
    /// There are texts that are saved nowhere.
    Texts,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Question {
    /// A branch's name; empty takes it away.
    BranchName(BranchId),
    /// The name to save the sampler's settings under.
    PresetName,
    /// The name to save the selected lane's settings under.
    LanePreset,
    /// The model of another lane.
    LaneModel,
    /// The file to write the session to.
    SaveSession,
    /// The session file to read.
    OpenSession,
    /// A knob's value.
    Knob(KnobRow),
    /// What to look for in the next-token table; empty shows all.
    SearchNext,
    /// What to look for in the text.
    SearchText,
    /// A model to load.
    Model,
    /// A model to load beside the present one.
    SecondModel,
    /// The file to draw the next-token odds into.
    ChartNext,
    /// The file to draw surprisal and entropy along the text into.
    ChartText,
    /// The file to draw the tree of what could follow into, or to write it to.
    ChartTree,
    /// The file whose text is to be guessed.
    GuessFile { letters: bool },
    /// The file to write the hand-out into, or a picture of the screen.
    Handout,
    /// The file to draw quality against diversity of the lanes into.
    ChartLanes,
    /// A field of the form of a run, by its place.
    Field(usize),
    /// The learning rate of the run that goes on.
    LearningRate,
    /// Whether a run goes on with another recipe than it had.
    GoOn,
    /// Whether the run is to be given up.
    AbandonRun,
    /// The directory to write the run's best model to.
    Export { half: bool },
    /// Whether the run is to be deleted.
    DeleteRun,
    /// Whether to leave although something goes on, or would be lost.
    Quit(Staying),
    /// The file to draw something of the run in view into.
    ChartRun(What),
}

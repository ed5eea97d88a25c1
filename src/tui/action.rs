//! Everything that can happen to the playground. Keys, the engine, the terminal and tests all speak through this.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::ask::Question;
use super::knob_rows::KnobRow;
use super::picker::Item;
use super::session::SessionFile;
use super::train::runs::{GoingOn, ReadRun};
use crate::engine::{Command, Event, SendError, TrainingNews};
use crate::sampling::SamplerSettings;

/// Something that happened, or that the user asks for.
///
/// The variants with a name in [`super::default_keys`] can be bound to keys; what a movement does depends on the
/// pane in focus.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    // The program.
    /// Leave, after asking where something would be lost.
    Quit,
    /// Leave at once: a signal says so.
    Leave,
    /// Cancel what runs; when nothing does, leave at the second time.
    Interrupt,
    /// Stop the process as a shell's Ctrl-Z does.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Open or close the help page.
    ToggleHelp,
    /// Say what the words and signs of the pane in focus mean.
    Legend,
    /// Close help, dismiss a banner, or leave the editor: whichever comes first.
    Escape,
    /// Switch between the dark and the light theme.
    ToggleTheme,
    /// Start the engine again after it died.
    RestartEngine,
    /// List every action, to be found by typing.
    Palette,
    /// Give the focused pane the whole screen, or take it away again.
    Zoom,
    /// Choose what to copy.
    CopyWhat,
    /// Copy something to the clipboard, through the terminal.
    Copy(Copied),
    /// List the models at hand.
    Models,
    /// List the models in a directory.
    BrowseModels(PathBuf),
    LoadModel(String),
    /// Load a model beside the present one, to read along.
    LoadBeside(String),
    /// Take the model beside away.
    UnloadBeside,
    /// Ask something in one line.
    Ask(Question),
    /// Take the mouse, or leave it to the terminal.
    ToggleMouse,

    // Focus and movement.
    FocusNext,
    FocusPrevious,
    FocusPrompt,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    /// Keep the newest token in view.
    Follow,
    /// Go to the next token that holds what was searched for.
    FindNext,
    /// Colour the text by the next figure.
    CycleMarking,
    /// Let more tokens stand out, or fewer.
    MarkMore,
    MarkFewer,
    /// Show the whole way of one token: logits, stages, final odds, draw.
    Funnel,

    // The run.
    /// Generate from the prompt.
    Run,
    /// One token: starts a paused run if there is none, pauses one that goes on.
    Step,
    /// Pause a run that goes on, resume a paused one.
    TogglePause,
    /// End the run.
    Stop,
    /// The same prompt with the next seed.
    Retry,
    /// Cut the text before the token in view, draw again, and go on.
    Rewind,
    /// Cut the text before the token in view, and wait.
    RewindPaused,
    /// Put the selected row of the next-token table in place of the token in view, and go on.
    Take,
    /// Put the selected row in place of the token in view, and wait.
    TakePaused,
    /// Read the prompt as a text of its own and generate nothing.
    Read,
    NextSample,
    PreviousSample,

    // The branches.
    /// List the branches.
    Branches,
    NameBranch,
    PruneBranch,
    /// Show the selected branch beside the text.
    CompareBranch,

    // The knobs.
    /// Much further left or right.
    BigLeft,
    BigRight,
    /// Switch the selected stage on or off.
    ToggleStage,
    /// Put the selected knob back to the value that does nothing.
    Neutral,
    /// Type the selected knob's value.
    TypeValue,
    /// Set a knob to a value as it is typed.
    SetKnob(KnobRow, String),
    /// Put every knob back to what was configured.
    DefaultKnobs,
    /// Move the selected stage one place earlier or later in the chain.
    StageEarlier,
    StageLater,
    NextPreset,
    PreviousPreset,
    /// The preset at a place in the list.
    Preset(usize),

    /// Something on the Train screen, or the way there.
    Train(TrainAction),

    // The prompt editor.
    /// Type a character.
    Insert(char),
    /// Insert a text, cleaned of control characters but newlines and tabs.
    Paste(String),
    Edit(Edit),

    // From outside.
    Mouse(Mouse),
    /// The terminal has a new size: columns and rows.
    Resize(u16, u16),
    /// The engine said something.
    Engine(Event),
    /// The second engine said something.
    Beside(Event),
    /// A command did not reach the engine.
    Refused {
        command: Box<Command>,
        error: SendError,
    },
    /// The engine could not be started again; the sentence says why.
    RestartFailed(String),
    /// A session file was read, or the sentence says why not.
    SessionRead(Result<Box<SessionFile>, String>),
    /// The session could not be saved; the sentence says why.
    SaveFailed(String),
    /// The trainer said something.
    Training(TrainingNews),
    /// A run could not be started; the sentence says why.
    TrainingRefused(String),
    /// The runs were listed; shown if the list is still open.
    RunsListed(Vec<Item>),
    /// What a run kept was read, or the sentence says why not.
    RunRead {
        path: PathBuf,
        /// Whether it is drawn beside the run in view.
        beside: bool,
        read: Result<Box<ReadRun>, String>,
    },
    /// The names of runs that are taken.
    RunNames(BTreeSet<String>),
    /// What a run that is to go on is so far, or the sentence says why it cannot.
    GoingOn(Result<Box<GoingOn>, String>),
    /// A run that another process works on went on, or ended.
    RunGrew {
        path: PathBuf,
        read: Box<ReadRun>,
    },
    /// The models were listed; shown if the list is still open.
    Listed(Vec<Item>),
    /// A preset was saved under a name.
    PresetSaved(String, Box<SamplerSettings>),
    /// Something outside ended; the sentence says how, and whether well.
    Told {
        message: String,
        error: bool,
    },
    /// The terminal is about to be drawn; the time since the start.
    Frame(Duration),
}

impl Action {
    /// Whether an action concerns the playground as a whole and not what Play shows.
    pub(super) fn concerns_all(&self) -> bool {
        matches!(
            self,
            Self::Quit
                | Self::Interrupt
                | Self::Suspend
                | Self::Redraw
                | Self::ToggleHelp
                | Self::Escape
                | Self::ToggleTheme
                | Self::Palette
                | Self::ToggleMouse
                | Self::RestartEngine
                | Self::Models
                | Self::BrowseModels(_)
                | Self::LoadModel(_)
                | Self::Ask(Question::ChartRun(_))
        )
    }

    /// Whether an action means something on the Train screen.
    pub(super) fn is_for_training(&self) -> bool {
        self.concerns_all()
            || matches!(
                self,
                Self::Train(_)
                    | Self::FocusNext
                    | Self::FocusPrevious
                    | Self::Up
                    | Self::Down
                    | Self::Left
                    | Self::Right
                    | Self::PageUp
                    | Self::PageDown
                    | Self::First
                    | Self::Last
                    | Self::Zoom
            )
    }
}

/// What is done on the Train screen.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainAction {
    /// Go to the Train screen, or back to Play.
    Page,
    /// Edit the row of the form or start the run; on a run, open the checkpoint of the step in view in Play.
    Enter,
    /// Show the form.
    New,
    /// Start the run that demonstrates finetuning, with a model and texts from inside of the program.
    Demo,
    TogglePause,
    /// Write a checkpoint now.
    Checkpoint,
    /// Save and end.
    Stop,
    /// End without saving, after asking.
    Abandon,
    /// Ask for a learning rate.
    LearningRate,
    /// Draw losses by their logarithm, or not.
    Logarithm,
    /// Show the whole run, or what happened lately.
    Window,
    ZoomIn,
    ZoomOut,
    /// Go to the samples before the step in view.
    PreviousSamples,
    NextSamples,
    /// List runs to open.
    Runs,
    OpenRun(PathBuf),
    /// List runs to draw beside this one.
    Overlay,
    DrawBeside(PathBuf),
    /// Draw no other run.
    DrawAlone,
}

/// What can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// The text in view, prompt and all.
    Text,
    /// The next-token table, tab-separated.
    NextTable,
    /// The table of tokens, tab-separated.
    TokenTable,
    /// The record of the token in view, as JSON.
    Record,
}

/// What a hand does with the mouse, at a cell of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

/// As crossterm has it, as far as it means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    Press,
    Drag,
    Release,
    WheelUp,
    WheelDown,
}

/// What the prompt editor can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    Newline,
    DeleteBack,
    DeleteForward,
    DeleteWordBack,
    DeleteWordForward,
    DeleteToLineStart,
    DeleteToLineEnd,
    WordLeft,
    WordRight,
    TextStart,
    TextEnd,
    Undo,
    Redo,
    /// Put back what was deleted last by word or to the line's end.
    Yank,
    HistoryPrevious,
    HistoryNext,
}

impl Edit {
    /// Whether it deletes something beside the cursor.
    pub(super) fn takes_away(self) -> bool {
        matches!(
            self,
            Self::DeleteBack
                | Self::DeleteForward
                | Self::DeleteWordBack
                | Self::DeleteWordForward
                | Self::DeleteToLineStart
                | Self::DeleteToLineEnd
        )
    }
}

//! Everything that a person can ask of the playground, with keys, with the mouse, through the palette. What the outside
//! tells is [`crate::tui::News`].

use std::path::PathBuf;

use super::continuations::TreeAction;
use super::knob_rows::KnobRow;
use super::lanes::LanesAction;
use super::question::Question;

/// Something that a person asks for.
///
/// The variants with a name in [`crate::tui::default_keys`] can be bound to keys; what a movement does depends on the
/// pane in focus.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    // The program.
    /// Leave, after asking where something would be lost.
    Quit,
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
    /// Show one thing at a time in big letters, for a room, or the panes again.
    Present,
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
    LoadSecond(String),
    /// Take the model beside away.
    UnloadSecond,
    /// Show what rose and what fell between the model beside and this one, or the odds of the model beside.
    Change,
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
    /// Something with the tree of what could follow, or the way there.
    Tree(TreeAction),

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
    /// Something with lessons.
    Learn(LearnAction),
    /// Something on the Compare screen, or the way there.
    Lanes(LanesAction),
    /// The game “What comes next?”.
    Game(GameAction),

    // The prompt editor.
    /// Type a character.
    Insert(char),
    /// Insert a text, cleaned of control characters but newlines and tabs.
    Paste(String),
    Edit(Edit),

    Mouse(Mouse),
}

/// What an action is about, and with that where it means something: what lies over the panes and each screen let some
/// through and keep the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The screen and the process as a whole, whatever is shown.
    Whole,
    /// Closing what is open.
    Closing,
    /// A movement in what has the focus.
    Movement,
    /// The playground: models, engine, leaving; what is asked from every screen.
    Playground,
    /// Which pane of a screen has the focus, and how large it is.
    Panes,
    /// The Train screen.
    Train,
    /// The Compare screen.
    Lanes,
    /// What Play shows.
    Play,
}

impl Action {
    /// What it is about. Every action is placed by hand, so that a new one cannot be forgotten.
    pub(in crate::tui) fn concern(&self) -> Concern {
        match self {
            Self::Interrupt | Self::Suspend | Self::Redraw | Self::ToggleTheme => Concern::Whole,
            Self::ToggleHelp | Self::Escape => Concern::Closing,
            Self::Up
            | Self::Down
            | Self::Left
            | Self::Right
            | Self::PageUp
            | Self::PageDown
            | Self::First
            | Self::Last => Concern::Movement,
            Self::Quit
            | Self::Palette
            | Self::ToggleMouse
            | Self::RestartEngine
            | Self::Models
            | Self::BrowseModels(_)
            | Self::LoadModel(_)
            | Self::Learn(_)
            | Self::Ask(Question::ChartRun(_) | Question::Handout) => Concern::Playground,
            Self::FocusNext | Self::FocusPrevious | Self::Zoom => Concern::Panes,
            Self::Train(_) => Concern::Train,
            Self::Lanes(_) => Concern::Lanes,
            Self::Legend
            | Self::Present
            | Self::Game(_)
            | Self::CopyWhat
            | Self::Copy(_)
            | Self::LoadSecond(_)
            | Self::UnloadSecond
            | Self::Change
            | Self::Ask(_)
            | Self::FocusPrompt
            | Self::Follow
            | Self::FindNext
            | Self::CycleMarking
            | Self::MarkMore
            | Self::MarkFewer
            | Self::Funnel
            | Self::Tree(_)
            | Self::Run
            | Self::Step
            | Self::TogglePause
            | Self::Stop
            | Self::Retry
            | Self::Rewind
            | Self::RewindPaused
            | Self::Take
            | Self::TakePaused
            | Self::Read
            | Self::NextSample
            | Self::PreviousSample
            | Self::Branches
            | Self::NameBranch
            | Self::PruneBranch
            | Self::CompareBranch
            | Self::BigLeft
            | Self::BigRight
            | Self::ToggleStage
            | Self::Neutral
            | Self::TypeValue
            | Self::SetKnob(..)
            | Self::DefaultKnobs
            | Self::StageEarlier
            | Self::StageLater
            | Self::NextPreset
            | Self::PreviousPreset
            | Self::Preset(_)
            | Self::Insert(_)
            | Self::Paste(_)
            | Self::Edit(_)
            | Self::Mouse(_) => Concern::Play,
        }
    }

    /// Whether it means something on the Train screen.
    pub(in crate::tui) fn is_for_training(&self) -> bool {
        let to_lanes = *self == Self::Lanes(LanesAction::Page);
        to_lanes || !matches!(self.concern(), Concern::Play | Concern::Lanes)
    }
}

/// What is done with lessons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LearnAction {
    /// List them.
    List,
    /// Begin one, or go on with it, by its place.
    Open(usize),
    /// Go on to the next step, once this one is done.
    On,
    /// Go on although it is not.
    Skip,
    /// Go back a step, and undo what this one set up.
    Back,
    /// Begin the lesson anew.
    Again,
    /// Leave it, and undo what it set up.
    Leave,
}

/// What is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GameAction {
    /// List what can be.
    List,
    /// The text in view, token by token.
    Tokens,
    /// The text in view, letter by letter.
    Letters,
    /// A text from inside of the program, letter by letter.
    Bundled,
}

/// What is done on the Train screen.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainAction {
    /// Go to the Train screen, or back to Play.
    Page,
    /// Edit the row of the form or start the run; on a run, open the checkpoint of the step in view in Play.
    Enter,
    /// Open the best checkpoint of the run in Play.
    OpenBest,
    /// Start the run that the form describes, whatever row is selected.
    Start,
    /// Show the form.
    New,
    /// Offer the demonstrations.
    Demos,
    /// Start the run that demonstrates finetuning, with a model and texts from inside of the program.
    Demo,
    /// Start the one that learns language from nothing.
    DemoNothing,
    TogglePause,
    /// Go on to the end of the epoch, and pause there.
    ToEpochEnd,
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
    /// Draw the next curve in its place, or the one before.
    Curve,
    CurveBefore,
    /// Draw it over the next of steps, tokens, epochs and time.
    Across,
    /// Smooth more or less.
    Smoothing,
    /// Show the sample and the curve in big letters, or no longer.
    Project,
    /// Show the whole run, or what happened lately.
    Window,
    ZoomIn,
    ZoomOut,
    /// Go to the samples before the step in view.
    PreviousSamples,
    NextSamples,
    /// Show the table of runs, or take it away.
    Runs,
    /// Draw the selected run in the chart, or take it out.
    Show,
    /// Sort the table by the next column.
    Sort,
    SortBackwards,
    /// Go on with the run, by its own recipe.
    Resume,
    /// Fill the form from the run, to begin another one at its checkpoint.
    Fill,
    /// Write the run's best model to a directory.
    Export,
    /// The same with weights of half the size.
    ExportHalf,
    /// Delete the run, after asking.
    Delete,
    OpenRun(PathBuf),
    /// List runs to draw beside this one.
    ListBeside,
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
    /// What the tokens up to the selected one of the tree of what could follow say.
    Path,
    /// That tree, tab-separated.
    TreeTable,
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
    pub(in crate::tui) fn takes_away(self) -> bool {
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

//! The actions that keys can be bound to: names, default keys, and what the help page says.

use super::action::{Action, Edit, TrainAction};
use super::focus::Focus;
use super::question::Question;
use crate::chart::What;

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere, unless the focused pane uses the key itself.
    Global,
    Prompt,
    Next,
    Knobs,
    /// The list of branches.
    Branches,
    /// The Train screen.
    Train,
}

impl Scope {
    /// All, in the order of the help page.
    pub const ALL: [Self; 6] = [
        Self::Global,
        Self::Prompt,
        Self::Next,
        Self::Knobs,
        Self::Branches,
        Self::Train,
    ];

    /// The scope of a pane that has keys of its own.
    pub fn of(focus: Focus) -> Option<Self> {
        match focus {
            Focus::Prompt => Some(Self::Prompt),
            Focus::Next => Some(Self::Next),
            Focus::Knobs => Some(Self::Knobs),
            Focus::Text | Focus::Tokens | Focus::Why => None,
        }
    }

    /// Its heading on the help page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere (letters in a pane that was entered)",
            Self::Prompt => "Prompt editor",
            Self::Next => "Next token",
            Self::Knobs => "Sampler",
            Self::Branches => "List of branches",
            Self::Train => "Train",
        }
    }
}

/// An action that can be bound.
#[derive(Debug)]
pub struct Binding {
    /// Its name in `[keys]`.
    pub name: &'static str,
    pub action: Action,
    pub keys: &'static [&'static str],
    pub scope: Scope,
    pub help: &'static str,
}

/// One line a binding: its name, what it does, its default keys, what help says of it.
macro_rules! bindings {
    ($($scope:ident { $($name:literal $action:expr, [$($key:literal)*] $help:literal;)* })*) => {
        /// Every action that can be bound, in the order of the help page.
        pub static BINDINGS: &[Binding] = &[$($(Binding {
            name: $name,
            action: $action,
            keys: &[$($key),*],
            scope: Scope::$scope,
            help: $help,
        },)*)*];
    };
}

bindings! {
    Global {
        "run" Action::Run, ["enter" "r"] "run the prompt";
        "step" Action::Step, ["space"] "generate one token and pause";
        "pause" Action::TogglePause, ["p" "ctrl-g"] "pause the run, or resume it";
        "stop" Action::Stop, ["s" "ctrl-s"] "end the run";
        "retry" Action::Retry, ["n" "ctrl-n"] "run again with the next seed";
        "rewind" Action::Rewind, ["b"] "draw the token in view anew and go on";
        "rewind-paused" Action::RewindPaused, ["B"] "cut before the token in view and wait";
        "follow" Action::Follow, ["f"] "keep the newest token in view";
        "read" Action::Read, ["e"] "examine the prompt as a text, generating nothing";
        "sample-next" Action::NextSample, ["}"] "the next of several samples";
        "sample-previous" Action::PreviousSample, ["{"] "the sample before";
        "branches" Action::Branches, ["v"] "list the branches: texts that were left";
        "funnel" Action::Funnel, ["w"] "the whole way of the token in view, from logits to draw";
        "marking" Action::CycleMarking, ["c"] "colour the text by the next figure";
        "mark-more" Action::MarkMore, [">"] "let more tokens stand out";
        "mark-fewer" Action::MarkFewer, ["<"] "let fewer tokens stand out";
        "search-text" Action::Ask(Question::SearchText), ["/"] "go to a token that contains something";
        "find-next" Action::FindNext, ["*"] "go to the next such token";
        "copy" Action::CopyWhat, ["y"] "copy the text, a table or a record";
        "zoom" Action::Zoom, ["z"] "give the pane the whole screen, or take it away";
        "palette" Action::Palette, ["ctrl-p" ":"] "find any command by typing";
        "models" Action::Models, ["m"] "load another model, in place or beside: embedded, cached, recent, of a run, a directory";
        "unload-beside" Action::UnloadBeside, ["M"] "unload the model beside";
        "train" Action::Train(TrainAction::Page), ["f2" "T"] "train or finetune a model; back to Play";
        "mouse" Action::ToggleMouse, ["ctrl-o"] "take the mouse, or leave it to the terminal";
        "focus-next" Action::FocusNext, ["tab"] "go to the next pane";
        "focus-previous" Action::FocusPrevious, ["shift-tab"] "go to the pane before";
        "focus-prompt" Action::FocusPrompt, ["i"] "edit the prompt";
        "up" Action::Up, ["up" "k"] "move up: a line, a row, a knob";
        "down" Action::Down, ["down" "j"] "move down";
        "left" Action::Left, ["left" "h"] "the token before; turn the knob down";
        "right" Action::Right, ["right" "l"] "the token after; turn the knob up";
        "page-up" Action::PageUp, ["pageup"] "move up by a page";
        "page-down" Action::PageDown, ["pagedown"] "move down by a page";
        "first" Action::First, ["home" "g"] "go to the start";
        "last" Action::Last, ["end" "G"] "go to the end";
        "preset-next" Action::NextPreset, ["]"] "the next sampler preset";
        "preset-previous" Action::PreviousPreset, ["["] "the sampler preset before";
        "legend" Action::Legend, ["a" "f3"] "what the words and signs of this pane mean";
        "theme" Action::ToggleTheme, ["ctrl-t"] "switch between dark and light";
        "help" Action::ToggleHelp, ["?" "f1"] "this page";
        "escape" Action::Escape, ["esc"] "close, dismiss, or leave the editor for the text";
        "restart-engine" Action::RestartEngine, ["ctrl-r"] "restart a dead engine, or load again";
        "redraw" Action::Redraw, ["ctrl-l"] "draw the screen anew";
        "suspend" Action::Suspend, ["ctrl-z"] "suspend to the shell";
        "interrupt" Action::Interrupt, ["ctrl-c"] "cancel what runs; else, twice, quit";
        "quit" Action::Quit, ["q"] "quit";
    }
    Prompt {
        "newline" Action::Edit(Edit::Newline), ["alt-enter" "shift-enter" "ctrl-enter" "ctrl-j"] "a new line";
        "history-previous" Action::Edit(Edit::HistoryPrevious), ["alt-p"] "the prompt before; also up at the top";
        "history-next" Action::Edit(Edit::HistoryNext), ["alt-n"] "the prompt after; also down at the end";
        "undo" Action::Edit(Edit::Undo), ["ctrl-/" "alt-u"] "undo";
        "redo" Action::Edit(Edit::Redo), ["alt-/" "alt-r"] "redo";
        "word-left" Action::Edit(Edit::WordLeft), ["ctrl-left" "alt-b"] "a word to the left";
        "word-right" Action::Edit(Edit::WordRight), ["ctrl-right" "alt-f"] "a word to the right";
        "line-start" Action::First, ["ctrl-a"] "the start of the line";
        "line-end" Action::Last, ["ctrl-e"] "the end of the line";
        "text-start" Action::Edit(Edit::TextStart), ["ctrl-home"] "the start of the prompt";
        "text-end" Action::Edit(Edit::TextEnd), ["ctrl-end"] "the end of the prompt";
        "delete-back" Action::Edit(Edit::DeleteBack), ["backspace" "shift-backspace" "ctrl-h"] "delete to the left";
        "delete-forward" Action::Edit(Edit::DeleteForward), ["delete" "ctrl-d"] "delete to the right";
        "delete-word-back" Action::Edit(Edit::DeleteWordBack), ["ctrl-w" "alt-backspace"] "delete the word to the left";
        "delete-word-forward" Action::Edit(Edit::DeleteWordForward), ["alt-d"] "delete the word to the right";
        "delete-to-line-start" Action::Edit(Edit::DeleteToLineStart), ["ctrl-u"] "delete to the start of the line";
        "delete-to-line-end" Action::Edit(Edit::DeleteToLineEnd), ["ctrl-k"] "delete to the end of the line";
        "yank" Action::Edit(Edit::Yank), ["ctrl-y"] "put back what was deleted";
    }
    Next {
        "take" Action::Take, ["enter"] "put the selected token there and go on";
        "search-next" Action::Ask(Question::SearchNext), ["/"] "show only tokens that contain something";
        "take-paused" Action::TakePaused, ["t"] "put the selected token there and wait";
    }
    Knobs {
        "big-left" Action::BigLeft, ["shift-left" "H"] "turn the knob far down";
        "big-right" Action::BigRight, ["shift-right" "L"] "turn the knob far up";
        "stage-toggle" Action::ToggleStage, ["space"] "switch the stage on or off";
        "type-value" Action::TypeValue, ["="] "type the knob's value";
        "neutral" Action::Neutral, ["0" "backspace"] "set the knob to do nothing";
        "stage-earlier" Action::StageEarlier, ["K" "shift-up"] "move the stage up the chain";
        "stage-later" Action::StageLater, ["J" "shift-down"] "move the stage down the chain";
    }
    Branches {
        "branch-name" Action::NameBranch, ["n"] "name the branch";
        "branch-prune" Action::PruneBranch, ["x"] "remove the branch";
        "branch-compare" Action::CompareBranch, ["c"] "show the branch beside the text";
    }
    Train {
        "train-enter" Action::Train(TrainAction::Enter), ["enter"] "edit the row, start the run; open the checkpoint in Play";
        "train-new" Action::Train(TrainAction::New), ["n"] "the form of a new run";
        "train-demo" Action::Train(TrainAction::Demo), ["f5"] "start the demonstration: finetune the embedded model on weather reports";
        "train-pause" Action::Train(TrainAction::TogglePause), ["p"] "pause training, or resume it";
        "train-save" Action::Train(TrainAction::Checkpoint), ["s"] "write a checkpoint now";
        "train-stop" Action::Train(TrainAction::Stop), ["S"] "save and stop training";
        "train-abandon" Action::Train(TrainAction::Abandon), ["A"] "end training without saving";
        "train-rate" Action::Train(TrainAction::LearningRate), ["r"] "change the learning rate";
        "train-runs" Action::Train(TrainAction::Runs), ["o"] "open another run";
        "train-beside" Action::Train(TrainAction::Overlay), ["b"] "draw another run beside this one";
        "train-alone" Action::Train(TrainAction::DrawAlone), ["B"] "draw no other run";
        "train-log" Action::Train(TrainAction::Logarithm), ["y"] "draw losses by their logarithm, or not";
        "train-window" Action::Train(TrainAction::Window), ["w"] "the whole run, or the newest steps";
        "train-zoom-in" Action::Train(TrainAction::ZoomIn), ["+" "="] "half as many steps";
        "train-zoom-out" Action::Train(TrainAction::ZoomOut), ["-"] "twice as many steps";
        "train-samples-previous" Action::Train(TrainAction::PreviousSamples), ["[" ","] "the samples before";
        "train-samples-next" Action::Train(TrainAction::NextSamples), ["]" "."] "the samples after";
        "train-chart" Action::Ask(Question::ChartRun(What::Loss)), ["x"] "draw the losses into a file";
    }
}

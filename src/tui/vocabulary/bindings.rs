//! The one table of what can be asked by a key or by name: names, actions, default keys, where they hold, and what the
//! help page, the palette and the footer say of each.

use super::action::{Action, Edit, GameAction, LearnAction, TrainAction};
use super::continuations::TreeAction;
use super::focus::Focus;
use super::lanes::LanesAction;
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
    /// The tree of what could follow.
    Tree,
    /// The Train screen.
    Train,
    /// A lesson, on every screen.
    Lesson,
    /// The Compare screen.
    Compare,
}

impl Scope {
    /// All, in the order of the help page.
    pub const ALL: [Self; 9] = [
        Self::Global,
        Self::Prompt,
        Self::Next,
        Self::Knobs,
        Self::Branches,
        Self::Tree,
        Self::Train,
        Self::Lesson,
        Self::Compare,
    ];

    /// The scope of a pane that has keys of its own.
    pub fn of(focus: Focus) -> Option<Self> {
        match focus {
            Focus::Prompt => Some(Self::Prompt),
            Focus::Next => Some(Self::Next),
            Focus::Knobs => Some(Self::Knobs),
            _ => None,
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
            Self::Tree => "Tree of what could follow",
            Self::Train => "Train",
            Self::Lesson => "In a lesson",
            Self::Compare => "Compare",
        }
    }
}

/// An action that can be bound.
#[derive(Debug)]
pub struct Binding {
    pub bound: Bound,
    /// Its name in `[keys]`.
    pub name: &'static str,
    pub action: Action,
    pub keys: &'static [&'static str],
    pub scope: Scope,
    /// What the help page and the palette say of it.
    pub help: &'static str,
    /// What the footer says of it, where its place does not ask for another word.
    pub hint: &'static str,
}

/// One line a binding: its id, its name, what it does, its default keys, what help says of it, and what the footer says
/// where that is not the name.
macro_rules! bindings {
    ($($scope:ident {
        $($bound:ident $name:literal $action:expr, [$($key:literal)*] $help:literal $(, $hint:literal)?;)*
    })*) => {
        /// The actions that can be bound, by which the footer and sentences name them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Bound {
            $($($bound,)*)*
        }

        /// Every action that can be bound, in the order of the help page and of [`Bound`].
        pub static BINDINGS: &[Binding] = &[$($(Binding {
            bound: Bound::$bound,
            name: $name,
            action: $action,
            keys: &[$($key),*],
            scope: Scope::$scope,
            help: $help,
            hint: bindings!(@hint $name $($hint)?),
        },)*)*];
    };
    (@hint $name:literal) => { $name };
    (@hint $name:literal $hint:literal) => { $hint };
}

impl Bound {
    /// All that is said of it.
    pub fn binding(self) -> &'static Binding {
        &BINDINGS[self as usize]
    }
}

bindings! {
    Global {
        Run "run" Action::Run, ["enter" "r"] "run the prompt";
        Step "step" Action::Step, ["space"] "generate one token and pause";
        Pause "pause" Action::TogglePause, ["p" "ctrl-g"] "pause the run, or resume it";
        Stop "stop" Action::Stop, ["s" "ctrl-s"] "end the run";
        Retry "retry" Action::Retry, ["n" "ctrl-n"] "run again with the next seed", "next seed";
        Rewind "rewind" Action::Rewind, ["b"] "draw the token in view anew and go on", "redraw from here";
        RewindPaused "rewind-paused" Action::RewindPaused, ["B"] "cut before the token in view and wait";
        Follow "follow" Action::Follow, ["f"] "keep the newest token in view";
        Read "read" Action::Read, ["e"] "examine the prompt as a text, generating nothing";
        SampleNext "sample-next" Action::NextSample, ["}"] "the next of several samples";
        SamplePrevious "sample-previous" Action::PreviousSample, ["{"] "the sample before";
        Branches "branches" Action::Branches, ["v"] "list the branches: texts that were left";
        Funnel "funnel" Action::Funnel, ["w"] "the whole way of the token in view, from logits to draw";
        Tree "tree" Action::Tree(TreeAction::Page), ["V"] "the tree of what could follow, from the token in view on";
        Game "what-next" Action::Game(GameAction::List), ["W"] "the game: guess what comes next, then see the odds", "guess";
        Marking "marking" Action::CycleMarking, ["c"] "colour the text by the next figure", "colour";
        MarkMore "mark-more" Action::MarkMore, [">"] "let more tokens stand out";
        MarkFewer "mark-fewer" Action::MarkFewer, ["<"] "let fewer tokens stand out";
        SearchText "search-text" Action::Ask(Question::SearchText), ["/"] "go to a token that contains something";
        FindNext "find-next" Action::FindNext, ["*"] "go to the next such token";
        Copy "copy" Action::CopyWhat, ["y"] "copy the text, a table or a record";
        Handout "hand-out" Action::Ask(Question::Handout), ["E" "ctrl-x"] "write the text with its odds as a page or Markdown, or this screen as a picture", "hand out";
        Zoom "zoom" Action::Zoom, ["z"] "give the pane the whole screen, or take it away";
        Present "present" Action::Present, ["P" "f11"] "for a room: one thing at a time in big letters; Page Down and Page Up step";
        Palette "palette" Action::Palette, ["ctrl-p" ":"] "find any command by typing", "commands";
        Models "models" Action::Models, ["m"] "load another model, in place or beside: embedded, cached, recent, of a run, a directory";
        UnloadSecond "unload-beside" Action::UnloadSecond, ["M"] "unload the model beside";
        Change "rose-and-fell" Action::Change, ["d"] "with a model beside: what rises and falls from it to this one, or its odds", "rise/fall";
        Train "train" Action::Train(TrainAction::Page), ["f2" "T"] "train or finetune a model; back to Play", "Play";
        Learn "learn" Action::Learn(LearnAction::List), ["f7"] "lessons: begin one, go on with it, leave it", "lessons";
        Lanes "compare" Action::Lanes(LanesAction::Page), ["f8" "X"] "settings side by side, with the same draws; back to Play", "compare";
        Mouse "mouse" Action::ToggleMouse, ["ctrl-o"] "take the mouse, or leave it to the terminal";
        FocusNext "focus-next" Action::FocusNext, ["tab"] "go to the next pane", "pane";
        FocusPrevious "focus-previous" Action::FocusPrevious, ["shift-tab"] "go to the pane before";
        FocusPrompt "focus-prompt" Action::FocusPrompt, ["i"] "edit the prompt", "prompt";
        Up "up" Action::Up, ["up" "k"] "move up: a line, a row, a knob";
        Down "down" Action::Down, ["down" "j"] "move down";
        Left "left" Action::Left, ["left" "h"] "the token before; turn the knob down";
        Right "right" Action::Right, ["right" "l"] "the token after; turn the knob up";
        PageUp "page-up" Action::PageUp, ["pageup"] "move up by a page";
        PageDown "page-down" Action::PageDown, ["pagedown"] "move down by a page";
        First "first" Action::First, ["home" "g"] "go to the start";
        Last "last" Action::Last, ["end" "G"] "go to the end";
        PresetNext "preset-next" Action::NextPreset, ["]"] "the next sampler preset";
        PresetPrevious "preset-previous" Action::PreviousPreset, ["["] "the sampler preset before";
        Legend "legend" Action::Legend, ["a" "f3"] "what the words and signs of this pane mean", "explain";
        Theme "theme" Action::ToggleTheme, ["ctrl-t"] "switch between dark and light";
        Help "help" Action::ToggleHelp, ["?" "f1"] "this page";
        Escape "escape" Action::Escape, ["esc"] "close, dismiss, or leave the editor for the text";
        RestartEngine "restart-engine" Action::RestartEngine, ["ctrl-r"] "restart a dead engine, or load again", "load";
        Redraw "redraw" Action::Redraw, ["ctrl-l"] "draw the screen anew";
        Suspend "suspend" Action::Suspend, ["ctrl-z"] "suspend to the shell";
        Interrupt "interrupt" Action::Interrupt, ["ctrl-c"] "cancel what runs; else, twice, quit";
        Quit "quit" Action::Quit, ["q"] "quit";
    }
    Prompt {
        Newline "newline" Action::Edit(Edit::Newline), ["alt-enter" "shift-enter" "ctrl-enter" "ctrl-j"] "a new line", "new line";
        HistoryPrevious "history-previous" Action::Edit(Edit::HistoryPrevious), ["alt-p"] "the prompt before; also up at the top";
        HistoryNext "history-next" Action::Edit(Edit::HistoryNext), ["alt-n"] "the prompt after; also down at the end";
        Undo "undo" Action::Edit(Edit::Undo), ["ctrl-/" "alt-u"] "undo";
        Redo "redo" Action::Edit(Edit::Redo), ["alt-/" "alt-r"] "redo";
        WordLeft "word-left" Action::Edit(Edit::WordLeft), ["ctrl-left" "alt-b"] "a word to the left";
        WordRight "word-right" Action::Edit(Edit::WordRight), ["ctrl-right" "alt-f"] "a word to the right";
        LineStart "line-start" Action::First, ["ctrl-a"] "the start of the line";
        LineEnd "line-end" Action::Last, ["ctrl-e"] "the end of the line";
        TextStart "text-start" Action::Edit(Edit::TextStart), ["ctrl-home"] "the start of the prompt";
        TextEnd "text-end" Action::Edit(Edit::TextEnd), ["ctrl-end"] "the end of the prompt";
        DeleteBack "delete-back" Action::Edit(Edit::DeleteBack), ["backspace" "shift-backspace" "ctrl-h"] "delete to the left";
        DeleteForward "delete-forward" Action::Edit(Edit::DeleteForward), ["delete" "ctrl-d"] "delete to the right";
        DeleteWordBack "delete-word-back" Action::Edit(Edit::DeleteWordBack), ["ctrl-w" "alt-backspace"] "delete the word to the left";
        DeleteWordForward "delete-word-forward" Action::Edit(Edit::DeleteWordForward), ["alt-d"] "delete the word to the right";
        DeleteToLineStart "delete-to-line-start" Action::Edit(Edit::DeleteToLineStart), ["ctrl-u"] "delete to the start of the line";
        DeleteToLineEnd "delete-to-line-end" Action::Edit(Edit::DeleteToLineEnd), ["ctrl-k"] "delete to the end of the line";
        Yank "yank" Action::Edit(Edit::Yank), ["ctrl-y"] "put back what was deleted";
    }
    Next {
        Take "take" Action::Take, ["enter"] "put the selected token there and go on", "take it";
        SearchNext "search-next" Action::Ask(Question::SearchNext), ["/"] "show only tokens that contain something", "search";
        TakePaused "take-paused" Action::TakePaused, ["t"] "put the selected token there and wait";
    }
    Knobs {
        BigLeft "big-left" Action::BigLeft, ["shift-left" "H"] "turn the knob far down";
        BigRight "big-right" Action::BigRight, ["shift-right" "L"] "turn the knob far up";
        StageToggle "stage-toggle" Action::ToggleStage, ["space"] "switch the stage on or off", "on/off";
        TypeValue "type-value" Action::TypeValue, ["="] "type the knob's value", "type";
        Neutral "neutral" Action::Neutral, ["0" "backspace"] "set the knob to do nothing";
        StageEarlier "stage-earlier" Action::StageEarlier, ["K" "shift-up"] "move the stage up the chain";
        StageLater "stage-later" Action::StageLater, ["J" "shift-down"] "move the stage down the chain";
    }
    Branches {
        BranchName "branch-name" Action::NameBranch, ["n"] "name the branch", "name";
        BranchPrune "branch-prune" Action::PruneBranch, ["x"] "remove the branch", "remove";
        BranchCompare "branch-compare" Action::CompareBranch, ["c"] "show the branch beside the text", "compare";
    }
    Tree {
        TreeTake "tree-take" Action::Tree(TreeAction::Take), ["enter"] "put the path to the selected token into the text and go on", "take it";
        TreeTakePaused "tree-take-paused" Action::Tree(TreeAction::TakePaused), ["t"] "put the path there and wait";
        TreePrune "tree-prune" Action::Tree(TreeAction::Prune), ["x" "delete"] "take the selected token away with what follows, or bring it back", "prune";
        TreeFold "tree-fold" Action::Tree(TreeAction::Fold), ["space"] "fold what follows the selected token, or open it", "fold";
        TreeDeeper "tree-deeper" Action::Tree(TreeAction::Deeper), ["+" "="] "a level more";
        TreeShallower "tree-shallower" Action::Tree(TreeAction::Shallower), ["-"] "a level less";
        TreeWider "tree-wider" Action::Tree(TreeAction::Wider), [">"] "more tokens at each place";
        TreeNarrower "tree-narrower" Action::Tree(TreeAction::Narrower), ["<"] "fewer tokens at each place";
        TreeSpread "tree-spread" Action::Tree(TreeAction::Spread), ["m"] "so many tokens at each place (top), or those that together have a probability (top-p)", "top or top-p";
        TreeBefore "tree-before" Action::Tree(TreeAction::Before), [","] "grow it a token earlier in the text";
        TreeAfter "tree-after" Action::Tree(TreeAction::After), ["."] "grow it a token later";
        TreeDraw "tree-draw" Action::Ask(Question::ChartTree), ["D"] "draw the tree into a file (SVG, PNG), or write it (JSON)", "to a file";
    }
    Train {
        TrainEnter "train-enter" Action::Train(TrainAction::Enter), ["enter"] "edit the row, start the run; open the checkpoint in Play";
        TrainStart "train-start" Action::Train(TrainAction::Start), ["f6"] "start the run that the form describes, from any row", "start";
        TrainNew "train-new" Action::Train(TrainAction::New), ["n"] "the form of a new run", "new run";
        TrainDemos "train-demos" Action::Train(TrainAction::Demos), ["f5"] "choose a demonstration: it needs no files and no network", "demo";
        TrainPause "train-pause" Action::Train(TrainAction::TogglePause), ["p"] "pause training, or resume it", "pause";
        TrainToEpochEnd "train-to-epoch-end" Action::Train(TrainAction::ToEpochEnd), ["."] "go on to the end of the epoch and pause there", "an epoch";
        TrainSave "train-save" Action::Train(TrainAction::Checkpoint), ["s"] "write a checkpoint now", "save";
        TrainStop "train-stop" Action::Train(TrainAction::Stop), ["S"] "save and stop training", "stop";
        TrainAbandon "train-abandon" Action::Train(TrainAction::Abandon), ["A"] "end training without saving";
        TrainRate "train-rate" Action::Train(TrainAction::LearningRate), ["r"] "change the learning rate", "rate";
        TrainRuns "train-runs" Action::Train(TrainAction::Runs), ["o" "f4"] "the table of runs: compare, open, resume, export, delete", "runs";
        TrainShow "train-show" Action::Train(TrainAction::Show), ["space"] "in the table: compare the run in the chart, or no longer", "compare";
        TrainSort "train-sort" Action::Train(TrainAction::Sort), [">"] "in the table: sort by the next column", "sort";
        TrainSortBackwards "train-sort-backwards" Action::Train(TrainAction::SortBackwards), ["<"] "in the table: sort the other way round";
        TrainResume "train-resume" Action::Train(TrainAction::Resume), ["R"] "resume the run, by its own recipe", "resume";
        TrainFill "train-fill" Action::Train(TrainAction::Fill), ["f"] "fill the form from the run: branch off at its checkpoint", "branch off";
        TrainExport "train-export" Action::Train(TrainAction::Export), ["E"] "export the run's best model to a directory", "export";
        TrainDelete "train-delete" Action::Train(TrainAction::Delete), ["D"] "delete the run, after asking", "delete";
        TrainBeside "train-beside" Action::Train(TrainAction::ListBeside), ["b"] "draw another run beside this one", "beside";
        TrainAlone "train-alone" Action::Train(TrainAction::DrawAlone), ["B"] "draw no other run";
        TrainLog "train-log" Action::Train(TrainAction::Logarithm), ["y"] "draw losses by their logarithm, or not", "log";
        TrainCurve "train-curve" Action::Train(TrainAction::Curve), ["c"] "the next curve: validation, rate, gradient norm, accuracy, speed, memory", "curve";
        TrainCurveBefore "train-curve-before" Action::Train(TrainAction::CurveBefore), ["C"] "the curve before";
        TrainAcross "train-across" Action::Train(TrainAction::Across), ["t"] "draw over steps, tokens, epochs or time", "over";
        TrainSmoothing "train-smoothing" Action::Train(TrainAction::Smoothing), ["e"] "smooth the curve more, not at all, or as the run's length asks", "even out";
        TrainProject "train-project" Action::Train(TrainAction::Project), ["P"] "on a projector: the sample and the curve in big letters, or no longer", "big";
        TrainWindow "train-window" Action::Train(TrainAction::Window), ["w"] "the whole run, or the newest steps", "window";
        TrainZoomIn "train-zoom-in" Action::Train(TrainAction::ZoomIn), ["+" "="] "half as many steps";
        TrainZoomOut "train-zoom-out" Action::Train(TrainAction::ZoomOut), ["-"] "twice as many steps";
        TrainSamplesPrevious "train-samples-previous" Action::Train(TrainAction::PreviousSamples), ["["] "the samples before";
        TrainSamplesNext "train-samples-next" Action::Train(TrainAction::NextSamples), ["]"] "the samples after";
        TrainChart "train-chart" Action::Ask(Question::ChartRun(What::Loss)), ["x"] "draw the losses into a file";
    }
    Lesson {
        LessonOn "lesson-on" Action::Learn(LearnAction::On), ["enter"] "go on, once the step is done", "on";
        LessonBack "lesson-back" Action::Learn(LearnAction::Back), ["f8"] "go back a step, and undo what this one set up", "back";
        LessonSkip "lesson-skip" Action::Learn(LearnAction::Skip), ["f9"] "go on although the step is not done", "skip";
    }
    Compare {
        LanesRun "compare-run" Action::Lanes(LanesAction::Run), ["enter"] "draw all lanes from the prompt", "draw";
        LanesTurnUp "compare-turn-up" Action::Lanes(LanesAction::TurnUp), ["+" "="] "turn the knob in hand up, in the selected lane", "turn";
        LanesTurnDown "compare-turn-down" Action::Lanes(LanesAction::TurnDown), ["-"] "turn it down";
        LanesAdd "compare-add" Action::Lanes(LanesAction::Add), ["a"] "add a lane of the sampler's settings as they stand on Play", "add";
        LanesCopy "compare-copy" Action::Lanes(LanesAction::Copy), ["d"] "add a lane like the selected one", "double";
        LanesPreset "compare-preset" Action::Lanes(LanesAction::ListPresets), ["A"] "add a lane of a preset", "preset";
        LanesModel "compare-model" Action::Ask(Question::LaneModel), ["m"] "add a lane of another model, with the selected one's settings", "model";
        LanesSweep "compare-sweep" Action::Lanes(LanesAction::Sweep), ["w"] "sweep the knob in hand over its range, in place of all lanes", "sweep";
        LanesMore "compare-more" Action::Lanes(LanesAction::More), ["n"] "draw all lanes with 4 more seeds: means with 95 % intervals", "more seeds";
        LanesPlane "compare-plane" Action::Lanes(LanesAction::Plane), ["P"] "quality against diversity of all lanes, or the lanes again", "chart";
        LanesDraw "compare-draw" Action::Ask(Question::ChartLanes), ["D"] "draw quality against diversity into a file (SVG, PNG)";
        LanesRemove "compare-remove" Action::Lanes(LanesAction::Remove), ["x" "delete"] "take the selected lane away", "remove";
        LanesOpen "compare-open" Action::Lanes(LanesAction::Open), ["o"] "look at the token in view in Play's panes", "open";
        LanesKeep "compare-keep" Action::Lanes(LanesAction::Keep), ["K"] "make the lane Play's text; the others stay as branches", "keep";
        LanesSave "compare-save" Action::Ask(Question::LanePreset), ["S"] "save the lane's settings as a preset", "save";
    }
}

/// A command without a key, which the palette offers.
#[derive(Debug)]
pub struct Command {
    pub name: &'static str,
    pub action: Action,
    pub help: &'static str,
}

/// One line a command: its name, what it does, what the palette says of it.
macro_rules! commands {
    ($list:ident: $about:literal; $($name:literal $action:expr, $help:literal;)*) => {
        #[doc = $about]
        pub static $list: &[Command] = &[$(Command {
            name: $name,
            action: $action,
            help: $help,
        },)*];
    };
}

commands! {
    TRAIN_COMMANDS: "Every command without a key on the Train screen, in the order of the palette.";
    "best" Action::Train(TrainAction::OpenBest), "open the run's best checkpoint in Play";
    "demo-style" Action::Train(TrainAction::Demo), "style in seconds: the embedded model learns to write weather reports";
    "demo-nothing" Action::Train(TrainAction::DemoNothing), "language from nothing in seconds: from noise to sentences";
    "export-half" Action::Train(TrainAction::ExportHalf), "export the run's best model with weights of half the size";
}

commands! {
    COMMANDS: "Every command without a key on the Play screen, in the order of the palette.";
    "beside" Action::Ask(Question::SecondModel), "load a model beside this one, by name or path";
    "load" Action::Ask(Question::Model), "another model, by name or path";
    "default" Action::DefaultKnobs, "every knob as it was configured";
    "save-preset" Action::Ask(Question::PresetName), "the sampler's settings, under a name";
    "save-session" Action::Ask(Question::SaveSession), "prompt, texts and knobs, to a file";
    "open-session" Action::Ask(Question::OpenSession), "from a file";
    "draw-odds" Action::Ask(Question::ChartNext), "the next-token odds, into a file (SVG, PNG)";
    "draw-text" Action::Ask(Question::ChartText), "surprisal and entropy of the text, into a file (SVG, PNG)";
    "search-next" Action::Ask(Question::SearchNext), "show only next tokens that contain something";
}

//! The lesson that goes on: its step, and how far that is.

use std::collections::HashMap;
use std::time::Duration;

use super::Before;
use super::figures::Shown;
use crate::handout::{Paragraphs, StepDone};
use crate::lessons::Blank;

/// How long until the hint is said, where the step does not say otherwise.
pub const HINT_AFTER: Duration = Duration::from_secs(30);

/// How long nothing is typed before what was typed counts.
pub const TYPING: Duration = Duration::from_millis(800);

/// What figures were when a step began.
pub type Start = HashMap<Blank, Shown>;

/// A training that a step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUpTraining {
    None,
    /// It is about to begin.
    Begins,
    /// It goes on to the end of the first epoch.
    GoesOn,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// For the model.
    Waiting,
    /// What it sets up is on its way.
    SettingUp {
        /// The edition of the text before a run was started; it is another one once the run is there.
        text: Option<u64>,
        /// The token to look at, once it is there.
        look: Option<usize>,
        training: SetUpTraining,
    },
    /// It waits for what it asks.
    Asked,
    /// That was done.
    Done,
}

/// How far a step was when it was left, and what its figures were when it began and when it was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    pub stage: Stage,
    pub start: Start,
    pub end: Option<Start>,
}

impl Default for Reached {
    /// Of none.
    fn default() -> Self {
        Self {
            stage: Stage::Waiting,
            start: Start::new(),
            end: None,
        }
    }
}

/// The lesson that goes on.
#[derive(Debug)]
pub struct Going {
    /// Its place in the course.
    pub lesson: usize,
    /// The step, from 0; the number of steps where it is over.
    pub step: usize,
    pub stage: Stage,
    /// When the step was set up, on the clock of the frames.
    pub since: Duration,
    /// Whether the hint was said.
    pub hinted: bool,
    /// When something was typed last, on the clock of the frames: a word that is being typed is none yet.
    pub typed: Option<Duration>,
    /// Pages of what the end says that were read.
    pub pages: usize,
    /// What the figures were when the step began.
    pub start: Start,
    /// What the figures are of which is spoken when the step is done. They follow the screen while what the step asks for
    /// is so, and stay as they were then once it is not any more: what is said stays true whatever is done next.
    pub end: Option<Start>,
    /// What the step said when it began to wait.
    pub asked: Paragraphs,
    /// The steps that were left for the next one, as they were then, with their places.
    pub told: Vec<(usize, StepDone)>,
    /// How far the step was that was left for the present one, until that is set up.
    pub left: Option<Reached>,
    /// What was before each step's set-up, as far as steps were set up; the last one is the present step's.
    pub before: Vec<Before>,
}

impl Going {
    /// A lesson at a step that is to be set up.
    pub fn new(lesson: usize, step: usize) -> Self {
        Self {
            lesson,
            step,
            stage: Stage::Waiting,
            since: Duration::ZERO,
            hinted: false,
            typed: None,
            pages: 0,
            start: Start::new(),
            end: None,
            asked: Vec::new(),
            told: Vec::new(),
            left: None,
            before: Vec::new(),
        }
    }

    /// How far the step is, which is left.
    pub fn leave(&mut self) -> Reached {
        Reached {
            stage: self.stage.clone(),
            start: std::mem::take(&mut self.start),
            end: self.end.take(),
        }
    }

    /// Takes a step up where it was left.
    pub fn take_up(&mut self, reached: Reached) {
        (self.stage, self.start, self.end) = (reached.stage, reached.start, reached.end);
    }

    /// Keeps what a step was that is left for the next one.
    pub fn tell(&mut self, told: StepDone) {
        let step = self.step;
        self.told.retain(|(at, _)| *at < step);
        self.told.push((step, told));
    }

    /// Goes to a step, to be set up.
    pub fn go_to(&mut self, step: usize) {
        self.step = step;
        self.stage = Stage::Waiting;
        self.hinted = false;
        self.typed = None;
        self.pages = 0;
        self.start.clear();
        self.asked.clear();
        self.end = None;
    }
}

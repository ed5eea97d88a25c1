//! Lessons in the playground: which one goes on and how far it is, what they can speak of, and what the strip says.

mod before;
pub mod figures;
mod going;
mod progress;
mod strip;
mod tables;
mod told;

pub use before::{Before, TextBefore};
pub use going::{Going, Reached, SetUpTraining, Stage};
pub use progress::Progress;
pub use strip::{Part, Said};
pub use tables::{LessonTables, knob};

use std::path::PathBuf;

use crate::lessons::{Course, Lesson, Step};
use crate::tui::state::State;
use crate::tui::vocabulary::focus::Focus;

/// What the playground begins with of lessons.
#[derive(Debug, Clone, Default)]
pub struct LearnOptions {
    /// None: there are no lessons.
    pub course: Option<Course>,
    pub open: Opening,
    /// How far each lesson was walked before.
    pub progress: Progress,
    /// Where that is kept, if anywhere.
    pub progress_file: Option<PathBuf>,
}

/// What is open at the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Opening {
    #[default]
    Nothing,
    /// The list of lessons.
    List,
    /// A lesson, by its place.
    Lesson(usize),
}

/// Lessons in the playground.
#[derive(Debug, Default)]
pub struct Learn {
    pub course: Option<Course>,
    pub progress: Progress,
    /// The lesson that goes on.
    pub going: Option<Going>,
    /// What the engine was asked to bring the text back for; nothing is set up until it did.
    pub returning: Option<Returning>,
}

/// Where one looked before a lesson or a step, to be looked at again once the engine has brought the text of then back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returning {
    pub subject: crate::engine::Subject,
    /// The position in view; none where the newest was followed.
    pub position: Option<usize>,
    pub seed: u64,
    pub draft_alone: bool,
}

impl Learn {
    /// As it begins: a lesson that is asked for is set up once the model is there.
    pub fn new(options: &LearnOptions) -> Self {
        let mut learn = Self {
            course: options.course.clone(),
            progress: options.progress.clone(),
            going: None,
            returning: None,
        };
        if let Opening::Lesson(at) = options.open {
            learn.begin(at);
        }
        learn
    }

    /// Begins a lesson, or goes on with it where it was left.
    pub fn begin(&mut self, at: usize) {
        if let Some(lesson) = self.lesson_at(at) {
            let reached = self.progress.of(&self.key(lesson));
            // A training cannot be taken up in the middle.
            let trains = |step: &Step| step.setup.demonstration.is_some();
            let anew = reached.done || lesson.steps.iter().any(trains);
            let step = if anew { 0 } else { reached.step };
            let step = step.min(lesson.steps.len().saturating_sub(1));
            self.going = Some(Going::new(at, step));
        }
    }

    pub fn lesson_at(&self, at: usize) -> Option<&Lesson> {
        self.course.as_ref()?.lessons.get(at)
    }

    /// The lesson that goes on.
    pub fn lesson(&self) -> Option<&Lesson> {
        self.lesson_at(self.going.as_ref()?.lesson)
    }

    /// The step that it is at; none where it is over.
    pub fn step(&self) -> Option<&Step> {
        self.lesson()?.steps.get(self.going.as_ref()?.step)
    }

    /// What a lesson's progress is kept by: its name, in a directory of somebody's own behind the directory.
    pub fn key(&self, lesson: &Lesson) -> String {
        let home = self.course.as_ref().and_then(|course| course.home.as_ref());
        home.map_or_else(
            || lesson.name.clone(),
            |home| format!("{}/{}", home.display(), lesson.name),
        )
    }

    /// Whether Enter goes on.
    pub fn is_done(&self) -> bool {
        let going = self.going.as_ref();
        going.is_some_and(|going| going.stage == Stage::Done || self.step().is_none())
    }

    /// Whether the step hides what a pane says.
    pub fn hides(&self, pane: Focus) -> bool {
        self.step().is_some_and(|step| {
            let mut hidden = step.setup.hide.iter();
            hidden.any(|hidden| hidden.value == pane.word())
        })
    }
}

impl State {
    /// When what was typed counts, on the clock of the frames; none where it does.
    pub(in crate::tui) fn typing_rests(&self) -> Option<std::time::Duration> {
        let going = self.learn.going.as_ref()?;
        let rests = going.typed? + going::TYPING;
        (going.stage == Stage::Asked && self.screen.now < rests).then_some(rests)
    }

    /// When the hint of the step is to be said, on the clock of the frames; none where it was, or there is none.
    pub(in crate::tui) fn hint_comes(&self) -> Option<std::time::Duration> {
        let going = self.learn.going.as_ref()?;
        let step = self.learn.step()?;
        let waits = going.stage == Stage::Asked && !going.hinted && !step.hint.is_empty();
        waits.then(|| going.since + step.setup.hint_after.unwrap_or(going::HINT_AFTER))
    }
}

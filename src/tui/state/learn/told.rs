//! A lesson as it was done: what each step said, with the figures of then.

use super::{Going, Stage};
use crate::handout::{LessonDone, Paragraphs, StepDone, StepEnd};
use crate::lessons::Prose;
use crate::tui::state::State;

impl State {
    /// The text of the present step, with the figures of now.
    pub(in crate::tui) fn step_text(&self) -> Paragraphs {
        let step = self.learn.step();
        step.map_or_else(Vec::new, |step| self.told(&step.text, None))
    }

    /// The present step as it stands; none where the lesson is over.
    pub(in crate::tui) fn step_told(&self) -> Option<StepDone> {
        let (step, going) = (self.learn.step()?, self.learn.going.as_ref()?);
        let is_done = going.stage == Stage::Done;
        let was_asked = matches!(going.stage, Stage::Asked | Stage::Done);
        Some(StepDone {
            title: step.title.clone(),
            text: if was_asked && !going.asked.is_empty() {
                going.asked.clone()
            } else {
                self.told(&step.text, None)
            },
            said: if is_done {
                self.told(&step.done, Some(going))
            } else {
                Vec::new()
            },
            end: if is_done {
                StepEnd::Done
            } else {
                StepEnd::Open
            },
        })
    }

    /// The lesson that goes on, as far as it was walked.
    pub(in crate::tui) fn lesson_told(&self) -> Option<LessonDone> {
        let (lesson, going) = (self.learn.lesson()?, self.learn.going.as_ref()?);
        let before = going.told.iter().filter(|(at, _)| *at < going.step);
        let mut steps: Vec<StepDone> = before.map(|(_, told)| told.clone()).collect();
        steps.extend(self.step_told());
        let asked = lesson.questions.iter();
        Some(LessonDone {
            title: lesson.title.clone(),
            steps,
            understood: lesson.understood.clone(),
            questions: asked.map(|question| question.ask.clone()).collect(),
        })
    }

    /// Prose with its blanks filled in: by what was kept at the step's end, where that is so.
    fn told(&self, prose: &Prose, ended: Option<&Going>) -> Paragraphs {
        let end = ended.and_then(|going| going.end.as_ref());
        prose.filled(|blank| {
            let then = end.and_then(|end| end.get(blank));
            then.map_or_else(|| self.filled(blank), |then| Some(then.text.clone()))
        })
    }
}

//! The look at what a run would learn from: in a thread of its own, one at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::App;
use crate::training::{self, Control, Recipe, Survey, TrainingError};
use crate::tui::{EngineLink, News};

impl<L: EngineLink> App<'_, L> {
    /// Looks in the background, and tells what was found as it is found.
    pub(super) fn survey(&mut self, recipe: Recipe, measure: bool) {
        self.end_survey();
        let control = Control::default();
        self.survey = Some(control.clone());
        let told = self.told.0.clone();
        let thread = thread::Builder::new().name("survey".to_owned());
        let started = thread.spawn(move || {
            let tell = |found: Result<Survey, String>, last| {
                // The playground may have been left meanwhile.
                let _ = told.send(News::Surveyed {
                    recipe: Box::new(recipe.clone()),
                    found: found.map(Box::new),
                    last,
                });
            };
            let mut newest = None;
            let looked = catch_unwind(AssertUnwindSafe(|| {
                training::survey(&recipe, measure, &control, &mut |survey| {
                    newest = Some(survey.clone());
                    tell(Ok(survey.clone()), false);
                })
            }));
            match (looked, newest) {
                (Ok(Err(TrainingError::Cancelled)), _) => {}
                // What was found is no worse for a step that could not be measured.
                (Ok(_) | Err(_), Some(survey)) => tell(Ok(survey), true),
                (Ok(Err(error)), None) => tell(Err(error.to_string()), true),
                (Ok(Ok(())) | Err(_), None) => {
                    tell(Err("the corpus cannot be looked at".to_owned()), true);
                }
            }
        });
        if let Err(error) = started {
            tracing::warn!("the corpus is not looked at: {error}");
        }
    }

    /// Ends the look that goes on, without waiting for it.
    pub(super) fn end_survey(&mut self) {
        if let Some(control) = self.survey.take() {
            control.stop();
        }
    }
}

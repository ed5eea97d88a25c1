//! A run that can be looked at: what it did, the verdict on it, and what part of it is in view.

use std::path::PathBuf;

use super::span::{Span, Window};
use crate::chart::Across;
use crate::training::{Curve, History, RunEvent, Verdict};

/// A loss beside the one of the last verdict, in multiples of it, at which it is judged anew.
const JUDGED_ANEW: f64 = 1.25;
/// Steps between verdicts where nothing is validated.
const UNVALIDATED: u64 = 10;

/// A run that can be looked at.
#[derive(Debug, Clone)]
pub struct RunInView {
    pub name: String,
    /// The directory of all runs.
    pub directory: PathBuf,
    history: History,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// Whether another process works on it.
    pub elsewhere: bool,
    /// The part of it that the chart shows.
    pub window: Window,
    /// The step in view; the newest one when absent.
    pub cursor: Option<u64>,
    verdict: Option<Verdict>,
    /// The loss of the step that was judged last.
    judged: f64,
}

impl RunInView {
    /// A run, whole and at its newest step.
    pub fn new(name: String, directory: PathBuf, history: History) -> Self {
        let mut run = Self {
            name,
            directory,
            history,
            failure: None,
            elsewhere: false,
            window: Window::Whole,
            cursor: None,
            verdict: None,
            judged: f64::NAN,
        };
        run.judge();
        run
    }

    /// What it did so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// How it goes; none before its first step.
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Takes in what happened next.
    pub fn push(&mut self, event: &RunEvent) {
        self.history.push(event);
        let is_due = match event {
            RunEvent::Validation(_) | RunEvent::Started(_) | RunEvent::Finished(_) => true,
            RunEvent::Step(step) => {
                let change = step.loss / self.judged;
                let calm = (JUDGED_ANEW.recip()..=JUDGED_ANEW).contains(&change);
                let unvalidated = self.history.validations().next().is_none();
                !calm || (unvalidated && step.step.is_multiple_of(UNVALIDATED))
            }
            _ => false,
        };
        if is_due {
            self.judge();
        }
    }

    /// Takes in what it did as it was read anew.
    pub fn replace(&mut self, history: History) {
        self.history = history;
        self.judge();
    }

    fn judge(&mut self) {
        let begun = self.history.last_step() > 0 || self.history.finished().is_some();
        self.verdict = begun.then(|| Verdict::of(&self.history));
        self.judged = self.history.newest().map_or(f64::NAN, |step| step.loss);
    }

    /// Its newest step.
    pub fn last_step(&self) -> u64 {
        self.history.last_step()
    }

    /// The step in view.
    pub fn step_in_view(&self) -> u64 {
        let last = self.last_step();
        self.cursor.map_or(last, |step| step.min(last))
    }

    /// The steps that are in view.
    pub fn span(&self) -> Span {
        self.window.span(self.last_step())
    }

    /// Moves the cursor; at the last step it follows a run that goes on, and stays on one that is over.
    pub fn look_at(&mut self, step: u64) {
        let last = self.last_step();
        self.cursor = if step >= last && self.history.finished().is_some() {
            Some(last)
        } else {
            (step < last).then_some(step.max(1))
        };
        if let Some(step) = self.cursor {
            self.window.reveal(step, last);
        }
    }

    /// Where a step lies across the chart.
    pub fn across(&self, across: Across, step: u64) -> f64 {
        match across {
            Across::Steps => step as f64,
            across => {
                let place = self.history.place(step);
                place.map_or(0.0, |place| across.of(place))
            }
        }
    }

    /// The last step at or before a place across the chart.
    pub fn step_at(&self, across: Across, at: f64) -> u64 {
        if across == Across::Steps {
            return at.round().max(1.0) as u64;
        }
        let points = self.history.points(Curve::Loss, 0..=u64::MAX);
        let next = points.partition_point(|point| across.of(point.end) <= at);
        let nearest = points.get(next.saturating_sub(1));
        nearest.map_or(1, |point| point.last)
    }

    /// Where it ends across the chart: as planned if it goes on, else where it ended.
    pub fn end(&self, across: Across) -> f64 {
        let last = self.last_step();
        let here = self.across(across, last);
        let planned = self.history.started().map_or(0, |started| started.steps);
        if self.history.finished().is_some() || planned <= last || last == 0 {
            return here;
        }
        let started = self.history.started();
        let per_epoch = started.map_or(1, |started| started.steps_per_epoch.max(1));
        match across {
            Across::Steps => planned as f64,
            Across::Epochs => planned as f64 / per_epoch as f64,
            Across::Time | Across::Tokens => here * planned as f64 / last as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{StepMetrics, Validation};

    fn step(step: u64, loss: f64) -> RunEvent {
        RunEvent::Step(StepMetrics {
            step,
            loss,
            epoch: step as f64 / 10.0,
            elapsed: step as f64 * 2.0,
            tokens: step * 100,
            ..StepMetrics::default()
        })
    }

    fn run() -> RunInView {
        RunInView::new("run1".to_owned(), PathBuf::from("runs"), History::new())
    }

    #[test]
    fn the_verdict_is_that_of_the_history_at_each_validation_and_jump() {
        let mut run = run();
        assert_eq!(run.verdict(), None);
        let validation = |step, loss| {
            RunEvent::Validation(Validation {
                step,
                loss,
                best: step > 0,
                ..Validation::default()
            })
        };
        run.push(&validation(0, 5.0));
        for at in 1..=40 {
            run.push(&step(at, 4.0 - at as f64 / 100.0));
            if at % 10 == 0 {
                run.push(&validation(at, 4.5 - at as f64 / 100.0));
                assert_eq!(run.verdict(), Some(Verdict::of(run.history())));
            }
        }
        run.push(&step(41, 1000.0));
        let verdict = run.verdict();
        assert!(
            matches!(verdict, Some(Verdict::Diverging { .. })),
            "{verdict:?}"
        );
        run.replace(History::new());
        assert_eq!(run.verdict(), None);
    }

    #[test]
    fn places_across_the_chart_go_to_steps_and_back() {
        let mut run = run();
        for at in 1..=40 {
            run.push(&step(at, 4.0));
        }
        for across in Across::ALL {
            let at = run.across(across, 25);
            assert_eq!(run.step_at(across, at), 25, "{across:?}");
            assert_eq!(run.step_at(across, f64::MAX.min(1e9)).min(40), 40);
        }
        assert_eq!(run.across(Across::Time, 25), 50.0);
        assert_eq!(run.across(Across::Epochs, 25), 2.5);
    }
}

//! The Train screen: the form that starts a run, and the run in view.

mod fields;
mod form;
mod outcome;
pub mod runs;
mod span;
mod words;

use std::path::PathBuf;

pub use fields::{BASE, FIELDS};
pub use form::{Form, Start, Surroundings};
use runs::GoingOn;
pub use span::{Span, Window};

use crate::training::History;

/// The panes of a run in view, in the order in which the focus goes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrainPane {
    #[default]
    Loss,
    Run,
    Samples,
    Odds,
}

impl TrainPane {
    pub const ALL: [Self; 4] = [Self::Loss, Self::Run, Self::Samples, Self::Odds];

    /// The pane some places further round.
    pub fn moved(self, places: isize) -> Self {
        let count = Self::ALL.len() as isize;
        Self::ALL[(self as isize + places).rem_euclid(count) as usize]
    }
}

/// What the trainer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Job {
    #[default]
    Idle,
    /// Reads the corpus and the model.
    Preparing,
    Training,
    Paused,
    /// Was asked to end.
    Ending,
}

/// A run that can be looked at.
#[derive(Debug, Clone)]
pub struct RunInView {
    pub name: String,
    /// The directory of all runs.
    pub directory: PathBuf,
    pub history: History,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// Whether another process works on it.
    pub elsewhere: bool,
}

/// Everything that the Train screen shows.
#[derive(Debug, Default)]
pub struct Train {
    pub form: Form,
    /// Whether the form is shown and not a run.
    pub asks: bool,
    /// The run that the trainer works on, or worked on last.
    pub live: Option<RunInView>,
    /// Another run that was opened.
    pub opened: Option<RunInView>,
    pub job: Job,
    /// Runs drawn beside the one in view.
    pub beside: Vec<RunInView>,
    pub pane: TrainPane,
    /// Whether the pane has the whole screen.
    pub zoomed: bool,
    /// Whether losses are drawn by their logarithm.
    pub log: bool,
    pub window: Window,
    /// The step in view; the newest one when absent.
    pub cursor: Option<u64>,
    /// Which of several prompts' samples are shown first.
    pub prompt: usize,
    /// A run that goes on if the user says yes to what has changed.
    pub going_on: Option<Box<GoingOn>>,
    /// How the newest run was started.
    pub started: Option<Start>,
    /// The demonstration starts once it is known which names are free.
    pub demo_waits: bool,
}

impl Train {
    /// The screen as it begins: with the form.
    pub fn new() -> Self {
        Self {
            form: Form::new(),
            asks: true,
            ..Self::default()
        }
    }

    /// Shows a run from its end, whole.
    pub fn show_run(&mut self) {
        self.asks = false;
        self.cursor = None;
        self.window = Window::Whole;
    }

    /// The run in view.
    pub fn run(&self) -> Option<&RunInView> {
        self.opened.as_ref().or(self.live.as_ref())
    }

    /// The directory of the run in view, or the one that runs are in by default.
    pub fn directory(&self) -> PathBuf {
        self.run()
            .map_or_else(|| PathBuf::from("runs"), |run| run.directory.clone())
    }

    /// Whether the run in view is the one that the trainer works on.
    pub fn is_live(&self) -> bool {
        self.opened.is_none() && self.job != Job::Idle
    }

    /// The steps that the chart spans.
    pub fn span(&self) -> Span {
        let last = self.run().map_or(0, |run| run.history.last_step());
        self.window.span(last)
    }

    /// The step in view.
    pub fn step_in_view(&self) -> u64 {
        let last = self.run().map_or(0, |run| run.history.last_step());
        self.cursor.map_or(last, |step| step.min(last))
    }

    /// Moves the cursor; at the last step it follows a run that goes on, and stays on one that is over.
    pub fn look_at(&mut self, step: u64) {
        let last = self.run().map_or(0, |run| run.history.last_step());
        self.cursor = match self.run() {
            Some(run) if step >= last && run.history.finished().is_some() => Some(last),
            _ => (step < last).then_some(step.max(1)),
        };
        if let Some(step) = self.cursor {
            self.window.reveal(step, last);
        }
    }

    /// Whether what is typed goes into a row of the form.
    pub fn is_typed_into(&self) -> bool {
        let field = self.form.selected().filter(|_| self.asks);
        field.is_some_and(|field| FIELDS[field].takes.choices().is_empty())
    }

    /// The steps that have samples or odds, ascending.
    pub fn sampled_steps(&self) -> Vec<u64> {
        let Some(run) = self.run() else {
            return Vec::new();
        };
        let samples = run.history.samples().map(|samples| samples.step);
        let mut steps: Vec<u64> = samples
            .chain(run.history.odds().map(|odds| odds.step))
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{Event, Odds, Samples, StepMetrics};

    fn with_steps(steps: u64) -> Train {
        let mut history = History::new();
        for step in 1..=steps {
            history.push(&Event::Step(StepMetrics {
                step,
                ..StepMetrics::default()
            }));
        }
        Train {
            live: Some(RunInView {
                name: "run1".to_owned(),
                directory: PathBuf::from("runs"),
                history,
                failure: None,
                elsewhere: false,
            }),
            ..Train::new()
        }
    }

    #[test]
    fn the_cursor_follows_at_the_end_and_stays_elsewhere() {
        let mut train = with_steps(10);
        assert_eq!(train.step_in_view(), 10);
        train.look_at(4);
        assert_eq!(train.step_in_view(), 4);
        train.look_at(0);
        assert_eq!(train.step_in_view(), 1);
        train.look_at(99);
        assert_eq!((train.cursor, train.step_in_view()), (None, 10));
        assert_eq!(Train::new().step_in_view(), 0);
    }

    #[test]
    fn sampled_steps_are_listed_once() {
        let mut train = with_steps(10);
        let run = train.live.as_mut().expect("a run");
        for step in [5, 10] {
            run.history.push(&Event::Samples(Samples {
                step,
                ..Samples::default()
            }));
            run.history.push(&Event::Odds(Odds {
                step,
                ..Odds::default()
            }));
        }
        assert_eq!(train.sampled_steps(), [5, 10]);
    }
}

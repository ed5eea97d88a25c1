//! The Train screen: the form that starts a run, and the run in view.

pub mod chart;
mod fields;
mod form;
mod outcome;
pub mod room;
mod run_in_view;
pub mod runs;
mod span;
pub mod strip;
pub mod table;
mod words;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use chart::Shown;
pub use fields::{BASE, FIELDS, Group};
pub use form::{Costs, Form, FormRow, Start, Surroundings, completed};
pub use run_in_view::RunInView;
use runs::GoingOn;
pub use runs::ReadRecipe;
pub use span::{Span, Window};
use table::RunTable;

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
    /// Whether the sample and the curve have the whole screen, in big letters.
    pub projected: bool,
    /// What the chart shows.
    pub shown: Shown,
    /// Which of several prompts' samples are shown first.
    pub prompt: usize,
    /// A run that goes on if the user says yes to what has changed.
    pub going_on: Option<Box<GoingOn>>,
    /// How the newest run was started.
    pub started: Option<Start>,
    /// Runs that begin when the one that goes on is over.
    pub queue: VecDeque<(Start, History)>,
    /// The table of runs, while it is shown.
    pub table: Option<RunTable>,
    /// The run that a question is about.
    pub meant: Option<PathBuf>,
    /// Where demonstrations are kept, if not where runs are.
    pub demo_directory: Option<PathBuf>,
    /// A demonstration starts once it is known where there is room for it.
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

    /// Shows the run in view instead of the form.
    pub fn show_run(&mut self) {
        self.asks = false;
    }

    /// Shows a run no longer that is deleted.
    pub fn forget(&mut self, path: &Path) {
        let is_it = |run: &RunInView| run.directory.join(&run.name) == path;
        self.beside.retain(|run| !is_it(run));
        self.opened.take_if(|run| is_it(run));
        if self.job == Job::Idle {
            self.live.take_if(|run| is_it(run));
        }
        self.asks |= self.run().is_none();
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

    /// The runs that are drawn beside the one in view, each with its place in the list.
    pub fn compared(&self) -> impl Iterator<Item = (usize, &RunInView)> {
        let is_in_view = |other: &RunInView| {
            let run = self.run();
            run.is_some_and(|run| run.name == other.name && run.directory == other.directory)
        };
        let all = self.beside.iter().enumerate();
        all.filter(move |(_, other)| !is_in_view(other))
    }

    /// The run in view, to be looked at elsewhere.
    pub fn run_mut(&mut self) -> Option<&mut RunInView> {
        self.opened.as_mut().or(self.live.as_mut())
    }

    /// The steps in view.
    pub fn span(&self) -> Span {
        let whole = || Window::Whole.span(0);
        self.run().map_or_else(whole, RunInView::span)
    }

    /// The step in view.
    pub fn step_in_view(&self) -> u64 {
        self.run().map_or(0, RunInView::step_in_view)
    }

    /// The step of a run that stands for the one in view: the one that was chosen, else its own newest.
    pub fn step_of(&self, run: &RunInView) -> u64 {
        self.cursor().unwrap_or(u64::MAX).min(run.last_step())
    }

    /// The step that was chosen; none where the newest is in view.
    pub fn cursor(&self) -> Option<u64> {
        self.run().and_then(|run| run.cursor)
    }

    /// Moves the cursor of the run in view.
    pub fn look_at(&mut self, step: u64) {
        if let Some(run) = self.run_mut() {
            run.look_at(step);
        }
    }

    /// What the chart's ends stand for: of a whole run, from its beginning to the end that is planned of it or of any
    /// other that is drawn beside; else the steps in view.
    pub fn ends(&self) -> (f64, f64) {
        let across = self.shown.across;
        let Some(run) = self.run() else {
            return (0.0, 1.0);
        };
        let span = run.span();
        let (from, to) = match run.window {
            Window::Whole => {
                let others = self.compared().map(|(_, other)| other.end(across));
                (
                    run.across(across, 1).min(1.0),
                    others.fold(run.end(across), f64::max),
                )
            }
            Window::Recent | Window::Part(_) => {
                (run.across(across, span.from), run.across(across, span.to))
            }
        };
        if to > from {
            (from, to)
        } else {
            (from, from + 1.0)
        }
    }

    /// The step at a share (0 to 1) of the chart's width.
    pub fn step_at(&self, share: f64) -> u64 {
        let (from, to) = self.ends();
        let run = self.run();
        run.map_or(1, |run| {
            run.step_at(self.shown.across, from + share * (to - from))
        })
    }

    /// Whether what is typed goes into a row of the form.
    pub fn is_typed_into(&self) -> bool {
        let field = self
            .form
            .selected()
            .filter(|_| self.asks && self.table.is_none());
        field.is_some_and(|field| FIELDS[field].takes.choices().is_empty())
    }

    /// The steps that have samples or odds, ascending.
    pub fn sampled_steps(&self) -> Vec<u64> {
        let Some(run) = self.run() else {
            return Vec::new();
        };
        let samples = run.history().samples().map(|samples| samples.step);
        let mut steps: Vec<u64> = samples
            .chain(run.history().odds().map(|odds| odds.step))
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{History, Odds, RunEvent, Samples, StepMetrics};

    fn with_steps(steps: u64) -> Train {
        let mut history = History::new();
        for step in 1..=steps {
            history.push(&RunEvent::Step(StepMetrics {
                step,
                ..StepMetrics::default()
            }));
        }
        let run = RunInView::new("run1".to_owned(), PathBuf::from("runs"), history);
        Train {
            live: Some(run),
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
        assert_eq!((train.cursor(), train.step_in_view()), (None, 10));
        assert_eq!(Train::new().step_in_view(), 0);
    }

    #[test]
    fn sampled_steps_are_listed_once() {
        let mut train = with_steps(10);
        let run = train.live.as_mut().expect("a run");
        for step in [5, 10] {
            run.push(&RunEvent::Samples(Samples {
                step,
                ..Samples::default()
            }));
            run.push(&RunEvent::Odds(Odds {
                step,
                ..Odds::default()
            }));
        }
        assert_eq!(train.sampled_steps(), [5, 10]);
    }
}

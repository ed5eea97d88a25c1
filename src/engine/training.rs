//! The trainer's thread as seen from outside: one run at a time, steered without waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use super::StartError;
use crate::text::panic_text;
use crate::training::{
    Allowed, Control, Finished, Recipe, Restore, RunEvent, Trainer, TrainingError, heap,
};

/// News that may wait before the receiver has taken them; then the trainer waits.
const NEWS: usize = 1024;

/// What the trainer can be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingCommand {
    /// Begin a run, or go on with one.
    Start {
        recipe: Box<Recipe>,
        restore: Restore,
        allowed: Allowed,
    },
    Pause,
    Resume,
    /// Go on to the end of the epoch, and pause there.
    ToEpochEnd,
    /// Write a checkpoint after this step.
    Checkpoint,
    /// Take this learning rate from the next step on.
    SetLearningRate(f64),
    /// Save and end.
    Stop,
    /// End without saving.
    Abandon,
}

/// What the trainer tells.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingNews {
    Event(RunEvent),
    /// The run is over; the sentence says why it failed, if it did.
    Ended(Result<Finished, String>),
}

/// Starts and steers runs.
#[derive(Debug)]
pub struct TrainingHandle {
    news: mpsc::Sender<TrainingNews>,
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    control: Control,
    /// Raised before the end is told, so that whoever hears of it can start the next run.
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl TrainingHandle {
    /// A handle without a run, and where its news come.
    pub fn new() -> (Self, mpsc::Receiver<TrainingNews>) {
        let (news, receiver) = mpsc::channel(NEWS);
        (Self { news, run: None }, receiver)
    }

    /// Whether a run goes on.
    pub fn is_running(&self) -> bool {
        self.run
            .as_ref()
            .is_some_and(|run| !run.over.load(Ordering::Acquire))
    }

    /// Hands a command over, without waiting. What steers is lost where no run goes on.
    ///
    /// # Errors
    /// When a run is to be started while another one goes on, or the system has no thread for it.
    pub fn send(&mut self, command: TrainingCommand) -> Result<(), StartError> {
        let control = match &self.run {
            Some(run) if self.is_running() => &run.control,
            _ => {
                return match command {
                    TrainingCommand::Start {
                        recipe,
                        restore,
                        allowed,
                    } => self.start(*recipe, restore, allowed),
                    _ => Ok(()),
                };
            }
        };
        match command {
            TrainingCommand::Start { .. } => {
                return Err(StartError::Running);
            }
            TrainingCommand::Pause => control.pause(),
            TrainingCommand::Resume => control.resume(),
            TrainingCommand::ToEpochEnd => control.pause_after_epoch(),
            TrainingCommand::Checkpoint => control.checkpoint(),
            TrainingCommand::SetLearningRate(rate) => control.set_learning_rate(rate),
            TrainingCommand::Stop => control.stop(),
            TrainingCommand::Abandon => control.abandon(),
        }
        Ok(())
    }

    fn start(
        &mut self,
        recipe: Recipe,
        restore: Restore,
        allowed: Allowed,
    ) -> Result<(), StartError> {
        heap::tune();
        let (control, news) = (Control::default(), self.news.clone());
        let steered = control.clone();
        let over = Arc::new(AtomicBool::new(false));
        let ended_here = Arc::clone(&over);
        let thread = thread::Builder::new()
            .name("trainer".to_owned())
            .spawn(move || {
                let ended = catch_unwind(AssertUnwindSafe(|| {
                    train(recipe, &restore, allowed, &steered, &news)
                }))
                .map(|ended| ended.map_err(|error| error.to_string()))
                .unwrap_or_else(|panic| {
                    let message = format!("the trainer panicked: {}", panic_text(&*panic));
                    tracing::error!("{message}");
                    Err(message)
                });
                ended_here.store(true, Ordering::Release);
                let _ = news.blocking_send(TrainingNews::Ended(ended));
            })
            .map_err(StartError::NoThread)?;
        self.run = Some(Run {
            control,
            over,
            thread,
        });
        Ok(())
    }

    /// Saves and ends the run, if one goes on, and waits for that.
    pub fn finish(&mut self) {
        if let Some(run) = self.run.take() {
            run.control.stop();
            let _ = run.thread.join();
        }
    }
}

fn train(
    recipe: Recipe,
    restore: &Restore,
    allowed: Allowed,
    control: &Control,
    news: &mpsc::Sender<TrainingNews>,
) -> Result<Finished, TrainingError> {
    let mut tell = |event: &RunEvent| {
        // Nobody watches any more: what was learned is saved.
        if news
            .blocking_send(TrainingNews::Event(event.clone()))
            .is_err()
        {
            control.stop();
        }
    };
    Trainer::prepare(recipe, restore, allowed, control, &mut tell)?.run(&mut tell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_cannot_be_says_why_and_makes_room_for_the_next() {
        let (mut handle, mut news) = TrainingHandle::new();
        for _ in 0..2 {
            let recipe = Box::new(Recipe::default());
            let restore = Restore::Fresh;
            let start = TrainingCommand::Start {
                recipe,
                restore,
                allowed: Allowed::default(),
            };
            handle.send(start).expect("no run goes on");
            let ended = news.blocking_recv();
            let Some(TrainingNews::Ended(Err(why))) = ended else {
                panic!("{ended:?}");
            };
            assert!(why.contains("no corpus"), "{why}");
            assert!(!handle.is_running());
        }
        handle.finish();
        // There is nothing to steer.
        handle
            .send(TrainingCommand::Pause)
            .expect("it is passed over");
    }
}

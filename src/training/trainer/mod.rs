//! The loop: batches, gradients, updates, and what is looked at and kept on the way.
//!
//! [`Trainer::prepare`] reads the corpus and builds the network, [`Trainer::run`] trains it. Both report through a
//! callback and look at a [`Control`], so that the same trainer serves a command line and a screen on another thread.

mod base;
mod corpus;
mod keep;
mod meter;
mod pace;
mod prepare;
mod remarks;
mod report;
mod smoothed;
mod start;
mod step;
mod survey;

use self::keep::Depth;
use self::meter::Meter;
use self::pace::Pace;
use self::smoothed::Smoothed;
use super::checkpoint::{self, CheckpointState, SpecialTokens};
use super::data::Batches;
use super::network::Network;
use super::optimizer::Optimizer;
use super::runs::{Claim, Journal, Keeping, RunDirectory};
use super::{Control, FinishReason, Finished, Recipe, RunEvent, Started, Tail, TrainingError};
use crate::model::Adapter;
use crate::text::Tokenizer;

pub use self::start::{Allowed, Restore};
pub use self::survey::{Price, Speed, Survey, survey};

/// Takes what a run reports.
pub type Listener<'a> = &'a mut dyn FnMut(&RunEvent);

/// A run, ready to go or under way.
pub struct Trainer {
    recipe: Recipe,
    control: Control,
    network: Network,
    optimizer: Optimizer,
    tokenizer: Tokenizer,
    special: SpecialTokens,
    training: Batches,
    validation: Option<Batches>,
    /// Bytes of text that each token stands for.
    token_bytes: Vec<u16>,
    run: RunDirectory,
    journal: Journal,
    state: CheckpointState,
    smoothed: Smoothed,
    /// The newest losses, for their mean at the end.
    tail: Tail,
    meter: Meter,
    /// Steps in all.
    total: u64,
    /// The step of the newest checkpoint that the run can go on after, if there is one.
    saved: Option<u64>,
    /// The step of the newest weights that were written, whole checkpoints counted.
    written: Option<u64>,
    /// Steps in a row whose loss was out of all proportion.
    adrift: u64,
    keeping: Keeping,
    /// With LoRA: what the small matrices change.
    adapter: Option<Adapter>,
    /// Whether the tokenizer is not that of the model it started from.
    foreign_tokenizer: bool,
    started: Started,
    /// Held as long as the run is this process'.
    claim: Claim,
}

impl Trainer {
    /// What the run begins with.
    pub fn started(&self) -> &Started {
        &self.started
    }

    /// The run's directory.
    pub fn directory(&self) -> &RunDirectory {
        &self.run
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Trains to the end, or until something ends it. On any end but a failure or an abandonment the last step is
    /// saved. Why it ended is kept, whatever it was.
    ///
    /// # Errors
    /// When the loss or the gradients are no numbers any more, a file cannot be written, or the device fails. The
    /// newest checkpoint stays as it is.
    pub fn run(&mut self, events: Listener<'_>) -> Result<Finished, TrainingError> {
        let ended = self.train(events);
        let ended = ended.map_err(|error| error.and_then(&self.way_on()));
        let (reason, failure) = match &ended {
            Ok(reason) => (*reason, None),
            Err(error) => (error.reason(), Some(error.to_string())),
        };
        let finished = self.finished(reason, failure);
        let kept = self.emit(RunEvent::Finished(finished.clone()), events);
        let mut kept = kept.and_then(|()| self.journal.sync().map(drop));
        if kept.is_err() {
            kept = self.claim.note(&finished);
        }
        // The first error is the one to tell.
        ended?;
        kept?;
        Ok(finished)
    }

    /// How to go on once there is room on the disk again.
    fn way_on(&self) -> String {
        match self.saved {
            Some(step) => format!("and resume: the checkpoint of step {step} is whole"),
            None => "and start over: nothing was saved yet".to_owned(),
        }
    }

    fn finished(&self, reason: FinishReason, failure: Option<String>) -> Finished {
        let checkpoint = self.saved.map(|step| {
            let path = checkpoint::directory_of(&self.run.checkpoints_path(), step);
            path.display().to_string()
        });
        Finished {
            reason,
            step: self.state.step,
            smoothed: self.smoothed.value(),
            mean_loss: self.tail.mean(),
            best_validation: self.state.best_validation,
            elapsed: self.meter.elapsed(),
            checkpoint,
            failure,
        }
    }

    fn train(&mut self, events: Listener<'_>) -> Result<FinishReason, TrainingError> {
        self.meter.begin(self.state.elapsed);
        self.emit(RunEvent::Started(self.started.clone()), events)?;
        if self.state.step == 0 {
            // What later losses, samples and odds are to be held against.
            self.validate(events)?;
            self.sample(events)?;
        }
        let reason = loop {
            if self.obey(events)? {
                break if self.control.take().abandon {
                    FinishReason::Abandoned
                } else {
                    FinishReason::Stopped
                };
            }
            if self.state.step >= self.total {
                break FinishReason::Completed;
            }
            if let Some(reason) = self.one_step(events)? {
                break reason;
            }
        };
        if reason != FinishReason::Abandoned
            && self.state.step > 0
            && let Some(problem) = self.save(Depth::Whole, events)?
        {
            return Err(TrainingError::Diverged {
                problem: format!(
                    "after step {} the weights are no good: {problem}",
                    self.state.step
                ),
                kept: self.kept(),
            });
        }
        let best = self.state.best_validation;
        if let (Some(before), Some(best)) = (self.state.before, best)
            && best >= before
        {
            let message = format!(
                "validation never got below {before:.4}, what it was before training: the model has not gained by this run"
            );
            self.emit(RunEvent::Notice { message }, events)?;
        }
        Ok(reason)
    }

    /// A step and what follows it. Returns why the run ends, if it does.
    fn one_step(&mut self, events: Listener<'_>) -> Result<Option<FinishReason>, TrainingError> {
        let Some(metrics) = self.step()? else {
            return Ok(None);
        };
        let loss = metrics.loss;
        self.emit(RunEvent::Step(metrics), events)?;
        self.watch(loss)?;
        let per_epoch = self.training.steps_per_epoch();
        if self.state.step.is_multiple_of(per_epoch) {
            let number = self.state.step / per_epoch;
            let padded = self.recipe.data.count_padding;
            let place = (self.state.step, number);
            let epoch = self.state.epoch.end(place, per_epoch, padded);
            self.emit(RunEvent::Epoch(epoch), events)?;
        }
        let step = self.state.step;
        let pace = Pace {
            per_epoch,
            total: self.total,
        };
        let evaluation = &self.recipe.evaluation;
        let looks = |every: u64| pace.is_due(every, evaluation.times, step);
        let (validate, sample) = (looks(evaluation.every), looks(evaluation.sample_every));
        let best = validate && self.validate(events)?;
        if sample {
            self.sample(events)?;
        }
        let settings = &self.recipe.training;
        let reached = settings.stop_loss > 0.0 && self.smoothed.value() <= settings.stop_loss;
        let patience_over = settings.patience > 0 && self.state.stale >= settings.patience;
        if pace.is_due(self.recipe.checkpoints.every, 0, step) {
            self.save(Depth::Whole, events)?;
        } else if best || self.keeping.keeps(step) {
            self.save(Depth::Weights, events)?;
        }
        if step.is_multiple_of(per_epoch) && step < self.total {
            self.control.epoch_ended();
        }
        Ok(match () {
            () if reached => Some(FinishReason::LossReached),
            () if validate && patience_over => Some(FinishReason::NoImprovement),
            () => None,
        })
    }

    /// Does what was asked, and waits while the run is held. Returns whether the run is to end.
    fn obey(&mut self, events: Listener<'_>) -> Result<bool, TrainingError> {
        let mut paused = false;
        loop {
            let asked = self.control.take();
            if let Some(rate) = asked.learning_rate {
                self.set_rate(rate, events)?;
            }
            if asked.checkpoint && self.state.step > 0 {
                self.save(Depth::Whole, events)?;
            }
            let ends = asked.stop || asked.abandon;
            let held = self.control.is_paused() && !ends;
            let step = self.state.step;
            if held != paused {
                paused = held;
                let event = if held {
                    RunEvent::Paused { step }
                } else {
                    RunEvent::Resumed { step }
                };
                self.meter.hold(held);
                self.emit(event, events)?;
            }
            if !held {
                return Ok(ends);
            }
            self.control.wait();
        }
    }

    fn set_rate(&mut self, rate: f64, events: Listener<'_>) -> Result<(), TrainingError> {
        let step = self.state.step;
        let planned = self.recipe.schedule.rate(step, self.total);
        if !(rate > 0.0 && rate.is_finite() && planned > 0.0) {
            let message = format!("a learning rate of {rate} was asked for and is not taken");
            return self.emit(RunEvent::Notice { message }, events);
        }
        self.state.rate_factor = rate / planned;
        let factor = self.state.rate_factor;
        self.emit(RunEvent::LearningRate { step, rate, factor }, events)
    }

    /// Notes an event and reports it.
    fn emit(&mut self, event: RunEvent, events: Listener<'_>) -> Result<(), TrainingError> {
        self.tail.push(&event);
        events(&event);
        self.journal.write(&event)
    }
}

#[cfg(test)]
mod tests;

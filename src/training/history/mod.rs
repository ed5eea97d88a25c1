//! What a run looked like, kept small: for a screen that follows it and for charts.
//!
//! Steps are kept whole while they are few. Then neighbours share a bucket of mean, least and greatest value, so that
//! a run of any length has a whole picture in bounded memory; the newest steps are kept whole beside it. Samples and
//! odds thin out with time, and long texts are cut.

mod buckets;
mod curve;
mod keep;
mod spikes;
mod thinned;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::RangeInclusive;

pub use self::buckets::StepPlace;
use self::buckets::{Buckets, Summary};
pub use self::curve::Curve;
pub use self::spikes::ceiling;
use self::thinned::Thinned;
use super::{
    CheckpointNote, Epoch, Finished, MeanLoss, Odds, Reading, RunDirectory, RunEvent, Samples,
    Started, StepMetrics, Tail, TrainingError, Validation,
};

/// Buckets of steps.
const BUCKETS: usize = 2048;
/// Newest steps that are kept whole.
const RECENT: usize = 512;
/// Validations, epochs, changes of the rate and pauses.
const MARKS: usize = 2048;
/// Sets of samples and of odds.
const TEXTS: usize = 512;
/// Newest checkpoints.
const CHECKPOINTS: usize = 1024;
const NOTICES: usize = 8;

/// A curve over some steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub first: u64,
    pub last: u64,
    /// Where the last step lies.
    pub end: StepPlace,
    /// Of the finite values. Without any, these are no numbers and `gap` is true.
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    /// Whether a value was infinite or no number.
    pub gap: bool,
}

/// The rate was set by hand after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateChange {
    pub step: u64,
    pub rate: f64,
    /// What the schedule is multiplied by from then on.
    pub factor: f64,
}

/// A run so far.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    buckets: Buckets,
    recent: VecDeque<StepMetrics>,
    validations: Thinned<Validation>,
    best: Option<Validation>,
    epochs: Thinned<Epoch>,
    tail: Tail,
    rates: Thinned<RateChange>,
    pauses: Thinned<u64>,
    paused: bool,
    checkpoints: VecDeque<CheckpointNote>,
    samples: Thinned<Samples>,
    odds: Thinned<Odds>,
    reading: Option<Reading>,
    started: Option<Started>,
    finished: Option<Finished>,
    notices: VecDeque<String>,
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    /// Of a run that has not begun.
    pub fn new() -> Self {
        Self::with_buckets(BUCKETS)
    }

    fn with_buckets(capacity: usize) -> Self {
        Self {
            buckets: Buckets::new(capacity),
            recent: VecDeque::new(),
            validations: Thinned::new(MARKS),
            best: None,
            epochs: Thinned::new(MARKS),
            tail: Tail::default(),
            rates: Thinned::new(MARKS),
            pauses: Thinned::new(MARKS),
            paused: false,
            checkpoints: VecDeque::new(),
            samples: Thinned::new(TEXTS),
            odds: Thinned::new(TEXTS),
            reading: None,
            started: None,
            finished: None,
            notices: VecDeque::new(),
        }
    }

    /// Of what a run has on the disk, read line by line. A line that is cut short is passed over. Checkpoints are
    /// those that are there now.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn read(run: &RunDirectory) -> Result<Self, TrainingError> {
        let mut history = Self::new();
        run.events(|event| history.push(&event))?;
        let best = run.best_checkpoint()?.map(|entry| entry.step);
        for entry in run.checkpoints()? {
            history.push(&RunEvent::Checkpoint(CheckpointNote {
                step: entry.step,
                path: entry.path.display().to_string(),
                validation_loss: entry.validation,
                best: entry.validation.is_some() && best == Some(entry.step),
                seconds: 0.0,
            }));
        }
        Ok(history)
    }

    /// Takes in what happened next.
    pub fn push(&mut self, event: &RunEvent) {
        self.tail.push(event);
        match event {
            RunEvent::Reading(reading) => self.reading = Some(reading.clone()),
            RunEvent::Corpus(note) => {
                for sentence in note.sentences() {
                    keep_newest(&mut self.notices, NOTICES, keep::text(&sentence));
                }
            }
            RunEvent::Started(started) => {
                // Without it the run begins anew. What came after the checkpoint was of steps that were lost.
                self.cut_after(started.resumed_after.unwrap_or(0));
                self.reading = None;
                self.finished = None;
                self.paused = false;
                self.started = Some(started.clone());
            }
            RunEvent::Step(step) => self.push_step(step),
            RunEvent::Epoch(epoch) => self.epochs.push(epoch.clone()),
            RunEvent::Validation(validation) => {
                // The trainer knows with which losses it can be compared.
                if validation.best {
                    self.best = Some(validation.clone());
                }
                self.validations.push(validation.clone());
            }
            RunEvent::Samples(samples) => self.samples.push(keep::samples(samples)),
            RunEvent::Odds(odds) => self.odds.push(keep::odds(odds)),
            RunEvent::Checkpoint(note) => {
                self.checkpoints.retain(|known| known.step != note.step);
                keep_newest(&mut self.checkpoints, CHECKPOINTS, note.clone());
            }
            RunEvent::LearningRate { step, rate, factor } => self.rates.push(RateChange {
                step: *step,
                rate: *rate,
                factor: *factor,
            }),
            RunEvent::Paused { step } => {
                self.paused = true;
                self.pauses.push(*step);
            }
            RunEvent::Resumed { .. } => self.paused = false,
            RunEvent::Notice { message } => {
                keep_newest(&mut self.notices, NOTICES, keep::text(message));
            }
            RunEvent::Finished(finished) => {
                self.finished = Some(finished.clone());
                self.paused = false;
            }
        }
    }

    fn push_step(&mut self, step: &StepMetrics) {
        // Steps count up. One that does not is of a run that went back without a word.
        if self.last_step() >= step.step {
            self.cut_after(step.step.saturating_sub(1));
        }
        self.finished = None;
        self.buckets.push(step);
        keep_newest(&mut self.recent, RECENT, step.clone());
    }

    /// Forgets what lies after a step.
    fn cut_after(&mut self, step: u64) {
        self.buckets.cut_after(step, self.recent.iter());
        self.recent.retain(|metrics| metrics.step <= step);
        self.validations.cut(|validation| validation.step <= step);
        self.epochs.cut(|epoch| epoch.step <= step);
        if self.best.as_ref().is_some_and(|best| best.step > step) {
            self.best = self.validations.iter().rfind(|left| left.best).cloned();
        }
        self.rates.cut(|change| change.step <= step);
        self.pauses.cut(|paused| *paused <= step);
        self.checkpoints.retain(|note| note.step <= step);
        self.samples.cut(|samples| samples.step <= step);
        self.odds.cut(|odds| odds.step <= step);
    }

    /// The number of the newest step; 0 before the first.
    pub fn last_step(&self) -> u64 {
        self.newest().map_or(0, |newest| newest.step)
    }

    /// The newest step.
    pub fn newest(&self) -> Option<&StepMetrics> {
        self.recent.back()
    }

    /// The newest steps, whole, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &StepMetrics> {
        self.recent.iter()
    }

    /// A curve over the steps of a range, in order: step by step where all of them are among the newest, by the bucket
    /// otherwise. A bucket that reaches into the range is in it. Steps that say nothing of the curve are left out.
    pub fn points(&self, curve: Curve, steps: RangeInclusive<u64>) -> Vec<Point> {
        let (from, to) = (*steps.start(), *steps.end());
        let whole = self.recent.front().is_some_and(|step| step.step <= from);
        if whole {
            let inside = self.recent.iter().filter(|step| steps.contains(&step.step));
            return inside
                .filter_map(|step| {
                    let summary = Summary::of(curve.of(step));
                    point(step.step, StepPlace::of(step), &summary)
                })
                .collect();
        }
        let buckets = self.buckets.list().iter();
        buckets
            .filter(|bucket| bucket.first <= to && bucket.end.step >= from)
            .filter_map(|bucket| point(bucket.first, bucket.end, &bucket.curves[curve as usize]))
            .collect()
    }

    /// Where in the run a step lies, estimated between the steps that are known; none before the first step.
    pub fn place(&self, step: u64) -> Option<StepPlace> {
        let buckets = self.buckets.list();
        let next = buckets.partition_point(|bucket| bucket.end.step < step);
        let last = buckets.last()?.end;
        let after = buckets.get(next).map_or(last, |bucket| bucket.end);
        let before = match next.checked_sub(1) {
            Some(place) => buckets[place].end,
            None if after.step == step => after,
            None => StepPlace::default(),
        };
        if step == 0 || after.step <= before.step {
            return (step > 0).then_some(after);
        }
        let share = (step - before.step) as f64 / (after.step - before.step) as f64;
        let between = |from: f64, to: f64| from + (to - from) * share;
        Some(StepPlace {
            step,
            tokens: between(before.tokens as f64, after.tokens as f64) as u64,
            epoch: between(before.epoch, after.epoch),
            elapsed: between(before.elapsed, after.elapsed),
        })
    }

    /// The means of the epochs, oldest first.
    pub fn epochs(&self) -> impl DoubleEndedIterator<Item = &Epoch> {
        self.epochs.iter()
    }

    /// The mean loss of the last epoch, or of the last steps; none before the first.
    pub fn mean_loss(&self) -> Option<MeanLoss> {
        self.tail.mean()
    }

    /// Validations, oldest first; that of step 0 is the model before training.
    pub fn validations(&self) -> impl DoubleEndedIterator<Item = &Validation> {
        self.validations.iter()
    }

    /// The validation of the lowest loss, after the first step.
    pub fn best_validation(&self) -> Option<&Validation> {
        self.best.as_ref()
    }

    /// When the rate was set by hand, oldest first.
    pub fn rate_changes(&self) -> impl DoubleEndedIterator<Item = &RateChange> {
        self.rates.iter()
    }

    /// The steps after which the run was held, oldest first.
    pub fn pauses(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.pauses.iter().copied()
    }

    /// Whether it is held now.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The newest checkpoints that were written, oldest first. Some may have been deleted since.
    pub fn checkpoints(&self) -> impl DoubleEndedIterator<Item = &CheckpointNote> {
        self.checkpoints.iter()
    }

    /// The last checkpoint at or before a step that is still on the disk.
    pub fn nearest_checkpoint(&self, step: u64) -> Option<&CheckpointNote> {
        self.checkpoints
            .iter()
            .rev()
            .find(|note| note.step <= step && std::path::Path::new(&note.path).is_dir())
    }

    /// Sets of samples, oldest first. Their texts are not made safe for a terminal.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Samples> {
        self.samples.iter()
    }

    /// The last set of samples at or before a step.
    pub fn nearest_samples(&self, step: u64) -> Option<&Samples> {
        self.samples
            .iter()
            .rev()
            .find(|samples| samples.step <= step)
    }

    /// Odds after the probe prompt, oldest first.
    pub fn odds(&self) -> impl DoubleEndedIterator<Item = &Odds> {
        self.odds.iter()
    }

    /// The last odds at or before a step.
    pub fn nearest_odds(&self, step: u64) -> Option<&Odds> {
        self.odds.iter().rev().find(|odds| odds.step <= step)
    }

    /// How far the corpus is read, until the first step.
    pub fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// What the run, or its newest sitting, began with.
    pub fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }

    /// How it ended, unless it went on since.
    pub fn finished(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }

    /// The newest notices, oldest first.
    pub fn notices(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.notices.iter().map(String::as_str)
    }
}

fn point(first: u64, end: StepPlace, summary: &Summary) -> Option<Point> {
    (!summary.is_empty()).then_some(Point {
        first,
        last: end.step,
        end,
        mean: summary.mean,
        min: summary.min,
        max: summary.max,
        gap: summary.gap,
    })
}

/// Adds an item at the end; the oldest goes when there are too many.
fn keep_newest<T>(list: &mut VecDeque<T>, most: usize, item: T) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(item);
}

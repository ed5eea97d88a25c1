//! Steps by the bucket: a run of any length in bounded memory.

use super::Curve;
use crate::training::StepMetrics;

/// Where in the run a step lies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepPlace {
    pub step: u64,
    /// Text tokens learned from so far.
    pub tokens: u64,
    /// Epochs done, with their fraction.
    pub epoch: f64,
    /// Seconds of training so far.
    pub elapsed: f64,
}

impl StepPlace {
    pub(super) fn of(step: &StepMetrics) -> Self {
        Self {
            step: step.step,
            tokens: step.tokens,
            epoch: step.epoch,
            elapsed: step.elapsed,
        }
    }
}

/// What some values have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    /// How many values were finite.
    pub count: u64,
    /// Of the finite values; no numbers while there is none.
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    /// Whether a value was infinite or no number.
    pub gap: bool,
}

impl Summary {
    const EMPTY: Self = Self {
        count: 0,
        mean: f64::NAN,
        min: f64::NAN,
        max: f64::NAN,
        gap: false,
    };

    pub(super) fn of(value: Option<f64>) -> Self {
        match value {
            None => Self::EMPTY,
            Some(value) if value.is_finite() => Self {
                count: 1,
                mean: value,
                min: value,
                max: value,
                gap: false,
            },
            Some(_) => Self {
                gap: true,
                ..Self::EMPTY
            },
        }
    }

    /// Whether there is nothing to say: neither a value nor a gap.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && !self.gap
    }

    fn join(&mut self, other: &Self) {
        let gap = self.gap || other.gap;
        if self.count == 0 {
            *self = *other;
        } else if other.count > 0 {
            let count = self.count + other.count;
            let share = other.count as f64 / count as f64;
            self.mean = self.mean * (1.0 - share) + other.mean * share;
            // Rounding must not carry the mean out of the band.
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
            self.mean = self.mean.clamp(self.min, self.max);
            self.count = count;
        }
        self.gap = gap;
    }
}

/// Some steps that follow each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bucket {
    /// The first step in it.
    pub first: u64,
    /// Where its last step lies.
    pub end: StepPlace,
    pub curves: [Summary; Curve::ALL.len()],
}

impl Bucket {
    fn of(step: &StepMetrics) -> Self {
        Self {
            first: step.step,
            end: StepPlace::of(step),
            curves: Curve::ALL.map(|curve| Summary::of(curve.of(step))),
        }
    }

    /// Takes the steps of the next bucket in.
    fn join(&mut self, next: &Self) {
        self.end = next.end;
        for (mine, theirs) in self.curves.iter_mut().zip(&next.curves) {
            mine.join(theirs);
        }
    }
}

/// Steps in order, each in the bucket of its number: steps 1 to `stride` in the first, and so on. When there are too
/// many buckets, the stride doubles.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Buckets {
    capacity: usize,
    stride: u64,
    list: Vec<Bucket>,
}

impl Buckets {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(2),
            stride: 1,
            list: Vec::new(),
        }
    }

    pub(super) fn list(&self) -> &[Bucket] {
        &self.list
    }

    /// Adds a step, which must come after all others.
    pub(super) fn push(&mut self, step: &StepMetrics) {
        self.add(Bucket::of(step));
        while self.list.len() > self.capacity {
            self.stride = self.stride.saturating_mul(2);
            for bucket in std::mem::take(&mut self.list) {
                self.add(bucket);
            }
        }
    }

    fn add(&mut self, bucket: Bucket) {
        let number = |step: u64| step.saturating_sub(1) / self.stride;
        match self.list.last_mut() {
            Some(last) if number(last.first) == number(bucket.first) => last.join(&bucket),
            _ => self.list.push(bucket),
        }
    }

    /// Forgets what lies after a step. The bucket that it falls into is made again of `recent`, the newest steps whole;
    /// if they do not reach back to its beginning, it goes too: its numbers would be of steps that were lost.
    pub(super) fn cut_after<'a>(
        &mut self,
        step: u64,
        recent: impl DoubleEndedIterator<Item = &'a StepMetrics> + Clone,
    ) {
        while self.list.last().is_some_and(|last| last.first > step) {
            self.list.pop();
        }
        let Some(last) = self.list.pop_if(|last| last.end.step > step) else {
            return;
        };
        let oldest = recent.clone().next().map(|oldest| oldest.step);
        if oldest.is_some_and(|oldest| oldest <= last.first) {
            for metrics in recent.filter(|recent| (last.first..=step).contains(&recent.step)) {
                self.add(Bucket::of(metrics));
            }
        }
    }
}

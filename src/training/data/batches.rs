//! Sequences in batches, in an order that the seed and the epoch decide.

use super::Sequences;
use crate::training::network::Batch;
use crate::training::random::Key;

/// Where a step stands in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From 0.
    pub epoch: u64,
    /// From 0, within the epoch.
    pub step: u64,
}

/// Hands out batches. Any step's batches can be had at any time: where a run stands in its data follows from the
/// number of its step alone.
pub struct Batches {
    sequences: Sequences,
    batch: usize,
    /// Batches whose gradients make a step.
    accumulate: usize,
    steps_per_epoch: u64,
    order: Key,
}

impl Batches {
    /// Batches of `batch` sequences, `accumulate` of them a step; with `take`, at most that many batches an epoch.
    /// The last step of an epoch may be smaller.
    pub fn new(
        sequences: Sequences,
        batch: usize,
        accumulate: usize,
        take: u64,
        seed: u64,
    ) -> Self {
        let mut batches = sequences.len().div_ceil(batch as u64);
        if take > 0 {
            batches = batches.min(take);
        }
        Self {
            steps_per_epoch: batches.div_ceil(accumulate as u64),
            sequences,
            batch,
            accumulate,
            order: Key::new(seed).named("order"),
        }
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.steps_per_epoch
    }

    /// Sequences in the largest batch, and positions in each.
    pub fn largest_batch(&self) -> (usize, usize) {
        let all = usize::try_from(self.sequences.len()).unwrap_or(usize::MAX);
        (self.batch.min(all), self.sequences.time())
    }

    /// The sequences.
    pub fn sequences(&self) -> &Sequences {
        &self.sequences
    }

    /// Where a step (from 0) stands.
    pub fn position(&self, step: u64) -> Position {
        Position {
            epoch: step / self.steps_per_epoch,
            step: step % self.steps_per_epoch,
        }
    }

    /// The batches of a step (from 0).
    pub fn step(&self, step: u64) -> Vec<Batch> {
        let Position { epoch, step } = self.position(step);
        let order = self.order.with(epoch);
        let (size, count) = (self.batch as u64, self.sequences.len());
        let first = step * self.accumulate as u64;
        (first..first + self.accumulate as u64)
            .map(|batch| (batch * size).min(count)..((batch + 1) * size).min(count))
            .filter(|places| !places.is_empty())
            .map(|places| self.batch(places.map(|place| order.permute(place, count))))
            .collect()
    }

    /// The first sequences in a seeded order that is the same at every call, in batches: for validation. `most` 0 is
    /// all.
    pub fn first(&self, most: u64) -> impl Iterator<Item = Batch> + '_ {
        let (size, count) = (self.batch as u64, self.sequences.len());
        let batches = count.div_ceil(size);
        let order = self.order.named("first");
        (0..if most == 0 {
            batches
        } else {
            batches.min(most)
        })
            .map(move |batch| {
                let places = batch * size..((batch + 1) * size).min(count);
                match most {
                    0 => self.batch(places),
                    _ => self.batch(places.map(|place| order.permute(place, count))),
                }
            })
    }

    fn batch(&self, indices: impl Iterator<Item = u64>) -> Batch {
        let time = self.sequences.time();
        let mut batch = Batch {
            time,
            ..Batch::default()
        };
        for index in indices {
            let sequence = self.sequences.get(index);
            batch.batch += 1;
            batch.inputs.extend_from_slice(&sequence.tokens[..time]);
            batch.targets.extend_from_slice(&sequence.tokens[1..]);
            batch.real.extend((0..time).map(|at| at < sequence.real));
        }
        batch
    }
}

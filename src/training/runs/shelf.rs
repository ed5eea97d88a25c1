//! The checkpoints of a run: found, chosen, and put away when there are too many.
//!
//! A checkpoint is whole, so that the run can go on after it, or it holds the weights alone, so that one can look back
//! at them. The newest stay whole; of older ones the weights stay that are the best, or an epoch's within the budget.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CHECKPOINTS, RunDirectory};
use crate::training::TrainingError;
use crate::training::checkpoint;

/// Most epochs whose weights are kept: more would be slow to write and to list, however small they are.
const MOST_EPOCHS: u64 = 100;

/// A checkpoint that is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckpointEntry {
    pub step: u64,
    pub path: PathBuf,
    /// The validation loss of this very step, if it was measured.
    pub validation: Option<f64>,
    /// What that was measured on: losses on other texts cannot be compared with it.
    #[serde(skip)]
    pub validation_set: String,
    /// Whether the run can go on after it, and not only be looked at.
    pub whole: bool,
}

/// A checkpoint that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    pub path: PathBuf,
    pub problem: String,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        write!(out, "{path} is passed over: {}", self.problem)
    }
}

/// Which weights stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::training) struct Keeping {
    /// How many checkpoints stay whole, the newest; 0 leaves all as they are.
    pub whole: usize,
    /// Bytes for the weights of epochs.
    pub budget: u64,
    pub steps_per_epoch: u64,
    /// Of so many epochs one is kept.
    pub stride: u64,
}

impl Keeping {
    /// For a run of so many epochs whose weights have `bytes`: so few of them that they fit.
    pub(in crate::training) fn new(
        whole: usize,
        budget: u64,
        (steps_per_epoch, epochs): (u64, u64),
        bytes: u64,
    ) -> Self {
        let room = (budget / bytes.max(1)).clamp(1, MOST_EPOCHS);
        Self {
            whole,
            budget,
            steps_per_epoch,
            stride: epochs.div_ceil(room).max(1),
        }
    }

    /// Whether the weights of this step are an epoch's that is kept.
    pub(in crate::training) fn keeps(&self, step: u64) -> bool {
        let epoch = step / self.steps_per_epoch.max(1);
        self.budget > 0
            && step.is_multiple_of(self.steps_per_epoch.max(1))
            && epoch.is_multiple_of(self.stride)
    }
}

impl RunDirectory {
    /// Where its checkpoints are.
    pub fn checkpoints_path(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// Its checkpoints that can be used, oldest first.
    ///
    /// # Errors
    /// When their directory cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<CheckpointEntry>, TrainingError> {
        Ok(self.shelf()?.0)
    }

    /// Its checkpoints that can be used, oldest first, and those that cannot.
    ///
    /// # Errors
    /// When their directory cannot be read.
    pub fn shelf(&self) -> Result<(Vec<CheckpointEntry>, Vec<Damaged>), TrainingError> {
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        for (step, path) in self.numbered()? {
            match checkpoint::inspect(&path) {
                Ok((state, whole)) => {
                    // Older checkpoints do not say when it was measured.
                    let measured = state.validated_at.is_none_or(|at| at == step);
                    found.push(CheckpointEntry {
                        step,
                        validation: state.validation.filter(|_| measured),
                        validation_set: state.validation_set,
                        whole,
                        path,
                    });
                }
                Err(problem) => damaged.push(Damaged { path, problem }),
            }
        }
        found.sort_by_key(|entry| entry.step);
        Ok((found, damaged))
    }

    /// All directories that are named as a checkpoint's, with their steps.
    pub(super) fn numbered(&self) -> Result<Vec<(u64, PathBuf)>, TrainingError> {
        let directory = self.checkpoints_path();
        let wrong = |error: io::Error| TrainingError::io(&directory, error);
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(wrong)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(wrong)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let step = name.strip_prefix("step-");
            if let Some(step) = step.and_then(|step| step.parse().ok()) {
                found.push((step, path));
            }
        }
        Ok(found)
    }

    /// The checkpoint of the lowest validation loss, or the newest if nothing was validated. Losses on another
    /// validation set than the newest one's do not count.
    ///
    /// # Errors
    /// As [`Self::checkpoints`].
    pub fn best_checkpoint(&self) -> Result<Option<CheckpointEntry>, TrainingError> {
        let all = self.checkpoints()?;
        Ok(best(&all).or(all.last()).cloned())
    }

    /// Puts old checkpoints away: see [`Keeping`]. What cannot be used is left alone.
    pub(in crate::training) fn put_away(&self, keeping: &Keeping) -> Result<(), TrainingError> {
        let all = self.checkpoints()?;
        let best = best(&all).map(|entry| entry.step);
        let whole = all.iter().rev().filter(|entry| entry.whole);
        let newest: Vec<u64> = match keeping.whole {
            0 => whole.map(|entry| entry.step).collect(),
            keep => whole.take(keep).map(|entry| entry.step).collect(),
        };
        let mut keeping = *keeping;
        let mut bytes: Vec<(u64, u64)> = Vec::new();
        for entry in all.iter().filter(|entry| keeping.keeps(entry.step)) {
            bytes.push((entry.step, checkpoint::weight_bytes(&entry.path)));
        }
        // Evenly fewer, where the run became longer or its room smaller than was thought.
        let sum = |keeping: &Keeping| -> u64 {
            let kept = bytes.iter().filter(|(step, _)| keeping.keeps(*step));
            kept.map(|(_, bytes)| bytes).sum()
        };
        while sum(&keeping) > keeping.budget {
            keeping.stride += 1;
        }
        for entry in &all {
            if newest.contains(&entry.step) {
                continue;
            }
            if !keeping.keeps(entry.step) && best != Some(entry.step) {
                remove_checkpoint(&entry.path)?;
            } else if entry.whole {
                let wrong = |error| TrainingError::io(&entry.path, error);
                checkpoint::lighten(&entry.path).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

fn best(all: &[CheckpointEntry]) -> Option<&CheckpointEntry> {
    let set = &all.last()?.validation_set;
    let compared = all.iter().filter(|entry| entry.validation_set == *set);
    let measured = compared.filter_map(|entry| Some((entry.validation?, entry)));
    let best = measured.min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(best.1)
}

/// Takes a checkpoint away.
pub(in crate::training) fn remove_checkpoint(path: &Path) -> Result<(), TrainingError> {
    fs::remove_dir_all(path).map_err(|error| TrainingError::io(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_epochs_evenly_so_many_are_kept_as_fit() {
        let kept = |budget: u64, epochs: u64| -> Vec<u64> {
            let keeping = Keeping::new(2, budget, (10, epochs), 100);
            let steps = (1..=10 * epochs).filter(|step| keeping.keeps(*step));
            steps.map(|step| step / 10).collect()
        };
        assert_eq!(kept(1000, 5), [1, 2, 3, 4, 5]);
        assert_eq!(kept(250, 6), [3, 6]);
        assert_eq!(kept(0, 6), [0; 0]);
        // Of a thousand epochs every tenth, whatever the room.
        assert_eq!(kept(u64::MAX, 1000).len(), 100);
    }
}

//! The files that a run's events go to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use super::{METRICS, RunDirectory, SAMPLES};
use crate::training::{CheckpointState, RunEvent, TrainingError};

/// Writes what a run reports.
pub(in crate::training) struct Journal {
    metrics: (PathBuf, File, u64),
    samples: (PathBuf, File, u64),
}

impl Journal {
    /// Opens the files, cut to where `state` left them; anew without one.
    pub(in crate::training) fn open(
        run: &RunDirectory,
        state: Option<&CheckpointState>,
    ) -> Result<Self, TrainingError> {
        let open = |name: &str, length: u64| -> Result<(PathBuf, File, u64), TrainingError> {
            let path = run.path.join(name);
            let prepare = || -> io::Result<(File, u64)> {
                let file = OpenOptions::new().create(true).append(true).open(&path)?;
                let length = length.min(file.metadata()?.len());
                file.set_len(length)?;
                Ok((file, length))
            };
            let (file, length) = prepare().map_err(|error| TrainingError::io(&path, error))?;
            Ok((path, file, length))
        };
        Ok(Self {
            metrics: open(METRICS, state.map_or(0, |state| state.metrics_bytes))?,
            samples: open(SAMPLES, state.map_or(0, |state| state.samples_bytes))?,
        })
    }

    /// Appends an event.
    pub(in crate::training) fn write(&mut self, event: &RunEvent) -> Result<(), TrainingError> {
        let (path, file, length) = match event {
            // A checkpoint is its own record, and what is read is not of the run.
            RunEvent::Checkpoint(_) | RunEvent::Reading(_) | RunEvent::Corpus(_) => return Ok(()),
            RunEvent::Samples(_) | RunEvent::Odds(_) => &mut self.samples,
            _ => &mut self.metrics,
        };
        let mut line = serde_json::to_vec(event).unwrap_or_default();
        line.push(b'\n');
        file.write_all(&line).map_err(|error| {
            // Half a line would spoil the next one, which may say why the run ended.
            let _ = file.set_len(*length);
            TrainingError::io(path, error)
        })?;
        *length += line.len() as u64;
        Ok(())
    }

    /// Hands all to the disk and returns the lengths of both files.
    pub(in crate::training) fn sync(&mut self) -> Result<(u64, u64), TrainingError> {
        for (path, file, _) in [&self.metrics, &self.samples] {
            file.sync_data()
                .map_err(|error| TrainingError::io(path, error))?;
        }
        Ok((self.metrics.2, self.samples.2))
    }
}

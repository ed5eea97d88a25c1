//! The directories of runs: `recipe.toml`, `metrics.jsonl`, `samples.jsonl`, `checkpoints/`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::checkpoint::{self, CheckpointState, copy_model};
use super::{Event, MeanLoss, Recipe, StepMetrics, Tail, TrainingError, Validation};

const RECIPE: &str = "recipe.toml";
const METRICS: &str = "metrics.jsonl";
const SAMPLES: &str = "samples.jsonl";
const CHECKPOINTS: &str = "checkpoints";
const LOCK: &str = "run.lock";

/// The directory of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// A checkpoint that is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckpointEntry {
    pub step: u64,
    pub path: PathBuf,
    pub validation: Option<f64>,
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    pub name: String,
    pub path: PathBuf,
    pub last: Option<StepMetrics>,
    /// The mean loss of the last epoch, or of the last steps.
    pub mean_loss: Option<MeanLoss>,
    pub best: Option<Validation>,
    pub finished: Option<super::FinishReason>,
    /// What went wrong, if it did.
    pub failure: Option<String>,
    /// Whether a process works on it.
    pub running: bool,
    pub checkpoints: Vec<CheckpointEntry>,
}

impl RunDirectory {
    /// The run of a name, which need not exist.
    pub fn of(directory: &Path, name: &str) -> Self {
        Self {
            path: directory.join(name),
        }
    }

    /// The run of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(directory: &Path, name: &str) -> Result<Self, TrainingError> {
        let run = Self::of(directory, name);
        match run.exists() {
            true => Ok(run),
            false => Err(TrainingError::Run(format!(
                "there is no run `{name}` in {}; `logitscope runs list` shows what there is",
                directory.display()
            ))),
        }
    }

    /// All runs of a directory, by name; none if it does not exist.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn all(directory: &Path) -> Result<Vec<Self>, TrainingError> {
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| TrainingError::io(directory, error))?,
        };
        let mut runs: Vec<Self> = entries
            .filter_map(|entry| {
                Some(Self {
                    path: entry.ok()?.path(),
                })
            })
            .filter(Self::exists)
            .collect();
        runs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(runs)
    }

    /// Whether there is a run here.
    pub fn exists(&self) -> bool {
        self.path.join(RECIPE).is_file()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Where its checkpoints are.
    pub fn checkpoints_path(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// Its checkpoints that are whole, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<CheckpointEntry>, TrainingError> {
        let directory = self.checkpoints_path();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| TrainingError::io(&directory, error))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry
                .map_err(|error| TrainingError::io(&directory, error))?
                .path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let step = name
                .strip_prefix("step-")
                .and_then(|step| step.parse().ok());
            let Some(step) = step else { continue };
            let state = checkpoint::read_state(&path)?;
            found.push(CheckpointEntry {
                step,
                validation: state.validation,
                path,
            });
        }
        found.sort_by_key(|entry| entry.step);
        Ok(found)
    }

    /// The checkpoint of the lowest validation loss, or the newest if none was evaluated.
    ///
    /// # Errors
    /// As [`Self::checkpoints`].
    pub fn best_checkpoint(&self) -> Result<Option<CheckpointEntry>, TrainingError> {
        let all = self.checkpoints()?;
        let evaluated = all.iter().filter(|entry| entry.validation.is_some());
        let best = evaluated.min_by(|a, b| {
            let loss = |entry: &CheckpointEntry| entry.validation.unwrap_or(f64::INFINITY);
            loss(a).total_cmp(&loss(b))
        });
        Ok(best.or(all.last()).cloned())
    }

    /// The recipe that it was started with.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn recipe(&self) -> Result<Recipe, TrainingError> {
        let path = self.path.join(RECIPE);
        let text = fs::read_to_string(&path).map_err(|error| TrainingError::io(&path, error))?;
        toml::from_str(&text).map_err(|error| TrainingError::File {
            file: path.display().to_string(),
            problem: format!("is no recipe: {}", error.message()),
        })
    }

    /// Makes the directory, or notes another recipe in it.
    pub(super) fn write_recipe(&self, recipe: &Recipe) -> Result<(), TrainingError> {
        let wrong = |error: io::Error| TrainingError::io(&self.path, error);
        fs::create_dir_all(self.checkpoints_path()).map_err(wrong)?;
        let text = toml::to_string(recipe)
            .map_err(|error| TrainingError::Setting(format!("the recipe is no TOML: {error}")))?;
        let aside = self.path.join(".recipe.part");
        fs::write(&aside, text).map_err(wrong)?;
        fs::rename(&aside, self.path.join(RECIPE)).map_err(wrong)
    }

    /// Claims the run for this process until the lock is dropped.
    ///
    /// # Errors
    /// When another process has it.
    pub(super) fn lock(&self) -> Result<File, TrainingError> {
        let path = self.path.join(LOCK);
        fs::create_dir_all(&self.path).map_err(|error| TrainingError::io(&self.path, error))?;
        let file = File::create(&path).map_err(|error| TrainingError::io(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(TrainingError::Run(format!(
                "the run `{}` is in use by another process; wait for it or choose another --run-name",
                self.name()
            ))),
            Err(TryLockError::Error(error)) => Err(TrainingError::io(&path, error)),
        }
    }

    fn is_running(&self) -> bool {
        let file = File::open(self.path.join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Calls `each` with every event that was kept, in order. Lines that are cut short are passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self, mut each: impl FnMut(Event)) -> Result<(), TrainingError> {
        for name in [METRICS, SAMPLES] {
            let path = self.path.join(name);
            let Ok(file) = File::open(&path) else {
                continue;
            };
            // By the byte: a line may be cut short within a character.
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(|error| TrainingError::io(&path, error))?;
                if let Ok(event) = serde_json::from_slice(&line) {
                    each(event);
                }
            }
        }
        Ok(())
    }

    /// The run at a glance.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn summary(&self) -> Result<RunSummary, TrainingError> {
        let mut summary = RunSummary {
            name: self.name(),
            path: self.path.clone(),
            last: None,
            mean_loss: None,
            best: None,
            finished: None,
            failure: None,
            running: self.is_running(),
            checkpoints: self.checkpoints()?,
        };
        let mut tail = Tail::default();
        self.events(|event| {
            tail.push(&event);
            match event {
                Event::Started(_) => (summary.finished, summary.failure) = (None, None),
                Event::Step(step) => summary.last = Some(step),
                Event::Validation(validation) if validation.best => summary.best = Some(validation),
                Event::Finished(finished) => {
                    summary.finished = Some(finished.reason);
                    summary.failure = finished.failure;
                }
                _ => {}
            }
        })?;
        summary.mean_loss = tail.mean();
        Ok(summary)
    }

    /// Takes the run off the disk.
    ///
    /// # Errors
    /// When a process works on it, or it cannot be deleted.
    pub fn delete(&self) -> Result<(), TrainingError> {
        let lock = self.lock()?;
        fs::remove_dir_all(&self.path).map_err(|error| TrainingError::io(&self.path, error))?;
        drop(lock);
        Ok(())
    }

    /// Deletes the oldest checkpoints but for `keep` and the best; 0 keeps all. Also takes away what a killed process
    /// left half-written.
    pub(super) fn prune(&self, keep: usize) -> Result<(), TrainingError> {
        let all = self.checkpoints()?;
        let best = self.best_checkpoint()?.map(|entry| entry.step);
        if keep == 0 || all.len() <= keep {
            return Ok(());
        }
        for entry in &all[..all.len() - keep] {
            if Some(entry.step) != best {
                fs::remove_dir_all(&entry.path)
                    .map_err(|error| TrainingError::io(&entry.path, error))?;
            }
        }
        Ok(())
    }
}

/// Copies the model of a checkpoint to a directory in Hugging Face layout, with its weights in `f16` where `half`.
///
/// # Errors
/// When the target exists and is not empty, a file cannot be copied, or a weight is too large for `f16`.
pub fn export(checkpoint: &Path, target: &Path, half: bool) -> Result<(), TrainingError> {
    let wrong = |error: io::Error| TrainingError::io(target, error);
    fs::create_dir_all(target).map_err(wrong)?;
    if fs::read_dir(target).map_err(wrong)?.next().is_some() {
        return Err(TrainingError::Run(format!(
            "{} is not empty; choose another directory",
            target.display()
        )));
    }
    copy_model(checkpoint, target, half)
}

/// The files that a run's events go to.
pub(super) struct Journal {
    metrics: (PathBuf, File, u64),
    samples: (PathBuf, File, u64),
}

impl Journal {
    /// Opens the files, cut to where `state` left them; anew without one.
    pub(super) fn open(
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
    pub(super) fn write(&mut self, event: &Event) -> Result<(), TrainingError> {
        let (path, file, length) = match event {
            // A checkpoint is its own record, and what is read is not of the run.
            Event::Checkpoint(_) | Event::Reading(_) => return Ok(()),
            Event::Samples(_) | Event::Odds(_) => &mut self.samples,
            _ => &mut self.metrics,
        };
        let mut line = serde_json::to_vec(event).unwrap_or_default();
        line.push(b'\n');
        file.write_all(&line)
            .map_err(|error| TrainingError::io(path, error))?;
        *length += line.len() as u64;
        Ok(())
    }

    /// Hands all to the disk and returns the lengths of both files.
    pub(super) fn sync(&mut self) -> Result<(u64, u64), TrainingError> {
        for (path, file, _) in [&self.metrics, &self.samples] {
            file.sync_data()
                .map_err(|error| TrainingError::io(path, error))?;
        }
        Ok((self.metrics.2, self.samples.2))
    }
}

//! The directories of runs: `recipe.toml`, `inputs.json`, `metrics.jsonl`, `samples.jsonl`, `checkpoints/`.

mod claim;
mod inputs;
mod journal;
mod shelf;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

pub(super) use self::claim::Claim;
use self::inputs::INPUTS;
pub(super) use self::inputs::{Inputs, hash};
pub(super) use self::journal::Journal;
pub use self::shelf::{CheckpointEntry, Damaged};
pub(super) use self::shelf::{Keeping, remove_checkpoint};
use super::checkpoint::{self, copy_model, remove_model};
use super::{
    History, MeanLoss, Recipe, RunEvent, StepMetrics, Tail, TrainingError, Validation, Verdict,
};

const RECIPE: &str = "recipe.toml";
const METRICS: &str = "metrics.jsonl";
const SAMPLES: &str = "samples.jsonl";
const CHECKPOINTS: &str = "checkpoints";
const LOCK: &str = "run.lock";
/// Where small files are written before they have their name.
const PART: &str = ".run.part";

/// The directory of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunSummary {
    pub name: String,
    pub path: PathBuf,
    pub last: Option<StepMetrics>,
    /// The mean loss of the last epoch, or of the last steps.
    pub mean_loss: Option<MeanLoss>,
    pub best: Option<Validation>,
    /// How it goes, or went.
    pub verdict: Verdict,
    pub finished: Option<super::FinishReason>,
    /// What went wrong, if it did.
    pub failure: Option<String>,
    /// Whether a process works on it.
    pub running: bool,
    pub checkpoints: Vec<CheckpointEntry>,
    /// Checkpoints that cannot be used.
    #[serde(skip)]
    pub damaged: Vec<Damaged>,
}

impl RunDirectory {
    /// The run of a name, which need not exist.
    pub fn of(directory: &Path, name: &str) -> Self {
        Self {
            path: directory.join(name),
        }
    }

    /// The run of a name, or the one that a path leads to: what has more than one part is a path from here, whatever
    /// the directory of runs is.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(directory: &Path, name: &str) -> Result<Self, TrainingError> {
        let path = Path::new(name);
        let run = match (path.parent(), path.file_name()) {
            (Some(parent), Some(_)) if parent != Path::new("") => Self {
                path: path.to_owned(),
            },
            _ => Self::of(directory, name),
        };
        if run.exists() {
            Ok(run)
        } else {
            Err(TrainingError::Run(format!(
                "there is no run `{name}` in {}; `logitscope runs list` shows what there is",
                directory.display()
            )))
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
        self.replace(RECIPE, text.as_bytes())
    }

    /// Writes one of the run's small files, whole or not at all.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), TrainingError> {
        let aside = self.path.join(PART);
        let write = || -> io::Result<()> {
            fs::write(&aside, bytes)?;
            fs::rename(&aside, self.path.join(name))
        };
        write().map_err(|error| TrainingError::io(&self.path.join(name), error))
    }

    /// How much of what happened is on the disk, in bytes: it changes when the run goes on.
    pub fn recorded(&self) -> u64 {
        let length = |name: &&str| fs::metadata(self.path.join(name)).map_or(0, |file| file.len());
        [METRICS, SAMPLES].iter().map(length).sum()
    }

    /// When something that happened was written last.
    pub fn written(&self) -> Option<SystemTime> {
        let time =
            |name: &&str| fs::metadata(self.path.join(name)).and_then(|file| file.modified());
        let times = [RECIPE, METRICS, SAMPLES].iter().map(time);
        times.filter_map(Result::ok).max()
    }

    /// Calls `each` with every event that was kept, in order. Lines that are cut short are passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self, mut each: impl FnMut(RunEvent)) -> Result<(), TrainingError> {
        let mut ended = false;
        for name in [METRICS, SAMPLES] {
            let path = self.path.join(name);
            let Ok(file) = File::open(&path) else {
                continue;
            };
            // By the byte: a line may be cut short within a character.
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(|error| TrainingError::io(&path, error))?;
                if let Some(event) = RunEvent::of_line(&line) {
                    match event {
                        RunEvent::Started(_) => ended = false,
                        RunEvent::Finished(_) => ended = true,
                        _ => {}
                    }
                    each(event);
                }
            }
        }
        if let (false, Some(end)) = (ended, self.noted_end()) {
            each(end);
        }
        Ok(())
    }

    /// The run at a glance.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn summary(&self) -> Result<RunSummary, TrainingError> {
        let (checkpoints, damaged) = self.shelf()?;
        let mut summary = RunSummary {
            name: self.name(),
            path: self.path.clone(),
            last: None,
            mean_loss: None,
            best: None,
            verdict: Verdict::of(&History::new()),
            finished: None,
            failure: None,
            running: self.is_claimed(),
            checkpoints,
            damaged,
        };
        let mut tail = Tail::default();
        let mut history = History::new();
        self.events(|event| {
            tail.push(&event);
            history.push(&event);
            match event {
                RunEvent::Started(_) => (summary.finished, summary.failure) = (None, None),
                RunEvent::Step(step) => summary.last = Some(step),
                RunEvent::Validation(validation) if validation.best => {
                    summary.best = Some(validation)
                }
                RunEvent::Finished(finished) => {
                    summary.finished = Some(finished.reason);
                    summary.failure = finished.failure;
                }
                _ => {}
            }
        })?;
        summary.mean_loss = tail.mean();
        summary.verdict = Verdict::of(&history);
        Ok(summary)
    }

    /// Takes the run off the disk. What other programs put beside its files stays.
    ///
    /// # Errors
    /// When a process works on it, or it cannot be deleted.
    pub fn delete(&self) -> Result<(), TrainingError> {
        let claim = self.claim()?;
        self.clear()?;
        let path = self.path.join(LOCK);
        fs::remove_file(&path).map_err(|error| TrainingError::io(&path, error))?;
        drop(claim);
        // It stays where something else is in it.
        let _ = fs::remove_dir(&self.path);
        Ok(())
    }

    /// Takes away what a run writes, but for the lock, and nothing else.
    pub(super) fn clear(&self) -> Result<(), TrainingError> {
        // The recipe goes first: what has none is no run.
        for name in [RECIPE, INPUTS, METRICS, SAMPLES, PART] {
            let path = self.path.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(TrainingError::io(&path, error));
                }
                _ => {}
            }
        }
        for (_, path) in self.numbered()? {
            remove_checkpoint(&path)?;
        }
        checkpoint::sweep(&self.checkpoints_path());
        let _ = fs::remove_dir(self.checkpoints_path());
        Ok(())
    }
}

/// Copies the model of a checkpoint to a directory in Hugging Face layout, with its weights in `f16` where `half`.
///
/// # Errors
/// When the target exists and is not empty, a file cannot be copied, or a weight is too large for `f16`.
pub fn export(checkpoint: &Path, target: &Path, half: bool) -> Result<(), TrainingError> {
    let wrong = |error: io::Error| TrainingError::io(target, error);
    let is_new = !target.exists();
    fs::create_dir_all(target).map_err(wrong)?;
    if fs::read_dir(target).map_err(wrong)?.next().is_some() {
        return Err(TrainingError::Run(format!(
            "{} is not empty; choose another directory",
            target.display()
        )));
    }
    copy_model(checkpoint, target, half).map_err(|error| {
        // Half a model would keep the next try from beginning. The first error is the one to tell.
        remove_model(target);
        if is_new {
            let _ = fs::remove_dir(target);
        }
        error.and_then("and export again; nothing was left there")
    })
}

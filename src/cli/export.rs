//! `export`: a run's model as a directory in Hugging Face layout.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::output::Output;
use super::{CliError, warn};
use crate::model::OWN_MODEL_TYPE;
use crate::training::{CheckpointEntry, RUNS, RunDirectory, export};

/// Export a run's model as a directory in Hugging Face layout
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The run, by its name or its path
    pub run: String,
    /// The directory to write, which must be new or empty
    pub target: PathBuf,
    /// Which checkpoint: latest, best (by validation), or a step
    #[arg(long, value_name = "WHICH", default_value = "best")]
    pub checkpoint: String,
    /// Write the weights as f16: half the size, and close to what they were
    #[arg(long)]
    pub half: bool,
    /// The directory of all runs
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    pub runs: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such run or checkpoint, or the target cannot be written.
pub fn run(args: &ExportArgs) -> Result<(), CliError> {
    let run = RunDirectory::open(&args.runs, &args.run).map_err(CliError::failed)?;
    let (entry, why) = checkpoint(&run, &args.checkpoint)?;
    export(&entry.path, &args.target, args.half).map_err(CliError::failed)?;
    let mut output = Output::stdout();
    output.line(&format!(
        "step {}, {why}: {} -> {}",
        entry.step,
        entry.path.display(),
        args.target.display()
    ))?;
    if let Some(shape) = own_shape(&args.target) {
        warn(&format!(
            "transformers has no GPT-2 of this shape ({shape}) and does not load it; `--model {}` of logitscope does, and docs/training.md says what the keys mean",
            args.target.display()
        ));
    }
    output.flush()
}

/// What in the configuration of a model no GPT-2 of transformers has; none if they are alike.
fn own_shape(model: &Path) -> Option<String> {
    let config = std::fs::read(model.join("config.json")).ok()?;
    let config: Value = serde_json::from_slice(&config).ok()?;
    if config["model_type"] != OWN_MODEL_TYPE {
        return None;
    }
    let keys = ["post_norm", "head_width", "head_bias"];
    let set = keys
        .map(|key| (config[key] != Value::Bool(false)).then(|| format!("{key} {}", config[key])));
    let set: Vec<String> = set.into_iter().flatten().collect();
    Some(set.join(", "))
}

/// The checkpoint that is meant, and why it is that one.
fn checkpoint(run: &RunDirectory, which: &str) -> Result<(CheckpointEntry, String), CliError> {
    let (all, damaged) = run.shelf().map_err(CliError::failed)?;
    for checkpoint in &damaged {
        warn(&checkpoint.to_string());
    }
    let newest = || all.last().cloned();
    let found = match which {
        "best" => {
            let best = run.best_checkpoint().map_err(CliError::failed)?;
            best.map(|entry| {
                let why = match entry.validation {
                    Some(loss) => format!("the one of the lowest validation loss, {loss:.4}"),
                    None => "the newest, since none was validated".to_owned(),
                };
                (entry, why)
            })
        }
        "latest" => newest().map(|entry| (entry, "the newest".to_owned())),
        step => {
            let step: u64 = step.parse().map_err(|_| {
                CliError::usage(format!(
                    "--checkpoint {step}: use latest, best or a step's number"
                ))
            })?;
            let found = all.iter().find(|entry| entry.step == step).cloned();
            found.map(|entry| (entry, "as asked".to_owned()))
        }
    };
    let steps: Vec<String> = all.iter().map(|entry| entry.step.to_string()).collect();
    found.ok_or_else(|| {
        CliError::failed(if steps.is_empty() {
            format!("the run `{}` has no checkpoint yet", run.name())
        } else {
            format!(
                "the run `{}` has no checkpoint `{which}`; there are those of steps {}",
                run.name(),
                steps.join(", ")
            )
        })
    })
}

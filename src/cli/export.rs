//! `export`: a run's model as a directory in Hugging Face layout.

use std::path::PathBuf;

use super::CliError;
use super::output::Output;
use crate::training::{RunDirectory, export};

/// Export a run's model as a directory in Hugging Face layout
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The run
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
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such run or checkpoint, or the target cannot be written.
pub fn run(args: &ExportArgs) -> Result<(), CliError> {
    let run = RunDirectory::open(&args.runs, &args.run).map_err(CliError::failed)?;
    let path = checkpoint(&run, &args.checkpoint)?;
    export(&path, &args.target, args.half).map_err(CliError::failed)?;
    let mut output = Output::stdout();
    output.line(&format!("{} -> {}", path.display(), args.target.display()))?;
    output.flush()
}

fn checkpoint(run: &RunDirectory, which: &str) -> Result<PathBuf, CliError> {
    let all = run.checkpoints().map_err(CliError::failed)?;
    let found = match which {
        "best" => run.best_checkpoint().map_err(CliError::failed)?,
        "latest" => all.last().cloned(),
        step => {
            let step: u64 = step.parse().map_err(|_| {
                CliError::usage(format!(
                    "--checkpoint {step}: use latest, best or a step's number"
                ))
            })?;
            all.iter().find(|entry| entry.step == step).cloned()
        }
    };
    let steps: Vec<String> = all.iter().map(|entry| entry.step.to_string()).collect();
    found.map(|entry| entry.path).ok_or_else(|| {
        CliError::failed(match steps.is_empty() {
            true => format!("the run `{}` has no checkpoint yet", run.name()),
            false => format!(
                "the run `{}` has no checkpoint `{which}`; there are those of steps {}",
                run.name(),
                steps.join(", ")
            ),
        })
    })
}

//! `runs resume`: going on with a run, as it was planned or otherwise.

use crate::cli::{CliError, train, warn};
use crate::training::schedule::Course;
use crate::training::{Allowed, Recipe, Restore, RunDirectory};

/// Which run, and what changes.
#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    /// The run
    pub name: String,
    /// Steps in all, instead of those of the recipe
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    pub steps: Option<u64>,
    /// Epochs in all, instead of those of the recipe
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Go on after the checkpoint of this step instead of the newest; with --overwrite where later ones are lost by it
    #[arg(long, value_name = "STEP")]
    pub from: Option<u64>,
    /// The highest learning rate from here on
    #[arg(long, alias = "lr", value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// The course of the learning rate from here on
    #[arg(long, value_name = "COURSE", value_parser = ["constant", "linear", "cosine"])]
    pub schedule: Option<String>,
    /// Let the rate grow anew from here, over so many steps; its course begins here too
    #[arg(long, value_name = "N")]
    pub warmup: Option<u64>,
    /// Scale gradients down to this norm from here on; 0 is off
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f64>,
    /// Delete the later checkpoints of a run that goes on from an earlier one
    #[arg(long)]
    pub overwrite: bool,
    /// Go on although the corpus, the validation set, the tokenizer or the model that the run started from has changed
    #[arg(long)]
    pub accept_changes: bool,
    /// Print what happens as records, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
}

/// Goes on.
///
/// # Errors
/// When there is no such checkpoint, the recipe cannot be read, or the run fails.
pub fn run(run: &RunDirectory, args: &ResumeArgs) -> Result<(), CliError> {
    let mut recipe = run.recipe().map_err(CliError::failed)?;
    // The directory may have been moved since.
    recipe.run.directory = run.path().parent().unwrap_or(run.path()).to_owned();
    recipe.run.name = run.name().to_owned();
    let (checkpoints, damaged) = run.shelf().map_err(CliError::failed)?;
    let (restore, step) = match args.from {
        None => {
            let newest = checkpoints.iter().rfind(|entry| entry.whole);
            (Restore::Latest, newest.map_or(0, |entry| entry.step))
        }
        Some(step) => {
            for checkpoint in &damaged {
                warn(&checkpoint.to_string());
            }
            let found = checkpoints.iter().find(|entry| entry.step == step);
            let found = found.filter(|entry| entry.whole).ok_or_else(|| {
                let whole = checkpoints.iter().filter(|entry| entry.whole);
                let steps: Vec<String> = whole.map(|entry| entry.step.to_string()).collect();
                CliError::failed(format!(
                    "the run `{}` cannot go on from step {step}: {}",
                    run.name(),
                    if steps.is_empty() {
                        "it has no checkpoint to go on after".to_owned()
                    } else {
                        format!("it has checkpoints of steps {}", steps.join(", "))
                    }
                ))
            })?;
            (Restore::Path(found.path.clone()), step)
        }
    };
    change(&mut recipe, args, step)?;
    let allowed = Allowed {
        overwrite: args.overwrite,
        changes: args.accept_changes,
    };
    train::go("runs resume", recipe, &restore, allowed, args.json)
}

/// Lays the flags over the recipe of a run that goes on after `step`.
fn change(recipe: &mut Recipe, args: &ResumeArgs, step: u64) -> Result<(), CliError> {
    recipe.training.steps = args.steps.unwrap_or(recipe.training.steps);
    if let Some(epochs) = args.epochs {
        recipe.training.epochs = epochs;
        recipe.training.steps = 0;
    }
    let schedule = &mut recipe.schedule;
    schedule.learning_rate = args.learning_rate.unwrap_or(schedule.learning_rate);
    if let Some(course) = &args.schedule {
        schedule.course = match course.as_str() {
            "linear" => Course::Linear,
            "cosine" => Course::Cosine,
            _ => Course::Constant,
        };
    }
    if let Some(warmup) = args.warmup {
        (schedule.warmup, schedule.begin) = (warmup, step);
    }
    recipe.optimizer.clip = args.clip.unwrap_or(recipe.optimizer.clip);
    recipe.check().map_err(CliError::usage)
}

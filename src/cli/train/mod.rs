//! `train` and `finetune`: a run without a screen.

mod args;
pub(super) mod interrupts;
mod overrides;
mod report;

use std::sync::atomic::{AtomicBool, Ordering};

use self::args::RunArgs;
pub(super) use self::report::{Report, epoch_means};
use super::CliError;
use super::global_options::GlobalOptions;
use super::sampler_args::SamplerArgs;
use crate::config::Config;
use crate::training::presets::DEMO;
use crate::training::{
    Allowed, Control, FinishReason, Recipe, Restore, RunDirectory, Trainer, TrainingError, heap,
};

/// Train a model from scratch
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub struct TrainArgs {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    sampler: SamplerArgs,
}

/// Finetune a model (--model) on texts of your own
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub struct FinetuneArgs {
    /// Finetune the embedded model on the weather reports that come with it, to see in minutes how samples change;
    /// short for --recipe demo
    #[arg(long, conflicts_with_all = ["data.corpus.files", "recipe", "model"])]
    demo: bool,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    sampler: SamplerArgs,
}

/// Runs `train`.
///
/// # Errors
/// When the recipe is wrong, the run fails, or the user interrupts.
pub fn train(args: &TrainArgs, options: &GlobalOptions, config: &Config) -> Result<(), CliError> {
    check_options(options)?;
    if let Some(model) = &options.model {
        return Err(CliError::usage(format!(
            "--model {model}: train begins from scratch; finetune goes on with a model, and --tokenizer takes a model's tokenizer"
        )));
    }
    let recipe = overrides::recipe(&args.run, &args.sampler, config, None)?;
    run("train", &args.run, recipe)
}

/// Runs `finetune`.
///
/// # Errors
/// As [`train`].
pub fn finetune(
    args: &FinetuneArgs,
    options: &GlobalOptions,
    config: &Config,
) -> Result<(), CliError> {
    check_options(options)?;
    let mut flags = args.run.clone();
    // The recipe names its model itself.
    let base = if args.demo {
        flags.recipe.push(DEMO.to_owned());
        None
    } else {
        Some(config.model.source.clone())
    };
    let mut recipe = overrides::recipe(&flags, &args.sampler, config, base)?;
    // A run that goes on has its model already; one that is named all the same must be that one.
    if flags.restore() == Restore::Latest && options.model.is_none() {
        let run = RunDirectory::of(&recipe.run.directory, &recipe.run.name);
        if run.exists() {
            recipe.model.from = run.recipe().map_err(CliError::failed)?.model.from;
        }
    }
    run("finetune", &flags, recipe)
}

/// Options that are of no use in training are not taken for what they would be.
fn check_options(options: &GlobalOptions) -> Result<(), CliError> {
    match options.precision.as_deref() {
        None | Some("auto" | "f32") => Ok(()),
        Some("bf16") => Err(CliError::usage(
            "--precision bf16: in training that is --mixed-precision",
        )),
        Some("f16") => Err(CliError::usage(
            "--precision f16: training is in f32, or with --mixed-precision in bf16",
        )),
        Some(blocks) => Err(CliError::usage(format!(
            "--precision {blocks}: weights in blocks cannot be trained; leave it out to train in f32, or take --mixed-precision"
        ))),
    }
}

fn run(command: &'static str, args: &RunArgs, recipe: Recipe) -> Result<(), CliError> {
    if args.print_recipe {
        let here = std::env::current_dir()?;
        let recipe = recipe.seen_from(&here);
        let text = toml::to_string(&recipe).map_err(CliError::failed)?;
        return super::print_bytes(text.as_bytes());
    }
    let allowed = Allowed {
        overwrite: args.overwrite,
        changes: args.accept_changes,
    };
    go(command, recipe, &args.restore(), allowed, args.json)
}

/// Prepares and trains, reporting as it goes.
///
/// # Errors
/// When the run fails or the user interrupts.
pub(super) fn go(
    command: &'static str,
    recipe: Recipe,
    restore: &Restore,
    allowed: Allowed,
    json: bool,
) -> Result<(), CliError> {
    heap::tune();
    let control = Control::default();
    let interrupted = interrupts::watch(&control)?;
    let mut report = Report::new(json);
    report.begin(command, &recipe)?;
    let mut trainer = Trainer::prepare(recipe, restore, allowed, &control, &mut |event| {
        report.event(event, &control);
    })
    .map_err(|error| failure(error, &interrupted))?;
    let finished = trainer.run(&mut |event| report.event(event, &control));
    report.end()?;
    let finished = finished.map_err(|error| failure(error, &interrupted))?;
    match finished.reason {
        FinishReason::Stopped if interrupted.load(Ordering::Relaxed) => Err(CliError::Interrupted),
        _ => Ok(()),
    }
}

fn failure(error: TrainingError, interrupted: &AtomicBool) -> CliError {
    match error {
        TrainingError::Cancelled if interrupted.load(Ordering::Relaxed) => CliError::Interrupted,
        TrainingError::Setting(problem) => CliError::Usage(problem),
        error @ (TrainingError::NotFinite { .. } | TrainingError::Diverged { .. }) => {
            CliError::Diverged(error.to_string())
        }
        other => CliError::failed(other),
    }
}

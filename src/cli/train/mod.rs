//! `train` and `finetune`: a run without a screen.

mod args;
mod overrides;
mod report;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::args::RunArgs;
use self::report::Report;
pub(super) use self::report::epoch_means;
use super::sampler_args::SamplerArgs;
use super::{CliError, runtime};
use crate::config::Config;
use crate::training::presets::DEMO;
use crate::training::{
    Allowed, Control, FinishReason, Recipe, Restore, Trainer, TrainingError, heap,
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
    #[arg(long, conflicts_with_all = ["files", "recipe", "model"])]
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
pub fn train(args: &TrainArgs, config: &Config) -> Result<(), CliError> {
    let recipe = overrides::recipe(&args.run, &args.sampler, config, None)?;
    run(&args.run, recipe)
}

/// Runs `finetune`.
///
/// # Errors
/// As [`train`].
pub fn finetune(args: &FinetuneArgs, config: &Config) -> Result<(), CliError> {
    let mut flags = args.run.clone();
    // The recipe names its model itself.
    let base = match args.demo {
        true => {
            flags.recipe.push(DEMO.to_owned());
            None
        }
        false => Some(config.model.source.clone()),
    };
    let recipe = overrides::recipe(&flags, &args.sampler, config, base)?;
    run(&flags, recipe)
}

fn run(args: &RunArgs, recipe: Recipe) -> Result<(), CliError> {
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
    go(recipe, &args.restore(), allowed, args.json)
}

/// Prepares and trains, reporting as it goes.
///
/// # Errors
/// When the run fails or the user interrupts.
pub(super) fn go(
    recipe: Recipe,
    restore: &Restore,
    allowed: Allowed,
    json: bool,
) -> Result<(), CliError> {
    heap::tune();
    let control = Control::default();
    let interrupted = watch_interrupts(&control)?;
    let mut report = Report::new(json);
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

/// The first interrupt saves and stops, the second one quits.
fn watch_interrupts(control: &Control) -> Result<Arc<AtomicBool>, CliError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (control, seen) = (control.clone(), Arc::clone(&interrupted));
    let runtime = runtime()?;
    // Registered before the run begins, so that no interrupt finds the system's own handler.
    let mut interrupts = runtime.block_on(async { Interrupts::new() })?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            while interrupts.next().await {
                if seen.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
                eprintln!("logitscope: saving and stopping; interrupt again to quit at once");
                control.stop();
            }
        });
    });
    Ok(interrupted)
}

/// Interrupts and requests to end, as far as the system has them.
struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupts {
    #[cfg(unix)]
    fn new() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> Result<Self, CliError> {
        Ok(Self {})
    }

    /// Waits for the next; false when there will be none.
    async fn next(&mut self) -> bool {
        #[cfg(unix)]
        return tokio::select! {
            seen = self.interrupt.recv() => seen.is_some(),
            seen = self.terminate.recv() => seen.is_some(),
        };
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await.is_ok()
    }
}

//! `runs`: what was trained, compared, resumed, deleted.

mod chart;
mod resume;

use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use self::chart::ChartArgs;
use self::resume::ResumeArgs;
use super::json::{Header, Record, RunRecord, recipe};
use super::output::Output;
use super::table::TableArgs;
use super::{CliError, stderr, train, warn};
use crate::text::sanitize;
use crate::training::{RUNS, RunDirectory, RunEvent, RunSummary, Validation};

/// List, show, compare, chart, resume and delete runs
#[derive(Debug, clap::Args)]
pub struct RunsArgs {
    /// The directory of all runs
    #[arg(long, value_name = "DIR", default_value = RUNS, global = true)]
    pub runs: PathBuf,
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// What to do with runs.
#[derive(Debug, clap::Subcommand)]
pub enum RunsCommand {
    /// List all runs
    List {
        /// Print a record for each, one line of JSON each (docs/json.md)
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        table: TableArgs,
    },
    /// Show a run: its recipe, checkpoints, validations and samples
    Show {
        /// The run, by its name or its path
        name: String,
        /// Print all that it kept, one line of JSON each (docs/json.md)
        #[arg(long)]
        json: bool,
    },
    /// Compare runs: their last steps, and their validation losses step by step
    Compare {
        /// The runs, by their names or paths
        #[arg(required = true, num_args = 2..)]
        names: Vec<String>,
        /// Print a record for each validation, one line of JSON each (docs/json.md)
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        table: TableArgs,
    },
    /// Draw a run, or several compared, into an SVG or PNG file
    Chart(ChartArgs),
    /// Go on with a run after its newest checkpoint, as planned or otherwise: a run that diverged is rescued by a lower
    /// rate
    Resume(Box<ResumeArgs>),
    /// Delete a run, after asking
    Delete {
        /// The run, by its name or its path
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

const LIST_COLUMNS: &[&str] = &[
    "name",
    "path",
    "last.step",
    "mean_loss.loss",
    "best.step",
    "best.loss",
    "running",
    "finished",
    "verdict.kind",
];
const COMPARE_COLUMNS: &[&str] = &[
    "run",
    "step",
    "epoch",
    "loss",
    "perplexity",
    "accuracy",
    "bits_per_byte",
    "tokens",
    "is_best",
];

/// Runs the subcommand.
///
/// # Errors
/// When there is no such run, its files cannot be read or deleted, or the run fails.
pub fn run(args: &RunsArgs) -> Result<(), CliError> {
    let runs_directory = &args.runs;
    let open = |name: &str| RunDirectory::open(runs_directory, name).map_err(CliError::failed);
    match &args.command {
        RunsCommand::List { json, table } => list(args, *json, *table),
        RunsCommand::Show { name, json } => show(&open(name)?, *json),
        RunsCommand::Compare { names, json, table } => {
            let runs = names.iter().map(|name| open(name));
            compare(&runs.collect::<Result<Vec<_>, _>>()?, *json, *table)
        }
        RunsCommand::Chart(args) => {
            args.check()?;
            let runs = args.names.iter().map(|name| open(name));
            chart::draw(&runs.collect::<Result<Vec<_>, _>>()?, args)
        }
        RunsCommand::Resume(args) => resume::run(&open(&args.name)?, args),
        RunsCommand::Delete { name, yes } => delete(&open(name)?, *yes),
    }
}

fn list(args: &RunsArgs, json: bool, table: TableArgs) -> Result<(), CliError> {
    if !args.runs.is_dir() {
        // A directory that was asked for and is not there is no empty one.
        if args.runs != Path::new(RUNS) {
            let problem = format!("{}: there is no such directory", args.runs.display());
            return Err(CliError::failed(problem));
        }
        warn("there are no runs here: train and finetune make the directory `runs`");
    }
    let runs = RunDirectory::all(&args.runs).map_err(CliError::failed)?;
    let mut output = Output::stdout();
    let table = table.table(LIST_COLUMNS);
    if let Some(table) = table {
        table.head(&mut output)?;
    } else if json {
        output.json(&Record::Header(&Header::new("runs list")))?;
    } else {
        output.line(&header())?;
    }
    for run in runs {
        let summary = run.summary().map_err(CliError::failed)?;
        warn_of_damage(&summary);
        if let Some(table) = table {
            table.row(&mut output, &summary)?
        } else if json {
            output.json(&Record::Run(&summary))?
        } else {
            output.line(&one_line(&summary))?
        }
    }
    output.flush()
}

/// Names the checkpoints that cannot be used.
fn warn_of_damage(summary: &RunSummary) {
    for checkpoint in &summary.damaged {
        warn(&checkpoint.to_string());
    }
}

/// What stands above [`one_line`].
fn header() -> String {
    let [run, step, mean, of] = ["run", "step", "mean loss", "of"];
    let [best, state, verdict] = ["best validation", "state", "verdict"];
    format!("{run:<22} {step:>7}  {mean:>9} {of:<17}  {best:>15}  {state:<14}  {verdict}")
}

fn one_line(summary: &RunSummary) -> String {
    let number =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let mean = summary.mean_loss.as_ref();
    format!(
        "{:<22} {:>7}  {:>9} {:<17}  {:>15}  {:<14}  {}",
        summary.name,
        summary.last.as_ref().map_or(0, |last| last.step),
        number(mean.map(|mean| mean.loss)),
        mean.map_or_else(String::new, |mean| mean.of.to_string()),
        number(summary.best.as_ref().map(|best| best.loss)),
        state(summary),
        summary.verdict
    )
}

fn state(summary: &RunSummary) -> &'static str {
    match (summary.finished, summary.running) {
        (_, true) => "running",
        (Some(reason), false) => reason.name(),
        // Only a process that was killed leaves no word.
        (None, false) => "broken off",
    }
}

fn show(run: &RunDirectory, json: bool) -> Result<(), CliError> {
    let mut output = Output::stdout();
    let mut events = Vec::new();
    run.events(|event| events.push(event))
        .map_err(CliError::failed)?;
    if json {
        let mut header = Header::new("runs show");
        header.recipe = run.recipe().ok().as_ref().and_then(recipe);
        output.json(&Record::Header(&header))?;
        for event in &events {
            output.json(&RunRecord::new(event))?;
        }
        return output.flush();
    }
    let summary = run.summary().map_err(CliError::failed)?;
    warn_of_damage(&summary);
    output.line(&header())?;
    output.line(&one_line(&summary))?;
    if let Some(failure) = &summary.failure {
        output.line(&format!("it ended because {}", sanitize(failure)))?;
    }
    for entry in &summary.checkpoints {
        let loss = entry
            .validation
            .map_or_else(String::new, |loss| format!(", validation {loss:.4}"));
        let what = if entry.whole { "checkpoint" } else { "weights" };
        output.line(&format!(
            "{what} of step {}{loss}: {}",
            entry.step,
            entry.path.display()
        ))?;
    }
    for event in &events {
        match event {
            RunEvent::Epoch(epoch) => output.line(&format!(
                "step {:>7}: {}",
                epoch.step,
                train::epoch_means(epoch)
            ))?,
            RunEvent::Validation(validation) => output.line(&format!(
                "step {:>7}: validation {:.4}, perplexity {:.2}, {:.4} bits a byte",
                validation.step, validation.loss, validation.perplexity, validation.bits_per_byte
            ))?,
            RunEvent::LearningRate { step, rate, .. } => {
                output.line(&format!("step {step:>7}: learning rate set to {rate:e}"))?;
            }
            RunEvent::Samples(samples) => {
                for sample in &samples.texts {
                    output.line(&format!(
                        "step {:>7}: {}{}",
                        samples.step, sample.prompt, sample.text
                    ))?;
                }
            }
            _ => {}
        }
    }
    let recipe = run.recipe().map_err(CliError::failed)?;
    let recipe = toml::to_string(&recipe).map_err(CliError::failed)?;
    output.line(&format!("\n{recipe}"))?;
    output.flush()
}

fn compare(runs: &[RunDirectory], json: bool, table: TableArgs) -> Result<(), CliError> {
    let mut output = Output::stdout();
    let mut columns: Vec<Vec<Validation>> = Vec::new();
    for run in runs {
        let mut validations = Vec::new();
        run.events(|event| {
            if let RunEvent::Validation(validation) = event {
                validations.push(validation);
            }
        })
        .map_err(CliError::failed)?;
        columns.push(validations);
    }
    let table = table.table(COMPARE_COLUMNS);
    if json || table.is_some() {
        match table {
            Some(table) => table.head(&mut output)?,
            None => output.json(&Record::Header(&Header::new("runs compare")))?,
        }
        for (run, validations) in runs.iter().zip(columns) {
            for event in validations.into_iter().map(RunEvent::Validation) {
                let record = RunRecord {
                    run: Some(run.name()),
                    ..RunRecord::new(&event)
                };
                match table {
                    Some(table) => table.row(&mut output, &record)?,
                    None => output.json(&record)?,
                }
            }
        }
        return output.flush();
    }
    output.line(&header())?;
    for run in runs {
        output.line(&one_line(&run.summary().map_err(CliError::failed)?))?;
    }
    let mut steps: Vec<u64> = columns
        .iter()
        .flatten()
        .map(|validation| validation.step)
        .collect();
    steps.sort_unstable();
    steps.dedup();
    let names: Vec<String> = runs
        .iter()
        .map(|run| format!("{:>14}", run.name()))
        .collect();
    output.line(&format!(
        "\nvalidation loss\n{:>8}{}",
        "step",
        names.concat()
    ))?;
    for step in steps {
        let cells: Vec<String> = columns
            .iter()
            .map(|validations| {
                let found = validations
                    .iter()
                    .find(|validation| validation.step == step);
                found.map_or_else(
                    || format!("{:>14}", ""),
                    |found| format!("{:>14.4}", found.loss),
                )
            })
            .collect();
        output.line(&format!("{step:>8}{}", cells.concat()))?;
    }
    output.flush()
}

fn delete(run: &RunDirectory, yes: bool) -> Result<(), CliError> {
    if !yes {
        if !stdin().is_terminal() {
            return Err(CliError::usage(
                "deleting a run needs a terminal to ask on, or --yes",
            ));
        }
        stderr::write(&format!(
            "delete {} and all its checkpoints? Type the run's name: ",
            run.path().display()
        ));
        let mut answer = String::new();
        stdin().read_line(&mut answer)?;
        if answer.trim() != run.name() {
            return Err(CliError::failed("not deleted"));
        }
    }
    run.delete().map_err(CliError::failed)
}

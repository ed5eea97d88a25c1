//! `runs chart`: runs as a picture.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::chart::caption;
use crate::chart::{self, Across, Run, RunChart, What};
use crate::cli::CliError;
use crate::cli::picture_args::PictureArgs;
use crate::training::{History, RunDirectory};

/// Which runs, and how they are drawn.
#[derive(Debug, clap::Args)]
pub struct ChartArgs {
    /// The runs, by their names or paths; several are compared
    #[arg(required = true)]
    pub names: Vec<String>,
    /// Where the picture goes: a name that ends in .svg or .png
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What is drawn
    #[arg(long, default_value = What::Loss.name(), value_parser = what())]
    pub what: What,
    /// What it is drawn over
    #[arg(long, default_value = Across::Steps.name(), value_parser = across())]
    pub x: Across,
    /// Draw values on a logarithmic axis
    #[arg(long)]
    pub log: bool,
    /// Beside the curve of a single run, what it wrote and the odds of its probe, by epoch
    #[arg(long)]
    pub samples: bool,
    #[command(flatten)]
    pub picture: PictureArgs,
}

fn what() -> impl TypedValueParser<Value = What> {
    let names = PossibleValuesParser::new(What::ALL.map(What::name));
    names.try_map(|name| {
        What::ALL
            .into_iter()
            .find(|what| what.name() == name)
            .ok_or(name)
    })
}

fn across() -> impl TypedValueParser<Value = Across> {
    let names = PossibleValuesParser::new(Across::ALL.map(Across::name));
    names.try_map(|name| {
        Across::ALL
            .into_iter()
            .find(|across| across.name() == name)
            .ok_or(name)
    })
}

impl ChartArgs {
    /// Checks what can be told before anything is read.
    ///
    /// # Errors
    /// When the file's name says no format, or the options do not go together.
    pub fn check(&self) -> Result<(), CliError> {
        if self.samples && self.names.len() > 1 {
            return Err(CliError::usage(
                "--samples shows what a single run wrote: name one",
            ));
        }
        self.picture.check("--out", Some(&self.out))
    }
}

/// Draws runs.
///
/// # Errors
/// When a run cannot be read or has nothing to draw, or the file cannot be written.
pub fn draw(directories: &[RunDirectory], args: &ChartArgs) -> Result<(), CliError> {
    let histories = directories.iter().map(History::read);
    let histories: Vec<History> = histories
        .collect::<Result<_, _>>()
        .map_err(CliError::failed)?;
    let names: Vec<_> = directories.iter().map(RunDirectory::name).collect();
    let runs = names.iter().zip(&histories);
    let runs: Vec<Run<'_>> = runs.map(|(name, history)| Run { name, history }).collect();
    let chart = RunChart {
        what: args.what,
        across: args.x,
        log: args.log,
    };
    let said: Vec<String> = runs.iter().map(caption::of_run).collect();
    let target = args.picture.target(&args.out, &said.join("; "));
    let drawn = match runs.as_slice() {
        [run] if args.samples => chart::run_with_samples(target, *run, chart),
        _ => chart::runs(target, &runs, chart),
    };
    drawn.map_err(CliError::failed)
}

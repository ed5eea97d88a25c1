//! `compare`: one prompt in several ways of drawing, side by side, with the same draws.

mod drive;
mod lane;
mod picture;
mod plan;
mod records;
mod table;

use std::path::PathBuf;

use self::drive::drive;
use self::plan::Plan;
use super::chat_args::ChatArgs;
use super::generation_args::GenerationArgs;
use super::input::PromptInput;
use super::picture_args::PictureArgs;
use super::sampler_args::SamplerArgs;
use super::{CliError, runtime};
use crate::config::Config;

/// Compare several ways of drawing, or several models, on one prompt with the same draws
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub prompt: PromptInput,
    /// A way of drawing, such as temperature=0.7,preset=wild,model=gpt2,seed=3 (may be given several times)
    ///
    /// KEY=VALUE with commas between: the sampler's settings, preset, seed and model. With a single one, the first lane is
    /// the settings as they stand.
    #[arg(long, short = 'l', value_name = "SETTINGS")]
    pub lane: Vec<String>,
    /// A lane for each of several values: FIELD=FROM..TO/STEPS or FIELD=VALUE,VALUE
    ///
    /// Of the order of stages, order=before,after puts the temperature before or after those that cut.
    #[arg(long, value_name = "SWEEP")]
    pub sweep: Option<String>,
    /// Draw each lane with so many seeds, and print means with 95 % intervals (Student's t)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    #[command(flatten)]
    pub generation: GenerationArgs,
    /// Draw surprisal against diversity into a file, .svg or .png (--help: theme, size, title)
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Print lines of JSON: the tokens of all lanes as they come, a line a run, and the totals of each lane
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub chat: ChatArgs,
    #[command(flatten)]
    pub sampler: SamplerArgs,
}

impl CompareArgs {
    /// What the flags say about the configuration, as dotted keys.
    pub fn overrides(&self) -> Vec<(String, toml::Value)> {
        self.generation.overrides(|text| self.prompt.meant(text))
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When a lane is wrong, a model cannot be loaded or fails, the output cannot be written, or the user interrupts.
pub fn run(args: &CompareArgs, config: &Config) -> Result<(), CliError> {
    args.picture.check("--chart", args.chart.as_deref())?;
    let plan = Plan::new(args, config)?;
    let prompt = args.prompt.require_one()?;
    runtime()?.block_on(drive(args, config, plan, prompt))
}

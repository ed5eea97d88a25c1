//! `bench`: how fast this machine is.

use std::str::FromStr;

use super::output::Output;
use super::progress::Gauge;
use super::{CliError, warn};
use crate::bench::{Bound, Plan, Report, Speed, Subject, Work, measure};
use crate::config::Config;
use crate::model::{DevicePreference, EMBEDDED, LoadRequest, load_tokenizer};
use crate::training::presets::{PRESETS, preset};
use crate::training::{heap, with_run};

/// Measure how fast this machine generates, reads and trains, beside what its memory and multipliers allow
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Measure random weights of a recipe's shape instead of the model: gpt2, gpt2-medium, gpt2-large, gpt2-xl,
    /// mini-imdb, mini-books
    #[arg(long, value_name = "RECIPE")]
    pub shape: Option<String>,
    /// Measure so often; medians are given
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Sequences and tokens in each of a step of training, more such after commas, or none to leave training out
    #[arg(long, value_name = "BATCHxTOKENS|none", default_value = "8x128")]
    pub training: Steps,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// The sizes of steps of training: sequences, and tokens in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps(Vec<(usize, usize)>);

impl FromStr for Steps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let size = |text: &str| {
            let (batch, time) = text.split_once('x')?;
            let (batch, time) = (batch.parse().ok()?, time.parse().ok()?);
            (batch > 0 && time > 0).then_some((batch, time))
        };
        let sizes: Option<_> = text.split(',').map(size).collect();
        sizes
            .map(Self)
            .ok_or_else(|| "give two whole numbers above 0, such as 8x128, or none".to_owned())
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When a GPU is asked for, the model cannot be loaded or is not of the GPT-2 family, or the output cannot be written.
pub fn run(args: &BenchArgs, config: &Config) -> Result<(), CliError> {
    if !matches!(
        config.model.device,
        DevicePreference::Auto | DevicePreference::Cpu
    ) {
        return Err(CliError::usage(
            "bench measures the CPU; leave --device out, or use --device cpu",
        ));
    }
    heap::tune();
    let subject = subject(args.shape.as_deref(), config)?;
    let mut gauge = Gauge::new();
    let plan = Plan {
        rounds: args.rounds as usize,
        training: args.training.0.clone(),
    };
    let report = measure(&subject, &plan, &mut |round| {
        gauge.count("measuring, round", round, plan.rounds);
    });
    gauge.clear();
    let report = report.map_err(|error| CliError::failed(crate::model::plain(&error)))?;
    let mut output = Output::stdout();
    match args.json {
        true => output.json(&report)?,
        false => output.text(&table(&report))?,
    }
    output.flush()
}

fn subject(shape: Option<&str>, config: &Config) -> Result<Subject, CliError> {
    let Some(name) = shape else {
        let (request, notice) = with_run(&config.model).map_err(CliError::failed)?;
        if let Some(notice) = notice {
            warn(&notice);
        }
        return Subject::load(&request).map_err(CliError::failed);
    };
    let recipe = preset(name).filter(|recipe| recipe.model.from.is_empty());
    let recipe = recipe.ok_or_else(|| {
        let shapes = PRESETS.iter().filter(|name| **name != "demo");
        let shapes: Vec<&str> = shapes.copied().collect();
        CliError::usage(format!("--shape {name}: there are {}", shapes.join(", ")))
    })?;
    let embedded = LoadRequest {
        source: EMBEDDED.to_owned(),
        ..LoadRequest::default()
    };
    let tokenizer = load_tokenizer(&embedded).map_err(CliError::failed)?;
    Subject::random(name, &recipe, tokenizer).map_err(CliError::failed)
}

fn table(report: &Report) -> String {
    let machine = &report.machine;
    let giga = |rate: f64| format!("{:.1}", rate / 1e9);
    let bf16 = match machine.bf16_products {
        Some(rate) => format!("{} GFLOP/s in bf16", giga(rate)),
        None => "none in bf16".to_owned(),
    };
    let mut text = format!(
        "{}: {} parameters\n{} threads, read {} GB/s, multiply {} GFLOP/s in f32, {bf16}\n\n\
         work                              precision    tokens/s       limit   share  bound by\n",
        report.model,
        report.parameters,
        machine.threads,
        giga(machine.bandwidth),
        giga(machine.f32_products),
    );
    for speed in &report.speeds {
        text += &format!(
            "{:<33} {:<9} {:>11} {:>11} {:>5.0} %  {}\n",
            work(speed),
            speed.precision.name(),
            rate(speed.tokens_per_second),
            rate(speed.limit),
            100.0 * speed.tokens_per_second / speed.limit,
            match speed.bound {
                Bound::Memory => "memory",
                Bound::Products => "products",
            }
        );
    }
    text
}

fn work(speed: &Speed) -> String {
    let Speed { batch, context, .. } = speed;
    match speed.work {
        Work::Decode => format!("decode after {context}"),
        Work::Generate => format!("generate after {context}, traced"),
        Work::Batch => format!("decode {batch} texts after {context}"),
        Work::Prefill => format!("read {context}"),
        Work::Train => format!("train {batch} x {context}"),
    }
}

fn rate(value: f64) -> String {
    match value < 100.0 {
        true => format!("{value:.1}"),
        false => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_two_numbers_or_none() {
        assert_eq!("64x128".parse(), Ok(Steps(vec![(64, 128)])));
        assert_eq!("1x8,64x128".parse(), Ok(Steps(vec![(1, 8), (64, 128)])));
        assert_eq!("none".parse(), Ok(Steps(Vec::new())));
        for wrong in ["", "8", "x", "0x4", "8x", "8x-1", "8X128"] {
            assert!(wrong.parse::<Steps>().is_err(), "{wrong}");
        }
    }
}

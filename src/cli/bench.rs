//! `bench`: how fast this machine is.

use std::str::FromStr;

use candle_core::Device;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::json::{Header, Record};
use super::output::Output;
use super::progress::Gauge;
use super::table::TableArgs;
use super::{CliError, interrupt, warn};
use crate::bench::{Bound, Plan, Report, Speed, Subject, Work, measure};
use crate::config::Config;
use crate::model::{EMBEDDED, LoadRequest, bytes_text, choose, load_tokenizer};
use crate::training::presets::{PRESETS, preset};
use crate::training::{heap, with_run};

/// Measure how fast this machine generates, reads and trains, beside what its memory and multipliers allow
///
/// With --precision that precision alone is measured, with --device cuda an NVIDIA GPU. A model of another family than
/// GPT-2's, or in a GGUF file, is measured in the form that it is run in, and not trained.
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
    /// What to measure, more after commas: 8 texts at once are a batch, first is up to the first token
    #[arg(long, value_name = "WORK", value_delimiter = ',',
          default_value = "decode,generate,batch,prefill,first,train",
          value_parser = PossibleValuesParser::new(WORKS.map(|(name, _)| name)).map(|name| work_of(&name)))]
    pub works: Vec<Work>,
    /// Print a record for the machine and for each measurement, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub table: TableArgs,
}

const COLUMNS: &[&str] = &[
    "work",
    "precision",
    "batch",
    "context",
    "tokens_per_second",
    "limit_tokens_per_second",
    "bound",
    "memory_bytes",
];

const WORKS: [(&str, Work); 6] = [
    ("decode", Work::Decode),
    ("generate", Work::Generate),
    ("batch", Work::Batch),
    ("prefill", Work::Prefill),
    ("first", Work::First),
    ("train", Work::Train),
];

/// The work of one of these names.
fn work_of(name: &str) -> Work {
    let found = WORKS.iter().find(|(known, _)| *known == name);
    found.map_or(Work::Decode, |(_, work)| *work)
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
/// When the device cannot be had, the model cannot be loaded, or the output cannot be written.
pub fn run(args: &BenchArgs, config: &Config) -> Result<(), CliError> {
    heap::tune();
    let (device, notices) = choose(config.model.device).map_err(CliError::failed)?;
    for notice in notices {
        warn(&notice);
    }
    let subject = subject(args.shape.as_deref(), config, device)?;
    for notice in subject.notices() {
        warn(notice);
    }
    if let (true, Some(why)) = (args.works.contains(&Work::Train), subject.untrained()) {
        if args.works == [Work::Train] {
            return Err(CliError::failed(why));
        }
        warn(&why);
    }
    let mut gauge = Gauge::new();
    let plan = Plan {
        rounds: args.rounds as usize,
        works: args.works.clone(),
        precision: config.model.precision,
        training: args.training.0.clone(),
    };
    interrupt::watch()?;
    let report = measure(&subject, &plan, &mut |done, pieces| {
        gauge.count("measuring", done, pieces);
        if interrupt::came() {
            Err(candle_core::Error::msg("interrupted"))
        } else {
            Ok(())
        }
    });
    drop(gauge);
    interrupt::check()?;
    let report = report.map_err(|error| CliError::failed(crate::model::plain(&error)))?;
    let mut output = Output::stdout();
    if let Some(table) = args.table.table(COLUMNS) {
        table.head(&mut output)?;
        for speed in &report.speeds {
            table.row(&mut output, speed)?;
        }
    } else if args.json {
        records(&mut output, &report)?;
    } else {
        output.text(&table(&report))?;
    }
    output.flush()
}

fn subject(shape: Option<&str>, config: &Config, device: Device) -> Result<Subject, CliError> {
    let Some(name) = shape else {
        let (request, notice) = with_run(&config.model).map_err(CliError::failed)?;
        if let Some(notice) = notice {
            warn(&notice);
        }
        return Subject::load(&request, device).map_err(CliError::failed);
    };
    let recipe = preset(name).filter(|recipe| recipe.model.from.is_empty());
    let recipe = recipe.ok_or_else(|| {
        let shapes = PRESETS.iter().filter(|name| !name.starts_with("demo"));
        let shapes: Vec<&str> = shapes.copied().collect();
        CliError::usage(format!("--shape {name}: there are {}", shapes.join(", ")))
    })?;
    let embedded = LoadRequest {
        source: EMBEDDED.to_owned(),
        ..LoadRequest::default()
    };
    let tokenizer = load_tokenizer(&embedded).map_err(CliError::failed)?;
    Subject::random(name, &recipe, tokenizer, device).map_err(CliError::failed)
}

fn records(output: &mut Output, report: &Report) -> Result<(), CliError> {
    output.json(&Record::Header(&Header::new("bench")))?;
    output.json(&Record::Machine {
        model: &report.model,
        parameters: report.parameters,
        device: &report.device,
        card: report.card.as_deref(),
        machine: report.machine,
    })?;
    for speed in &report.speeds {
        output.json(&Record::Speed(speed))?;
    }
    Ok(())
}

fn table(report: &Report) -> String {
    let machine = &report.machine;
    let giga = |rate: f64| format!("{:.1}", rate / 1e9);
    let bf16 = match machine.bf16_products {
        Some(rate) => format!("{} GFLOP/s in bf16", giga(rate)),
        None => "none in bf16".to_owned(),
    };
    let (place, memory) = match &report.card {
        Some(card) => (format!("{} {card}, copy", report.device), "    memory"),
        None => (format!("{} threads, read", machine.threads), ""),
    };
    let mut text = format!(
        "{}: {} parameters\n{place} {} GB/s, multiply {} GFLOP/s in f32, {bf16}\n\n\
         work                              precision    tokens/s       limit   share  bound by{memory}\n",
        report.model,
        report.parameters,
        giga(machine.bandwidth),
        giga(machine.f32_products),
    );
    for speed in &report.speeds {
        let bound = match speed.bound {
            Bound::Memory => "memory",
            Bound::Products => "products",
        };
        let memory = speed.memory.map(bytes_text).unwrap_or_default();
        let line = format!(
            "{:<33} {:<9} {:>11} {:>11} {:>5.0} %  {bound:<8}  {memory:>8}",
            work(speed),
            speed.precision.name(),
            rate(speed.tokens_per_second),
            rate(speed.limit),
            100.0 * speed.tokens_per_second / speed.limit,
        );
        text += line.trim_end();
        text.push('\n');
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
        Work::First => format!("read {context} and say what follows"),
        Work::Train => format!("train {batch} x {context}"),
    }
}

fn rate(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
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

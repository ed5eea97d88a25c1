//! `odds`: the distribution over the token after a prompt, before and after the chain.

mod named;
mod over;
mod print;
mod prompt;

use std::path::PathBuf;

use serde::Serialize;

use self::named::candidates;
use self::over::Turned;
use self::print::print;
use self::prompt::ReadPrompt;

use super::base_args::BaseArgs;
use super::chat_args::ChatArgs;
use super::documents::Document;
use super::input::PromptInput;
use super::json::{Header, NamedOdds, OddsRecord, Record, RowRecord};
use super::output::Output;
use super::picture_args::PictureArgs;
use super::progress::Gauge;
use super::sampler_args::SamplerArgs;
use super::seed::Seed;
use super::table::TableArgs;
use super::{CliError, interrupt, load};
use crate::chart::caption::{end_of, of_model_and_sampler};
use crate::chart::{self, Named};
use crate::config::Config;
use crate::decoding::{Chooser, Moment};
use crate::model::LoadedModel;
use crate::text::display_token;

/// Show the odds of the token after a prompt, raw and after the sampler
#[derive(Debug, clap::Args)]
pub struct OddsArgs {
    #[command(flatten)]
    pub prompt: PromptInput,
    /// How many of the most probable tokens to show [default: 20; 5 with --over]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Show every token of the vocabulary
    #[arg(long, conflicts_with = "top")]
    pub all: bool,
    /// Compare the probability of this continuation with the others named (may be given several times); mind the
    /// leading space of most words
    #[arg(long, short = 'c', value_name = "TEXT")]
    pub candidate: Vec<String>,
    /// The seed of the draw that is shown
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    pub seed: Option<Seed>,
    /// Show the odds under each of several values: temperature=0.2..2, top_k=1,10,100, preset=neutral,wild, or preset for
    /// all of them
    #[arg(long, value_name = "SETTING", conflicts_with_all = ["all", "funnel"])]
    pub over: Option<String>,
    /// Draw the most probable tokens into a file, .svg or .png (--help: theme, size, title)
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Draw the way from the logits through each stage to the draw into a file, .svg or .png
    #[arg(long, value_name = "FILE")]
    pub funnel: Option<PathBuf>,
    /// Print a record of it, one line of JSON (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub base: BaseArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub chat: ChatArgs,
    #[command(flatten)]
    pub sampler: SamplerArgs,
}

const COLUMNS: &[&str] = &[
    "document",
    "rank",
    "id",
    "text",
    "logit",
    "raw_probability",
    "final_probability",
    "cut_by",
];

/// Characters of the prompt in a chart's title.
const CHART_CONTEXT: usize = 48;

/// Tokens that are shown unless --top says how many.
const TOP: usize = 20;

/// Runs the subcommand.
///
/// # Errors
/// When the prompt is missing, the model cannot be loaded or fails, or the output cannot be written.
pub fn run(args: &OddsArgs, config: &Config) -> Result<(), CliError> {
    if args.top == Some(0) {
        return Err(CliError::usage("--top must be at least 1"));
    }
    let drawn = [&args.chart, &args.funnel];
    let mut pictures = drawn.iter().filter_map(|path| path.as_deref()).peekable();
    if pictures.peek().is_none() {
        args.picture.check("--chart or --funnel", None)?;
    }
    for path in pictures {
        args.picture.check("--chart", Some(path))?;
    }
    let turned = args.over.as_deref();
    let turned = turned.map(|over| Turned::new(over, config)).transpose()?;
    let documents = args.prompt.require()?;
    if let (Some(flag), true) = (args.picture_flag(), documents.len() > 1) {
        return Err(CliError::usage(format!(
            "{flag} draws the odds after one prompt, and there are {}",
            documents.len()
        )));
    }
    let loaded = load(&config.model)?;
    let mut output = Output::stdout();
    let columns = turned.as_ref().map_or(COLUMNS, |_| over::COLUMNS);
    let table = args.table.table(columns);
    if let Some(table) = table {
        table.head(&mut output)?;
    } else if args.json {
        let mut header = Header::new("odds")
            .with_model(loaded.model.info(), &config.model)?
            .with_settings(&config.sampler, &config.generation);
        header.prompt = (documents.len() == 1).then(|| documents[0].text.clone());
        output.json(&Record::Header(&header))?;
    }
    if let Some(turned) = turned {
        return turned.run(args, config, &loaded, &documents, &mut output);
    }
    let chooser = Chooser::new(&loaded, &config.sampler, config.generation.seed)?;
    let method = config.sampler.method;
    let mut gauge = Gauge::beside(&output, false);
    let read = ReadPrompt::in_turn(&loaded, &documents);
    for (document, (Document { text, file, .. }, read)) in documents.iter().zip(read).enumerate() {
        interrupt::check()?;
        gauge.count("reading prompts", document, documents.len());
        let (moment, candidates) = after(args, config, &loaded, &chooser, text, read?)?;
        let rows = moment.rows.iter();
        let rows = rows.map(|row| RowRecord::of(row, loaded.tokenizer.token_bytes(row.id)));
        if let Some(table) = table {
            for row in rows {
                table.row(&mut output, &OfDocument { document, row })?;
            }
        } else if args.json {
            let mut record = OddsRecord::of(document, &moment, text, rows.collect(), candidates);
            record.u = method.draws().then_some(moment.u);
            output.json(&Record::Odds(record))?;
        } else {
            if documents.len() > 1 {
                let file = file.as_ref();
                let file = file.map_or_else(String::new, |file| format!(", {file}"));
                let gap = if document == 0 { "" } else { "\n" };
                let text = display_token(text.as_bytes());
                output.line(&format!("{gap}prompt {document}{file}: {text}"))?;
            }
            print(&mut output, &moment, &candidates, method)?;
        }
        output.flush()?;
    }
    Ok(())
}

impl OddsArgs {
    /// What a picture was asked for with, if one was.
    fn picture_flag(&self) -> Option<&'static str> {
        let flags = [("--chart", &self.chart), ("--funnel", &self.funnel)];
        let mut asked = flags.into_iter().filter(|(_, path)| path.is_some());
        asked.next().map(|(flag, _)| flag)
    }
}

/// A row of a table of several prompts.
#[derive(Serialize)]
struct OfDocument<'a> {
    document: usize,
    #[serde(flatten)]
    row: RowRecord<'a>,
}

/// The odds after a prompt, with the rows that are asked for, and those of the candidates; and their pictures.
fn after(
    args: &OddsArgs,
    config: &Config,
    loaded: &LoadedModel,
    chooser: &Chooser,
    prompt: &str,
    mut read: ReadPrompt,
) -> Result<(Moment, Vec<NamedOdds>), CliError> {
    let mut moment = read.moment(chooser)?;
    read.warn_of(chooser)?;
    let candidates = candidates(&args.candidate, loaded, prompt, &moment)?;
    let caption = of_model_and_sampler(loaded.model.info(), &config.sampler);
    let end = end_of(prompt, CHART_CONTEXT);
    if let Some(path) = &args.funnel {
        let target = args.picture.target(path, &caption);
        let draws = config.sampler.method.draws();
        chart::funnel(target, &moment, draws, &end).map_err(CliError::failed)?;
    }
    if !args.all {
        let top = args.top.unwrap_or(TOP);
        let pick = moment.pick;
        let mut index = 0;
        moment.rows.retain(|row| {
            index += 1;
            index <= top || Some(row.id) == pick
        });
    }
    if let Some(path) = &args.chart {
        let named = candidates.iter().map(|named| Named {
            display: display_token(named.text.as_bytes()),
            raw: named.raw_probability,
            last: named.final_probability,
            ratio: named.ratio,
        });
        let named: Vec<Named> = named.collect();
        let target = args.picture.target(path, &caption);
        chart::next_token(target, &moment, &named, &end).map_err(CliError::failed)?;
    }
    Ok((moment, candidates))
}

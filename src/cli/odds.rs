//! `odds`: the distribution over the token after a prompt, before and after the chain.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::chat_args::ChatArgs;
use super::documents::Document;
use super::input::PromptInput;
use super::json::{Header, NamedOdds, OddsRecord, Record, RowRecord};
use super::output::Output;
use super::progress::Gauge;
use super::sampler_args::SamplerArgs;
use super::seed::Seed;
use super::table::TableArgs;
use super::{CliError, interrupt, load, slid, warn};
use crate::chart::{self, Format};
use crate::config::Config;
use crate::decoding::{
    Chooser, LookAt, Moment, Second, Totals, View, encode_prompt, look_ahead, read_prompt, score,
};
use crate::model::LoadedModel;
use crate::sampling::{Method, SamplerSettings};
use crate::text::numbers::percent_in_full;
use crate::text::{display_token, sanitize};

/// Show the odds of the token after a prompt, raw and after the sampler
#[derive(Debug, clap::Args)]
pub struct OddsArgs {
    #[command(flatten)]
    pub prompt: PromptInput,
    /// How many of the most probable tokens to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,
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
    /// Draw the most probable tokens into a file, .svg or .png
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Print a record of it, one line of JSON (docs/json.md)
    #[arg(long)]
    pub json: bool,
    /// A model with the same tokens that this one was made of, for --difference-weight
    #[arg(
        long,
        value_name = "MODEL",
        help_heading = "Model",
        hide_short_help = true
    )]
    pub base: Option<String>,
    #[command(flatten)]
    pub table: TableArgs,
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

/// Runs the subcommand.
///
/// # Errors
/// When the prompt is missing, the model cannot be loaded or fails, or the output cannot be written.
pub fn run(args: &OddsArgs, config: &Config) -> Result<(), CliError> {
    if args.top == 0 {
        return Err(CliError::usage("--top must be at least 1"));
    }
    let format = args.chart.as_deref().map(Format::of).transpose();
    format.map_err(CliError::usage)?;
    let documents = args.prompt.require()?;
    if args.chart.is_some() && documents.len() > 1 {
        return Err(CliError::usage(format!(
            "--chart draws the odds after one prompt, and there are {}",
            documents.len()
        )));
    }
    let loaded = load(&config.model)?;
    let chooser = Chooser::new(&loaded, &config.sampler, config.generation.seed)?;
    let mut output = Output::stdout();
    let table = args.table.table(COLUMNS);
    if let Some(table) = table {
        table.head(&mut output)?;
    } else if args.json {
        let mut header = Header::new("odds")
            .with_model(loaded.model.info(), &config.model)?
            .with_settings(&config.sampler, &config.generation);
        header.prompt = (documents.len() == 1).then(|| documents[0].text.clone());
        output.json(&Record::Header(&header))?;
    }
    let mut gauge = Gauge::beside(&output, false);
    for (document, Document { text, file, .. }) in documents.iter().enumerate() {
        gauge.count("reading prompts", document, documents.len());
        let (moment, candidates) = after(args, &loaded, &chooser, text)?;
        if let Some(path) = &args.chart {
            let end = text.char_indices().rev().nth(CHART_CONTEXT - 1);
            let after = end.map_or(text.as_str(), |(at, _)| &text[at..]);
            chart::next_token(path, &moment, &sanitize(after).replace('\n', "¶"))
                .map_err(CliError::failed)?;
        }
        let method = config.sampler.method;
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

/// A row of a table of several prompts.
#[derive(Serialize)]
struct OfDocument<'a> {
    document: usize,
    #[serde(flatten)]
    row: RowRecord<'a>,
}

/// The odds after a prompt, with the rows that are asked for, and those of the candidates.
fn after(
    args: &OddsArgs,
    loaded: &LoadedModel,
    chooser: &Chooser,
    prompt: &str,
) -> Result<(Moment, Vec<NamedOdds>), CliError> {
    let begun = Instant::now();
    let mut sequence = read_prompt(loaded, prompt, &interrupt::came)?;
    let read = begun.elapsed();
    let mut second = Second::default();
    let other = second.logits(loaded, chooser, sequence.ids(), sequence.len())?;
    if chooser.needs_second() {
        warn(&format!(
            "the second context took {:.3} s to read, the prompt {:.3} s",
            second.spent().as_secs_f64(),
            read.as_secs_f64()
        ));
    }
    if sequence.seen() < sequence.len() {
        let dropped = sequence.len() - sequence.seen();
        warn(&slid(loaded.model.info(), sequence.seen(), dropped));
    }
    let place = LookAt {
        second: other.as_deref(),
        position: sequence.len(),
        prompt_len: sequence.len(),
        running: chooser.start(),
        search: "",
        rows: loaded.model.info().vocabulary,
    };
    let mut moment = look_ahead(loaded, &mut sequence, chooser, place)?;
    for notice in biases_elsewhere(loaded, chooser.settings(), sequence.ids())? {
        warn(&notice);
    }
    let candidates = candidates(args, loaded, prompt, &moment)?;
    if !args.all {
        let pick = moment.pick;
        let mut index = 0;
        moment.rows.retain(|row| {
            index += 1;
            index <= args.top || Some(row.id) == pick
        });
    }
    Ok((moment, candidates))
}

fn candidates(
    args: &OddsArgs,
    loaded: &LoadedModel,
    prompt: &str,
    moment: &Moment,
) -> Result<Vec<NamedOdds>, CliError> {
    let context = encode_prompt(loaded, prompt)?;
    let mut candidates: Vec<NamedOdds> = Vec::new();
    for text in &args.candidate {
        let tokens = loaded.tokenizer.encode(text)?;
        if tokens.is_empty() {
            return Err(CliError::usage("--candidate: an empty text has no odds"));
        }
        let mut ids = context.clone();
        ids.extend(&tokens);
        let mut totals = Totals::default();
        score(loaded, &ids, View::default(), |record| {
            if record.position >= context.len() {
                totals.add(&record);
            }
            Ok::<_, CliError>(())
        })?;
        let final_probability = match tokens.as_slice() {
            [id] => moment
                .rows
                .iter()
                .find(|row| row.id == *id)
                .map(|row| row.final_probability),
            _ => None,
        };
        let first = candidates.first();
        let first = first.map_or(totals.log_probability, |first| first.log_probability_nats);
        candidates.push(NamedOdds {
            text: text.clone(),
            ids: tokens,
            raw_probability: totals.log_probability.exp(),
            log_probability_nats: totals.log_probability,
            final_probability,
            ratio: (totals.log_probability - first).exp(),
        });
    }
    Ok(candidates)
}

/// What is to be said of biases on texts of several tokens that do not act here: each acts on its last token, after the
/// others.
fn biases_elsewhere(
    loaded: &LoadedModel,
    sampler: &SamplerSettings,
    history: &[u32],
) -> Result<Vec<String>, CliError> {
    let mut notices = Vec::new();
    for (text, bias) in &sampler.logit_bias {
        let id = text
            .strip_prefix('#')
            .is_some_and(|id| id.parse::<u32>().is_ok());
        let ids = if id {
            Vec::new()
        } else {
            loaded.tokenizer.encode(text)?
        };
        let Some((last, [before @ .., _])) = ids.split_last().map(|(last, _)| (last, &ids[..]))
        else {
            continue;
        };
        if !before.is_empty() && !history.ends_with(before) {
            let before = loaded.tokenizer.decode(before);
            notices.push(format!(
                "--logit-bias {text}={bias}: it is {} tokens, and acts on `{}` where the text ends in `{before}`; here it changes nothing",
                ids.len(),
                loaded.tokenizer.display(*last)
            ));
        }
    }
    Ok(notices)
}

fn print(
    output: &mut Output,
    moment: &Moment,
    candidates: &[NamedOdds],
    method: Method,
) -> Result<(), CliError> {
    let taken = if method.draws() {
        "  <- drawn"
    } else {
        "  <- taken"
    };
    output.line("  rank      id       logit        raw      final  token")?;
    for row in &moment.rows {
        let last = match row.cut_by {
            Some(stage) => format!("cut by {}", stage.name()),
            None => percent_in_full(f64::from(row.final_probability)),
        };
        let changes: String = row
            .own_changes()
            .map(|change| format!("  {} {:+.3}", change.stage.name(), change.amount()))
            .collect();
        let mark = if Some(row.id) == moment.pick {
            taken
        } else {
            ""
        };
        output.line(&format!(
            "{:>6}  {:>6}  {:>10.4}  {:>9}  {last:>9}  {}{changes}{mark}",
            row.rank,
            row.id,
            row.logit,
            percent_in_full(f64::from(row.raw_probability)),
            row.display
        ))?;
    }
    output.line("")?;
    output.line(&format!(
        "{} logits, entropy {:.3} bits",
        moment.vocabulary, moment.raw_entropy
    ))?;
    for step in &moment.trace {
        output.line(&format!(
            "  {:<19} {:>6} left  {:>9} cut  entropy {:.3} bits",
            step.stage.name(),
            step.kept,
            percent_in_full(f64::from(step.mass_cut)),
            step.entropy
        ))?;
    }
    let how = match method {
        Method::Greedy => "greedy takes the most probable".to_owned(),
        Method::Contrastive => "contrastive search takes the best of what it weighs".to_owned(),
        Method::Beam => {
            "beam search weighs whole texts: generate --method beam shows them".to_owned()
        }
        _ => format!("u = {:.6}", moment.u),
    };
    output.line(&format!(
        "{} left, entropy {:.3} bits, {how}",
        moment.kept, moment.final_entropy
    ))?;
    for candidate in &moment.candidates {
        output.line(&format!(
            "  {:>9}  likeness {:>6.3}  score {:>7.4}  {}",
            percent_in_full(f64::from(candidate.probability)),
            candidate.penalty,
            candidate.score,
            candidate.display
        ))?;
    }
    for candidate in candidates {
        let final_probability = match candidate.final_probability {
            Some(probability) => format!("  final {}", percent_in_full(f64::from(probability))),
            None => String::new(),
        };
        output.line(&format!(
            "{}  raw {}{final_probability}  {:.4} times the first  ({} tokens)",
            display_token(candidate.text.as_bytes()),
            percent_in_full(candidate.raw_probability),
            candidate.ratio,
            candidate.ids.len()
        ))?;
    }
    Ok(())
}

//! `diff`: a text under two models with one tokenizer, and where their distributions part.

mod changed;
mod coloured;
mod figures;
mod table;

use serde::Deserialize;

use self::changed::Changed;
use self::coloured::ColouredText;
use super::input::TextInput;
use super::json::{self, Difference, Header, Record, ShiftRecord};
use super::output::Output;
use super::progress::Gauge;
use super::{CliError, interrupt, load};
use crate::config::{ColorDepth, Config};
use crate::decoding::{
    DecodingError, DifferenceTotals, LlamaCppFigures, Pair, Totals, encode_prompt,
};
use crate::model::{LoadRequest, LoadedModel, Precision};

/// Compare two models with one tokenizer along a text: how far the odds of each token lie apart, and where they changed most
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The model to start from, such as the one before a finetuning, or in full precision
    #[arg(value_name = "BASE")]
    pub base: String,
    /// The model that it became, with the same tokenizer
    #[arg(value_name = "TUNED")]
    pub tuned: String,
    #[command(flatten)]
    pub text: TextInput,
    /// What the base's large matrices are held in, if not what --precision says
    #[arg(long, value_name = "PRECISION", value_parser = PRECISIONS)]
    pub base_precision: Option<String>,
    /// The same of the tuned model: with BASE twice, what a quantisation does
    #[arg(long, value_name = "PRECISION", value_parser = PRECISIONS)]
    pub tuned_precision: Option<String>,
    /// Show what rose and what fell at the place of token N alone
    #[arg(long, value_name = "N", conflicts_with_all = ["summary", "table", "llama_cpp"])]
    pub at: Option<usize>,
    /// With --at: rows of each table
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub rows: u16,
    /// List the N places that changed most
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// Print only the totals and the places that changed most
    #[arg(long)]
    pub summary: bool,
    /// Print a line for each token, also where a terminal could show the text in colours
    #[arg(long, conflicts_with = "summary")]
    pub table: bool,
    /// Besides, read the text in windows as llama.cpp's perplexity tool does, and state its figures
    #[arg(long)]
    pub llama_cpp: bool,
    /// With --llama-cpp: tokens of a window; without it 512, or the context if that is shorter
    #[arg(long, value_name = "N", requires = "llama_cpp")]
    pub window: Option<usize>,
    /// Print a line of JSON for each token, and one for the totals
    #[arg(long)]
    pub json: bool,
}

const PRECISIONS: [&str; 6] = ["auto", "f32", "bf16", "f16", "q8_0", "q4_0"];

/// The tool's own window.
const WINDOW: usize = 512;

/// One of the two models.
struct Side<'a> {
    name: &'a str,
    precision: Precision,
    perplexity: f64,
    bits_per_byte: f64,
}

impl<'a> Side<'a> {
    fn new(loaded: &'a LoadedModel, totals: &Totals) -> Self {
        let model = loaded.model.info();
        Self {
            name: &model.name,
            precision: model.precision,
            perplexity: totals.perplexity(),
            bits_per_byte: totals.bits_per_byte(),
        }
    }
}

impl Side<'_> {
    fn record(&self) -> json::ModelFigures<'_> {
        json::ModelFigures {
            name: self.name,
            precision: self.precision.name(),
            perplexity: self.perplexity,
            bits_per_byte: self.bits_per_byte,
        }
    }
}

struct Summary<'a> {
    base: Side<'a>,
    tuned: Side<'a>,
    tokens: usize,
    predicted: usize,
    /// D(base‖tuned) in bits a token.
    mean_kl: f64,
    median_kl: f64,
    kl_99: f64,
    max_kl: f64,
    /// D(tuned‖base) in bits a token.
    mean_kl_reverse: f64,
    /// Share of places with the same most probable token (0 to 1).
    top_agreement: f64,
    /// The places that changed most, the first one most.
    changed: &'a [Changed],
    /// With --llama-cpp: its figures, in nats.
    llama_cpp: Option<LlamaCppFigures>,
}

impl Summary<'_> {
    fn record(&self) -> json::DifferenceTotals<'_> {
        json::DifferenceTotals {
            base: self.base.record(),
            tuned: self.tuned.record(),
            tokens: self.tokens,
            predicted: self.predicted,
            mean_kl_bits: self.mean_kl,
            median_kl_bits: self.median_kl,
            kl_99_bits: self.kl_99,
            max_kl_bits: self.max_kl,
            mean_kl_reverse_bits: self.mean_kl_reverse,
            top_agreement: self.top_agreement,
            changed: self.changed.iter().map(Changed::record).collect(),
            llama_cpp: self.llama_cpp.as_ref(),
        }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When the text is missing, a model cannot be loaded or fails, the two have different tokens, or the output cannot be
/// written.
pub fn run(args: &DiffArgs, config: &Config) -> Result<(), CliError> {
    let text = args.text.require()?;
    let asked = [
        request(config, &args.base, args.base_precision.as_deref())?,
        request(config, &args.tuned, args.tuned_precision.as_deref())?,
    ];
    let (base, tuned) = (load(&asked[0])?, load(&asked[1])?);
    let pair = Pair::new(&base, &tuned)?;
    let ids = encode_prompt(&base, &text)?;
    if text.is_empty() || ids.len() < 2 {
        return Err(CliError::failed(
            "the text has fewer than two tokens: nothing predicts the first one, so there is nothing to compare",
        ));
    }
    let mut output = Output::stdout();
    if args.json {
        let header = Header::new("diff")
            .with_model(tuned.model.info(), &asked[1])?
            .with_base(base.model.info(), &asked[0])?;
        output.json(&Record::Header(&header))?;
    }
    if let Some(position) = args.at {
        return at(args, (&pair, &base), &ids, position, &mut output);
    }
    let window = args.window.unwrap_or(WINDOW.min(pair.context()));
    if args.llama_cpp {
        pair.check_windows(ids.len(), window)?;
    }
    let mut gauge = Gauge::beside(&output, args.summary);
    let mut totals = DifferenceTotals::default();
    let mut changed = changed::Most::new(args.top);
    let mut shown = Shown::of(args, config, &output);
    if matches!(shown, Shown::Table) {
        output.line(table::HEAD)?;
    }
    pair.along(&ids, |token| {
        interrupt::check()?;
        totals.add(&token);
        changed.add(&token, &base);
        gauge.count("comparing", token.position + 1, ids.len());
        match &mut shown {
            Shown::Nothing => {}
            Shown::Json => output.json(&Record::Difference(Difference::from(&token)))?,
            Shown::Table => output.line(&table::line(&token, &base))?,
            Shown::Text(text) => text.token(&token, &mut output)?,
        }
        Ok::<_, CliError>(())
    })?;
    gauge.clear();
    if let Shown::Text(text) = &mut shown {
        text.end(&mut output)?;
    }
    let llama_cpp = args.llama_cpp.then(|| {
        pair.llama_cpp(&ids, window, |done, windows| {
            gauge.count("reading windows", done, windows);
            if interrupt::came() {
                return Err(DecodingError::Cancelled);
            }
            Ok(())
        })
    });
    gauge.clear();
    let changed = changed.into_places();
    let summary = Summary {
        base: Side::new(&base, &totals.base),
        tuned: Side::new(&tuned, &totals.tuned),
        tokens: ids.len(),
        predicted: totals.predicted(),
        mean_kl: totals.mean_kl(),
        median_kl: totals.kl().at(0.5),
        kl_99: totals.kl().at(0.99),
        max_kl: totals.kl().at(1.0),
        mean_kl_reverse: totals.mean_kl_reverse(),
        top_agreement: totals.top_agreement(),
        changed: &changed,
        llama_cpp: llama_cpp.transpose()?,
    };
    if args.json {
        output.json(&Record::DifferenceTotals(summary.record()))?;
    } else {
        figures::print(&summary, &mut output)?;
    }
    output.flush()
}

/// How the tokens are shown as they come.
enum Shown {
    Nothing,
    Json,
    Table,
    Text(ColouredText),
}

impl Shown {
    fn of(args: &DiffArgs, config: &Config, output: &Output) -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || config.ui.color == ColorDepth::None;
        if args.json && !args.summary {
            Self::Json
        } else if args.summary {
            Self::Nothing
        } else if args.table || no_colour || !output.is_terminal() {
            Self::Table
        } else {
            Self::Text(ColouredText::default())
        }
    }
}

/// What is to be loaded: as the configuration says, but for the source and what is held in what.
fn request(
    config: &Config,
    source: &str,
    precision: Option<&str>,
) -> Result<LoadRequest, CliError> {
    let mut request = LoadRequest {
        source: source.to_owned(),
        ..config.model.clone()
    };
    if let Some(precision) = precision {
        let named = toml::Value::String(precision.to_owned());
        request.precision = Precision::deserialize(named).map_err(CliError::usage)?;
    }
    Ok(request)
}

/// The table of what rose and what fell at one place.
fn at(
    args: &DiffArgs,
    (pair, base): (&Pair<'_>, &LoadedModel),
    ids: &[u32],
    position: usize,
    output: &mut Output,
) -> Result<(), CliError> {
    if position == 0 || position >= ids.len() {
        return Err(CliError::usage(format!(
            "--at {position}: the text has {} tokens from 0 on, and nothing predicts the first; from 1 to {} are possible",
            ids.len(),
            ids.len() - 1
        )));
    }
    let shift = pair.shift(ids, position, args.rows.into())?;
    if args.json {
        output.json(&Record::Shift(ShiftRecord::from(&shift)))?;
    } else {
        table::shift(&shift, &changed::before(base, ids, position), output)?;
    }
    output.flush()
}

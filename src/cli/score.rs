//! `score`: what the model thinks of every token of a text, or of many texts.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::colour::{Painter, When};
use super::documents::{Document, TextsInput};
use super::json::{Header, Record, Score, ScoreTotals, Sums, Token};
use super::output::Output;
use super::picture_args::PictureArgs;
use super::progress::Gauge;
use super::table::{Table, TableArgs};
use super::{CliError, interrupt, load, warn};
use crate::chart::caption::of_model;
use crate::chart::{self, Along};
use crate::config::Config;
use crate::decoding::{TokenRecord, Totals, View, encode_prompt, score_each};
use crate::model::LoadedModel;
use crate::text::numbers::{percent_in_full, thousands};
use crate::text::{StreamDecoder, sanitize};

/// Score texts: probability, rank and surprisal of every token, and perplexity with its standard error
#[derive(Debug, clap::Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    pub text: TextsInput,
    /// Print only the totals
    #[arg(long)]
    pub summary: bool,
    /// Print the text itself, coloured by surprisal, instead of a table
    #[arg(long = "as-text", conflicts_with_all = ["json", "csv", "tsv", "summary"])]
    pub as_text: bool,
    /// When tokens are coloured by surprisal
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub color: When,
    /// Tokens that the model sees at once, instead of all of its context
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub context: Option<u32>,
    /// How many tokens the view moves on when it is full, instead of half of it: fewer are more exact and slower
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub stride: Option<u32>,
    /// Draw surprisal and entropy along the text into a file, .svg or .png: bars of a short text, strips of heat with
    /// moving means of a long one (--help: theme, size, title)
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Print a record for each token, and for the totals, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
}

const TOKEN_COLUMNS: &[&str] = &[
    "document",
    "position",
    "id",
    "text",
    "raw_probability",
    "rank",
    "surprisal_bits",
    "raw_entropy_bits",
    "best_id",
];
const TEXT_COLUMNS: &[&str] = &[
    "document",
    "file",
    "tokens",
    "predicted",
    "log_probability_nats",
    "loss_nats",
    "loss_error_nats",
    "perplexity",
    "perplexity_error",
    "bits_per_token",
    "bits_per_byte",
    "accuracy",
];

/// In what form tokens are written.
enum Form {
    Summary,
    /// Records: those of tokens too, unless totals alone were asked for.
    Json {
        tokens: bool,
    },
    Separated(Table),
    Text,
    Table,
}

/// Writes tokens as they come, and what texts come to.
struct Writer<'a> {
    loaded: &'a LoadedModel,
    output: Output,
    form: Form,
    /// The table of whole texts, where that is asked for.
    of_texts: Option<Table>,
    painter: Painter,
    decoder: StreamDecoder,
    several: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// When the text is missing, the model cannot be loaded or fails, the output cannot be written, or the user interrupts.
pub fn run(args: &ScoreArgs, config: &Config) -> Result<(), CliError> {
    args.picture.check("--chart", args.chart.as_deref())?;
    let documents = args.text.require()?;
    if args.chart.is_some() && documents.len() > 1 {
        return Err(CliError::usage(format!(
            "--chart draws one text, and there are {}",
            documents.len()
        )));
    }
    let loaded = load(&config.model)?;
    let ids = documents
        .iter()
        .map(|document| encode_prompt(&loaded, &document.text));
    let ids: Vec<Vec<u32>> = ids.collect::<Result<_, _>>()?;
    let has_odds = |index: usize| !documents[index].text.is_empty() && ids[index].len() > 1;
    if !(0..documents.len()).any(has_odds) {
        return Err(CliError::failed(
            "the text has fewer than two tokens: nothing predicts the first one, so there is nothing to score",
        ));
    }
    let view = View {
        context: args.context.map(|tokens| tokens as usize),
        stride: args.stride.map(|tokens| tokens as usize),
    };
    let mut writer = Writer::new(args, config, &loaded, documents.len() > 1);
    writer.begin(args, config)?;
    let mut gauge = Gauge::beside(&writer.output, args.summary);
    let scored = (0..documents.len()).filter(|&index| has_odds(index));
    let scored: Vec<usize> = scored.collect();
    let texts: Vec<Vec<u32>> = scored.iter().map(|&index| ids[index].clone()).collect();
    let (mut done, mut together, mut totals) = (0, Totals::default(), Totals::default());
    let all: usize = texts.iter().map(Vec::len).sum();
    let mut charted = Along::default();
    for index in (0..documents.len()).filter(|&index| !has_odds(index)) {
        let place = documents[index].file.as_deref().unwrap_or("the input");
        warn(&format!(
            "text {index} of {place} has fewer than two tokens and is left out"
        ));
    }
    score_each(&loaded, &texts, view, |text, record| {
        interrupt::check()?;
        let (index, length) = (scored[text], texts[text].len());
        if record.position == 0 {
            totals = Totals::default();
            writer.begin_text(index, &documents[index])?;
        }
        totals.add(&record);
        if args.chart.is_some() {
            charted.push(&record);
        }
        gauge.count("scoring", done + record.position + 1, all);
        writer.token(&record, index)?;
        if record.position + 1 == length {
            done += length;
            together.merge(&totals);
            writer.end_text(index, &documents[index], Sums::of(length, &totals))?;
        }
        Ok::<_, CliError>(())
    })?;
    if let (Some(path), [document]) = (&args.chart, documents.as_slice()) {
        let mut caption = of_model(loaded.model.info());
        if let Some(context) = args.context {
            caption += &format!(", context of {context} tokens");
        }
        let file = document.file.as_deref().map(Path::new);
        let name = file.and_then(Path::file_name).map(OsStr::to_string_lossy);
        let of = name.map_or_else(String::new, |name| format!(" of {}", sanitize(&name)));
        let title = format!("Surprisal{of}: {} tokens", thousands(done));
        let target = args.picture.target(path, &caption);
        chart::surprisal_along(target, &charted, &title).map_err(CliError::failed)?;
    }
    drop(gauge);
    writer.end(documents.len(), Sums::of(done, &together))
}

impl<'a> Writer<'a> {
    fn new(args: &ScoreArgs, config: &Config, loaded: &'a LoadedModel, several: bool) -> Self {
        let mut output = Output::stdout();
        let painter = Painter::new(args.color, &config.ui, output.is_terminal());
        if painter.paints() {
            output.allow_styles();
        }
        let form = match (args.table.table(TOKEN_COLUMNS), args) {
            (_, ScoreArgs { json: true, .. }) => Form::Json {
                tokens: !args.summary,
            },
            (_, ScoreArgs { summary: true, .. }) => Form::Summary,
            (Some(table), _) => Form::Separated(table),
            (None, ScoreArgs { as_text: true, .. }) => Form::Text,
            (None, _) => Form::Table,
        };
        Self {
            loaded,
            output,
            form,
            of_texts: args.table.table(TEXT_COLUMNS).filter(|_| args.summary),
            painter,
            decoder: StreamDecoder::new(),
            several,
        }
    }

    fn begin(&mut self, args: &ScoreArgs, config: &Config) -> Result<(), CliError> {
        if args.json {
            let info = self.loaded.model.info();
            let header = Header::new("score").with_model(info, &config.model)?;
            self.output.json(&Record::Header(&header))?;
        }
        match (&self.form, self.of_texts) {
            (Form::Separated(table), _) => table.head(&mut self.output),
            (_, Some(table)) => table.head(&mut self.output),
            _ => Ok(()),
        }
    }

    fn begin_text(&mut self, index: usize, document: &Document) -> Result<(), CliError> {
        if !matches!(self.form, Form::Table | Form::Text) {
            return Ok(());
        }
        if self.several {
            let file = document.file.as_ref();
            let file = file.map_or_else(String::new, |file| format!(", {file}"));
            self.output.line(&format!("text {index}{file}"))?;
        }
        if matches!(self.form, Form::Table) {
            self.output.line(
                "position      id  probability    rank  surprisal  token  <- most probable",
            )?;
        }
        Ok(())
    }

    fn token(&mut self, record: &TokenRecord, document: usize) -> Result<(), CliError> {
        match &self.form {
            Form::Summary | Form::Json { tokens: false } => Ok(()),
            Form::Json { tokens: true } => self
                .output
                .json(&Record::Token(Token::of(record, document, None))),
            Form::Separated(table) => {
                let token = Token::of(record, document, None);
                table.row(&mut self.output, &token)
            }
            Form::Text => {
                let text = self.decoder.push(&record.bytes);
                self.painter
                    .write(&mut self.output, &text, record.odds.as_ref())?;
                self.output.flush()
            }
            Form::Table => self.row(record),
        }
    }

    fn row(&mut self, record: &TokenRecord) -> Result<(), CliError> {
        let Some(odds) = record.odds else {
            return self.output.line(&format!(
                "{:>8}  {:>6}            -       -          -  {}",
                record.position, record.id, record.display
            ));
        };
        let best = self.loaded.tokenizer.display(odds.best);
        let guess = if odds.rank == 1 { "=" } else { &best };
        self.output.text(&format!(
            "{:>8}  {:>6}  {:>11}  {:>6}  {:>9.3}  ",
            record.position,
            record.id,
            percent_in_full(f64::from(odds.probability)),
            odds.rank,
            odds.surprisal,
        ))?;
        self.painter
            .write(&mut self.output, &record.display, Some(&odds))?;
        self.output.line(&format!("  <- {guess}"))
    }

    fn end_text(&mut self, index: usize, document: &Document, sums: Sums) -> Result<(), CliError> {
        if let Form::Text = self.form {
            let rest = self.decoder.finish();
            self.output.text(&rest)?;
            self.output.line("")?;
        }
        let record = Score {
            document: index,
            file: document.file.as_deref(),
            sums,
        };
        match (&self.form, self.of_texts) {
            (_, Some(table)) => table.row(&mut self.output, &record),
            (Form::Json { .. }, _) => self.output.json(&Record::Score(record)),
            (Form::Separated(_), _) => Ok(()),
            _ if self.several => {
                let file = document.file.as_deref().unwrap_or("-");
                self.output.line(&format!(
                    "text {index}, {file}: {} tokens, loss {:.4}, perplexity {}, {:.4} bits a byte",
                    sums.tokens,
                    sums.loss_nats,
                    with_error(sums.perplexity, sums.perplexity_error),
                    sums.bits_per_byte
                ))
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, documents: usize, sums: Sums) -> Result<(), CliError> {
        match (&self.form, self.of_texts) {
            (Form::Json { .. }, _) => self
                .output
                .json(&Record::ScoreTotals(ScoreTotals { documents, sums }))?,
            (Form::Separated(_), _) | (_, Some(_)) => {}
            _ => self.output.line(&totals(documents, &sums))?,
        }
        self.output.flush()
    }
}

/// A figure and its standard error.
fn with_error(figure: f64, error: Option<f64>) -> String {
    let error = error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
    format!("{figure:.4}{error}")
}

fn totals(documents: usize, sums: &Sums) -> String {
    let all = match documents {
        1 => String::new(),
        several => format!("all {several} texts: "),
    };
    format!(
        "{all}{} tokens, {} predicted\n\
         joint log-probability {:.4} nats\n\
         loss {:.4} nats a token, perplexity {}, {:.4} bits a token, {:.4} bits a byte\n\
         most probable token right: {}",
        sums.tokens,
        sums.predicted,
        sums.log_probability_nats,
        sums.loss_nats,
        with_error(sums.perplexity, sums.perplexity_error),
        sums.bits_per_token,
        sums.bits_per_byte,
        percent_in_full(sums.accuracy)
    )
}

//! `score`: what the model thinks of every token of a text.

use std::path::PathBuf;

use super::input::TextInput;
use super::json::{Header, Record, Score, ScoreTotals, Sums, Token};
use super::output::Output;
use super::progress::Gauge;
use super::{CliError, load};
use crate::chart::{self, Format};
use crate::config::Config;
use crate::decoding::{TokenRecord, Totals, encode_prompt, score};
use crate::text::numbers::percent_in_full;

/// Score a text: probability, rank and surprisal of every token, and perplexity
#[derive(Debug, clap::Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    pub text: TextInput,
    /// Print only the totals
    #[arg(long)]
    pub summary: bool,
    /// Draw surprisal and entropy along the text into a file, .svg or .png
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Print a record for each token, and for the totals, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
}

/// Most tokens in a chart: more would not be told apart.
const CHART_TOKENS: usize = 2000;

/// Runs the subcommand.
///
/// # Errors
/// When the text is missing, the model cannot be loaded or fails, or the output cannot be written.
pub fn run(args: &ScoreArgs, config: &Config) -> Result<(), CliError> {
    let format = args.chart.as_deref().map(Format::of).transpose();
    format.map_err(CliError::usage)?;
    let text = args.text.require()?;
    let loaded = load(&config.model)?;
    let ids = encode_prompt(&loaded, &text)?;
    if text.is_empty() || ids.len() < 2 {
        return Err(CliError::failed(
            "the text has fewer than two tokens: nothing predicts the first one, so there is nothing to score",
        ));
    }
    let mut output = Output::stdout();
    let mut gauge = Gauge::new();
    let mut totals = Totals::default();
    let mut charted = Vec::new();
    if args.json {
        let header = Header::new("score").with_model(loaded.model.info(), &config.model)?;
        output.json(&Record::Header(&header))?;
    } else if !args.summary {
        output.line("position      id  probability    rank  surprisal  token  <- most probable")?;
    }
    score(&loaded, &ids, |record| {
        totals.add(&record);
        if args.chart.is_some() && charted.len() < CHART_TOKENS {
            charted.push(record.clone());
        }
        if args.summary {
            gauge.count("scoring", record.position + 1, ids.len());
            Ok(())
        } else if args.json {
            output.json(&Record::Token(Token::of(&record, 0, None)))
        } else {
            let best = record.odds.map(|odds| loaded.tokenizer.display(odds.best));
            print(&mut output, &record, best)
        }
    })?;
    gauge.clear();
    if let Some(path) = &args.chart {
        let title = if charted.len() < ids.len() {
            format!(
                "Surprisal of the first {} of {} tokens",
                charted.len(),
                ids.len()
            )
        } else {
            format!("Surprisal of {} tokens", ids.len())
        };
        chart::surprisal(path, &charted, &title).map_err(CliError::failed)?;
    }
    let sums = Sums::of(ids.len(), &totals);
    if args.json {
        output.json(&Record::Score(Score {
            document: 0,
            file: None,
            sums,
        }))?;
        output.json(&Record::ScoreTotals(ScoreTotals { documents: 1, sums }))?;
    } else {
        output.line(&format!(
            "{} tokens, {} predicted\n\
             joint log-probability {:.4} nats\n\
             loss {:.4} nats a token, perplexity {:.4}, {:.4} bits a token, {:.4} bits a byte\n\
             most probable token right: {}",
            sums.tokens,
            sums.predicted,
            sums.log_probability_nats,
            sums.loss_nats,
            sums.perplexity,
            sums.bits_per_token,
            sums.bits_per_byte,
            percent_in_full(sums.accuracy)
        ))?;
    }
    output.flush()
}

fn print(output: &mut Output, record: &TokenRecord, best: Option<String>) -> Result<(), CliError> {
    let Some((odds, best)) = record.odds.zip(best) else {
        return output.line(&format!(
            "{:>8}  {:>6}            -       -          -  {}",
            record.position, record.id, record.display
        ));
    };
    let guess = if odds.rank == 1 { "=" } else { &best };
    output.line(&format!(
        "{:>8}  {:>6}  {:>11}  {:>6}  {:>9.3}  {}  <- {guess}",
        record.position,
        record.id,
        percent_in_full(f64::from(odds.probability)),
        odds.rank,
        odds.surprisal,
        record.display
    ))
}

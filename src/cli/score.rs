//! `score`: what the model thinks of every token of a text.

use std::path::PathBuf;

use serde::Serialize;

use super::input::TextInput;
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
    /// Print a line of JSON for each token, and one for the totals
    #[arg(long)]
    pub json: bool,
}

/// Most tokens in a chart: more would not be told apart.
const CHART_TOKENS: usize = 2000;

#[derive(Serialize)]
struct Summary {
    tokens: usize,
    predicted: usize,
    log_probability: f64,
    loss: f64,
    perplexity: f64,
    bits_per_token: f64,
    bits_per_byte: f64,
    accuracy: f64,
}

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
    if !args.json && !args.summary {
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
            output.json(&record)
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
    let summary = Summary {
        tokens: ids.len(),
        predicted: totals.predicted,
        log_probability: totals.log_probability,
        loss: totals.loss(),
        perplexity: totals.perplexity(),
        bits_per_token: totals.loss() / std::f64::consts::LN_2,
        bits_per_byte: totals.bits_per_byte(),
        accuracy: totals.accuracy(),
    };
    if args.json {
        output.json(&summary)?;
    } else {
        output.line(&format!(
            "{} tokens, {} predicted\n\
             joint log-probability {:.4} nats\n\
             loss {:.4} nats a token, perplexity {:.4}, {:.4} bits a token, {:.4} bits a byte\n\
             most probable token right: {}",
            summary.tokens,
            summary.predicted,
            summary.log_probability,
            summary.loss,
            summary.perplexity,
            summary.bits_per_token,
            summary.bits_per_byte,
            percent_in_full(summary.accuracy)
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

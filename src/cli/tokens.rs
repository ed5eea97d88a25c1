//! `tokens`: how a text is cut into tokens.

use super::input::TextInput;
use super::json::{Header, Piece, Place, Record, Token, TokensTotals};
use super::output::Output;
use super::table::TableArgs;
use super::{CliError, load};
use crate::config::Config;

/// Show how a text is cut into tokens
#[derive(Debug, clap::Args)]
pub struct TokensArgs {
    #[command(flatten)]
    pub text: TextInput,
    /// Print only the ids
    #[arg(long, conflicts_with_all = ["json", "csv", "tsv", "decode"])]
    pub ids: bool,
    /// Turn ids back into text instead
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["text", "file"])]
    pub decode: Vec<u32>,
    /// Print a record for each token, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub table: TableArgs,
}

const COLUMNS: &[&str] = &["position", "id", "text", "display"];

/// Runs the subcommand.
///
/// # Errors
/// When the text is missing, the model cannot be loaded, or the output cannot be written.
pub fn run(args: &TokensArgs, config: &Config) -> Result<(), CliError> {
    let decoding = !args.decode.is_empty();
    let mut text = if decoding {
        String::new()
    } else {
        args.text.require()?
    };
    let loaded = load(&config.model)?;
    let tokenizer = &loaded.tokenizer;
    let table = args.table.table(COLUMNS);
    // What is decoded is data.
    let mut output = if decoding {
        Output::data()
    } else {
        Output::stdout()
    };
    if decoding {
        let size = tokenizer.vocabulary_size();
        if let Some(id) = args.decode.iter().find(|&&id| id as usize >= size) {
            return Err(CliError::usage(format!(
                "there is no token {id}: the vocabulary has {size}, from 0 to {}",
                size - 1
            )));
        }
        text = tokenizer.decode_from_start(&args.decode);
        if !args.json && table.is_none() {
            output.line(&text)?;
            return output.flush();
        }
    }
    let ids = if decoding {
        args.decode.clone()
    } else {
        tokenizer.encode(&text)?
    };
    if args.ids {
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        output.line(&ids.join(" "))?;
        return output.flush();
    }
    if let Some(table) = table {
        table.head(&mut output)?;
    } else if args.json {
        let header = Header::new("tokens").with_model(loaded.model.info(), &config.model)?;
        output.json(&Record::Header(&header))?;
    } else {
        output.line("position      id  bytes                     token")?;
    }
    for (position, &id) in ids.iter().enumerate() {
        let bytes = tokenizer.token_bytes(id);
        let display = tokenizer.display(id);
        let token = Token {
            place: Place {
                document: 0,
                sample: None,
                position,
            },
            piece: Piece::new(id, bytes, &display),
            odds: None,
            draw: None,
        };
        if let Some(table) = table {
            table.row(&mut output, &token)?;
        } else if args.json {
            output.json(&Record::Token(token))?;
        } else {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            output.line(&format!(
                "{position:>8}  {id:>6}  {:<24}  {display}",
                hex.join(" ")
            ))?;
        }
    }
    if args.json {
        output.json(&Record::TokensTotals(TokensTotals {
            tokens: ids.len(),
            text_bytes: text.len(),
            vocabulary: tokenizer.vocabulary_size(),
        }))?;
    } else if table.is_none() {
        output.line(&format!(
            "{} tokens, {} bytes, vocabulary of {}",
            ids.len(),
            text.len(),
            tokenizer.vocabulary_size()
        ))?;
    }
    output.flush()
}

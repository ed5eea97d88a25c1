//! `tokens`: how a text is cut into tokens.

use serde::Serialize;

use super::input::TextInput;
use super::output::Output;
use super::{CliError, load};
use crate::config::Config;

/// Show how a text is cut into tokens
#[derive(Debug, clap::Args)]
pub struct TokensArgs {
    #[command(flatten)]
    pub text: TextInput,
    /// Print only the ids
    #[arg(long)]
    pub ids: bool,
    /// Turn ids back into text instead
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["text", "file"])]
    pub decode: Vec<u32>,
    /// Print a line of JSON for each token
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Token<'a> {
    position: usize,
    id: u32,
    display: String,
    bytes: &'a [u8],
}

/// Runs the subcommand.
///
/// # Errors
/// When the text is missing, the model cannot be loaded, or the output cannot be written.
pub fn run(args: &TokensArgs, config: &Config) -> Result<(), CliError> {
    let decoding = !args.decode.is_empty();
    let text = if decoding {
        String::new()
    } else {
        args.text.require()?
    };
    let loaded = load(&config.model)?;
    let tokenizer = &loaded.tokenizer;
    let mut output = Output::stdout();
    if decoding {
        let size = tokenizer.vocabulary_size();
        if let Some(id) = args.decode.iter().find(|&&id| id as usize >= size) {
            return Err(CliError::usage(format!(
                "there is no token {id}: the vocabulary has {size}, from 0 to {}",
                size - 1
            )));
        }
        output.line(&tokenizer.decode_from_start(&args.decode))?;
        return output.flush();
    }
    let ids = tokenizer.encode(&text)?;
    if args.ids {
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        output.line(&ids.join(" "))?;
        return output.flush();
    }
    if !args.json {
        output.line("position      id  bytes                     token")?;
    }
    for (position, &id) in ids.iter().enumerate() {
        let bytes = tokenizer.token_bytes(id);
        let display = tokenizer.display(id);
        if args.json {
            output.json(&Token {
                position,
                id,
                display,
                bytes,
            })?;
        } else {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            output.line(&format!(
                "{position:>8}  {id:>6}  {:<24}  {display}",
                hex.join(" ")
            ))?;
        }
    }
    if !args.json {
        output.line(&format!(
            "{} tokens, {} bytes, vocabulary of {}",
            ids.len(),
            text.len(),
            tokenizer.vocabulary_size()
        ))?;
    }
    output.flush()
}

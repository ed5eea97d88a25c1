//! Where a subcommand's text comes from: an argument, a file, or standard input.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use super::{CliError, warn};
use crate::text::encoding;

/// A text given as an argument, a file or standard input.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TextInput {
    /// The text; without it, it is read from --file, or from standard input if that is no terminal.
    pub text: Option<String>,
    /// Read the text from a file (`-` for standard input).
    #[arg(long, short = 'f', value_name = "FILE", conflicts_with = "text")]
    pub file: Option<PathBuf>,
}

impl TextInput {
    /// The text, if one was given in any of the ways.
    ///
    /// # Errors
    /// When a file cannot be read or is no text.
    pub fn read(&self) -> Result<Option<String>, CliError> {
        match (&self.text, &self.file) {
            // A shell that puts a file's contents here puts the mark here too.
            (Some(text), _) => Ok(Some(unmarked(text).to_owned())),
            (None, Some(path)) if path == Path::new("-") => read_stdin().map(Some),
            (None, Some(path)) => read_file(path).map(Some),
            (None, None) if io::stdin().is_terminal() => Ok(None),
            (None, None) => read_stdin().map(Some),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// As [`TextInput::read`], and when none was given.
    pub fn require(&self) -> Result<String, CliError> {
        self.read()?.ok_or_else(|| {
            CliError::usage("no text: give it as an argument, with --file, or on standard input")
        })
    }
}

/// A text without the mark at its beginning.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn read_file(path: &Path) -> Result<String, CliError> {
    let bytes =
        fs::read(path).map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?;
    decode(bytes, &path.display().to_string())
}

fn read_stdin() -> Result<String, CliError> {
    let mut bytes = Vec::new();
    io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| CliError::failed(format!("standard input: {error}")))?;
    decode(bytes, "standard input")
}

fn decode(bytes: Vec<u8>, origin: &str) -> Result<String, CliError> {
    let text = encoding::decode(bytes)
        .map_err(|problem| CliError::failed(format!("{origin}: {problem}")))?;
    // They are bytes of the text like others, and taking them away would change what is measured.
    let breaks = text.matches("\r\n").count();
    if breaks > 0 {
        warn(&format!(
            "{origin} has {breaks} line breaks CR LF, of which the CR are kept and are tokens to the model; convert them to LF if you do not mean them"
        ));
    }
    Ok(text)
}

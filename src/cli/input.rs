//! Where a subcommand's text comes from: an argument, a file, or standard input.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use super::documents::{Document, TextsInput};
use super::{CliError, warn};
use crate::text::encoding;

pub const NO_TEXT: &str = "no text: give it as an argument, with --file, or on standard input";

/// A text given as an argument, a file or standard input.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TextInput {
    /// The text (`-` for standard input); without it, it is read from --file, or from standard input if that is no
    /// terminal
    pub text: Option<String>,
    /// Read the text from a file (`-` for standard input)
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
            (Some(text), _) if text == "-" => read_stdin().map(Some),
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
        self.read()?.ok_or_else(|| CliError::usage(NO_TEXT))
    }
}

/// Prompts: texts that the model goes on with.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PromptInput {
    #[command(flatten)]
    pub input: TextsInput,
    /// Keep the line break at the end of a file or of standard input: most prompts go on in their last line
    #[arg(long)]
    pub keep_newline: bool,
    /// Read \\n, \\t, \\r and \\\\ in the prompt, and in --stop and --truncate, as what they stand for
    #[arg(long, short = 'e')]
    pub escape: bool,
}

impl PromptInput {
    /// The prompts, if any was given in any of the ways.
    ///
    /// # Errors
    /// As [`TextsInput::read`].
    pub fn read(&self) -> Result<Vec<Document>, CliError> {
        let mut documents = self.input.read()?;
        for document in &mut documents {
            let mut text = std::mem::take(&mut document.text);
            if document.is_whole && !self.keep_newline {
                text = without_last_break(text);
            }
            document.text = self.meant(&text);
        }
        Ok(documents)
    }

    /// The prompts, of which there is one at least.
    ///
    /// # Errors
    /// As [`PromptInput::read`], and when there is none.
    pub fn require(&self) -> Result<Vec<Document>, CliError> {
        self.input.need(self.read()?)
    }

    /// The one prompt.
    ///
    /// # Errors
    /// As [`PromptInput::require`], and when there are several.
    pub fn require_one(&self) -> Result<String, CliError> {
        let mut documents = self.require()?;
        match documents.len() {
            1 => Ok(documents.remove(0).text),
            several => Err(CliError::usage(format!(
                "one prompt is wanted, and there are {several}"
            ))),
        }
    }

    /// An argument as it is meant: with --escape its escapes stand for something.
    pub fn meant(&self, text: &str) -> String {
        if self.escape {
            unescaped(text)
        } else {
            text.to_owned()
        }
    }
}

/// A text without the line break that editors and `echo` put at its end, which a person at a terminal is told.
fn without_last_break(mut text: String) -> String {
    let end = text
        .strip_suffix('\n')
        .map(|rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    if let Some(end) = end {
        text.truncate(end);
        if io::stderr().is_terminal() {
            warn("the line break at the end is no part of the prompt; --keep-newline keeps it");
        }
    }
    text
}

/// A text with its escapes replaced; others stay as they are, as in llama.cpp.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let mut after = rest.clone();
        let meant = match (c, after.next()) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('t')) => '\t',
            ('\\', Some('r')) => '\r',
            ('\\', Some('\\')) => '\\',
            _ => {
                out.push(c);
                continue;
            }
        };
        out.push(meant);
        rest = after;
    }
    out
}

/// A text without the byte order mark at its beginning.
pub fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A file's text, whatever its encoding.
///
/// # Errors
/// When it cannot be read or is no text.
pub fn read_file(path: &Path) -> Result<String, CliError> {
    let bytes =
        fs::read(path).map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?;
    decode(bytes, &path.display().to_string())
}

/// All of standard input.
///
/// # Errors
/// When it cannot be read or is no text.
pub fn read_stdin() -> Result<String, CliError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_what_they_mean_and_others_for_themselves() {
        assert_eq!(unescaped(r"a\nb\tc\rd"), "a\nb\tc\rd");
        assert_eq!(unescaped(r"a\\n"), r"a\n");
        assert_eq!(unescaped(r"\d \"), r"\d \");
    }

    #[test]
    fn one_line_break_at_the_end_is_left_out() {
        let without = |text: &str| without_last_break(text.to_owned());
        assert_eq!(without("a\n"), "a");
        assert_eq!(without("a\r\n"), "a");
        assert_eq!(without("a\n\n"), "a\n");
        assert_eq!(without("a\r"), "a\r");
        assert_eq!(without("\n"), "");
    }
}

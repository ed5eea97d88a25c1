//! Where results go: standard output or a file, buffered, and safe when it is a terminal.

use std::borrow::Cow;
use std::env;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use crossterm::style::StyledContent;
use serde::Serialize;

use super::CliError;
use crate::text::sanitize;
use crate::tui::{in_ascii, locale_is_ascii};

/// Standard output or a file. A terminal gets no control characters from models; a pipe or file gets the text as it is.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    terminal: bool,
    /// Whether styles are written: on a terminal, or where they are wanted all the same.
    styles: bool,
    /// Whether only ASCII can be shown.
    ascii: bool,
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        Self {
            terminal: stdout.is_terminal(),
            styles: stdout.is_terminal(),
            ascii: locale_is_ascii(|name| env::var(name).ok()),
            writer: BufWriter::new(Box::new(stdout)),
        }
    }

    /// A file, which is made anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(path: &Path) -> Result<Self, CliError> {
        let file = File::create(path)
            .map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?;
        Ok(Self {
            terminal: false,
            styles: false,
            ascii: false,
            writer: BufWriter::new(Box::new(file)),
        })
    }

    /// Standard output for what is data and no table: it goes into a pipe as it is, whatever the locale can show.
    pub fn data() -> Self {
        let output = Self::stdout();
        Self {
            ascii: output.ascii && output.terminal,
            ..output
        }
    }

    /// Writes styles although it is no terminal.
    pub fn allow_styles(&mut self) {
        self.styles = true;
    }

    /// Writes a text as it is, made safe for a terminal, and of ASCII where the locale has nothing else.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn text(&mut self, text: &str) -> Result<(), CliError> {
        let text = self.shown(text);
        Ok(self.writer.write_all(text.as_bytes())?)
    }

    /// What is shown of a text.
    fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = if self.terminal {
            sanitize(text)
        } else {
            Cow::Borrowed(text)
        };
        if self.ascii && !text.is_ascii() {
            return Cow::Owned(in_ascii(&text));
        }
        text
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes a text made safe for a terminal and then given a style, if styles are written.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn styled(
        &mut self,
        text: &str,
        style: impl FnOnce(String) -> StyledContent<String>,
    ) -> Result<(), CliError> {
        if !self.styles {
            return self.text(text);
        }
        let styled = style(self.shown(text).into_owned());
        Ok(write!(self.writer, "{styled}")?)
    }

    /// Writes a text and a newline.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn line(&mut self, line: &str) -> Result<(), CliError> {
        self.text(line)?;
        self.writer.write_all(b"\n")?;
        Ok(())
    }

    /// Writes a zero byte, which no text has, to part texts in pipes.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn zero(&mut self) -> Result<(), CliError> {
        Ok(self.writer.write_all(&[0])?)
    }

    /// Writes a value as one line of JSON.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer(&mut self.writer, value)?;
        self.writer.write_all(b"\n")?;
        Ok(())
    }

    /// Hands on what is buffered.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn flush(&mut self) -> Result<(), CliError> {
        Ok(self.writer.flush()?)
    }
}

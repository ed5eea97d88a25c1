//! Where results go: standard output or a file, buffered, and safe when it is a terminal.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use crossterm::style::StyledContent;
use serde::Serialize;

use super::CliError;
use crate::text::sanitize;

/// Standard output or a file. A terminal gets no control characters from models; a pipe or file gets the text as it is.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    terminal: bool,
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        Self {
            terminal: stdout.is_terminal(),
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
            writer: BufWriter::new(Box::new(file)),
        })
    }

    /// Writes a text as it is, made safe for a terminal.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn text(&mut self, text: &str) -> Result<(), CliError> {
        if self.terminal {
            self.writer.write_all(sanitize(text).as_bytes())?;
        } else {
            self.writer.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes a text made safe for a terminal and then given a style, if it goes to one.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn styled(
        &mut self,
        text: &str,
        style: impl FnOnce(String) -> StyledContent<String>,
    ) -> Result<(), CliError> {
        if !self.terminal {
            return self.text(text);
        }
        let styled = style(sanitize(text).into_owned());
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

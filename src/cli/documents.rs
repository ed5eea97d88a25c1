//! The texts of subcommands that take many: an argument, files as `train` reads them, or standard input.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use super::input::{self, NO_TEXT};
use super::{CliError, warn};
use crate::text::corpus::{self, CorpusError, CorpusSettings, Piece, ReadProgress, Split};

/// Texts given as an argument, in files or on standard input.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TextsInput {
    /// The text (`-` for standard input); without it, texts are read from --file, or one from standard input if that is
    /// no terminal
    pub text: Option<String>,
    /// Read texts from a file (`-` for standard input; may be given several times)
    ///
    /// A plain file is one text; rows of .csv, .tsv, .jsonl and .json, packed or not, and the files of a directory are
    /// texts each, as train reads them. Short ones are read together, in one pass over the weights.
    #[arg(long, short = 'f', value_name = "FILE", conflicts_with = "text")]
    pub file: Vec<PathBuf>,
    /// Take each line for a text of its own
    #[arg(
        long,
        conflicts_with = "text",
        help_heading = "Many texts",
        hide_short_help = true
    )]
    pub lines: bool,
    /// The column of a table that holds the texts
    #[arg(
        long,
        value_name = "NAME",
        requires = "file",
        hide_short_help = true,
        help_heading = "Many texts"
    )]
    pub column: Option<String>,
    /// The field of JSON records that holds the texts; dots lead into objects
    #[arg(
        long,
        value_name = "NAME",
        requires = "file",
        hide_short_help = true,
        help_heading = "Many texts"
    )]
    pub field: Option<String>,
}

/// A text, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file's name; none for an argument and standard input.
    pub file: Option<String>,
    pub text: String,
    /// Whether it is a whole file, or all of standard input.
    pub is_whole: bool,
}

impl TextsInput {
    /// The texts, if any was given in any of the ways.
    ///
    /// # Errors
    /// When a file cannot be read or is no text.
    pub fn read(&self) -> Result<Vec<Document>, CliError> {
        match &self.text {
            Some(text) if text == "-" => return self.stdin(),
            Some(text) => {
                return Ok(vec![Document {
                    file: None,
                    // A shell that puts a file's contents here puts the mark here too.
                    text: input::unmarked(text).to_owned(),
                    is_whole: false,
                }]);
            }
            None => {}
        }
        if self.file.is_empty() {
            return if io::stdin().is_terminal() {
                Ok(Vec::new())
            } else {
                self.stdin()
            };
        }
        let mut documents = Vec::new();
        for path in &self.file {
            if path == Path::new("-") {
                documents.extend(self.stdin()?);
            } else if self.lines || !corpus::is_plain(path) {
                self.corpus(path, &mut documents)?;
            } else {
                documents.push(Document {
                    file: Some(path.display().to_string()),
                    text: input::read_file(path)?,
                    is_whole: true,
                });
            }
        }
        Ok(documents)
    }

    /// The texts, of which there is one at least.
    ///
    /// # Errors
    /// As [`TextsInput::read`], and when there is none.
    pub fn require(&self) -> Result<Vec<Document>, CliError> {
        self.need(self.read()?)
    }

    /// These texts, unless there is none.
    ///
    /// # Errors
    /// When there is none.
    pub fn need(&self, documents: Vec<Document>) -> Result<Vec<Document>, CliError> {
        match (documents.is_empty(), self.file.first()) {
            (false, _) => Ok(documents),
            (true, None) => Err(CliError::usage(NO_TEXT)),
            (true, Some(file)) => Err(CliError::failed(format!(
                "{}: there is no text in it",
                file.display()
            ))),
        }
    }

    fn stdin(&self) -> Result<Vec<Document>, CliError> {
        let text = input::read_stdin()?;
        let document = |text: &str, is_whole: bool| Document {
            file: None,
            text: text.to_owned(),
            is_whole,
        };
        if !self.lines {
            return Ok(vec![document(&text, true)]);
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(lines.map(|line| document(line, false)).collect())
    }

    /// Reads a file as `train` would; what could not be used is told.
    fn corpus(&self, path: &Path, documents: &mut Vec<Document>) -> Result<(), CliError> {
        let settings = CorpusSettings {
            files: vec![path.to_owned()],
            split: if self.lines {
                Split::Lines
            } else {
                Split::File
            },
            column: self.column.clone(),
            field: self.field.clone(),
            // Texts are measured as they are.
            wrap: Some((String::new(), String::new())),
            ..CorpusSettings::default()
        };
        let file = path.display().to_string();
        let mut text = String::new();
        let mut take = |piece: Piece, _: &ReadProgress| -> Result<(), CorpusError> {
            text.push_str(&piece.text);
            if piece.last {
                documents.push(Document {
                    file: Some(file.clone()),
                    text: std::mem::take(&mut text),
                    is_whole: false,
                });
            }
            Ok(())
        };
        let tally = corpus::read(&settings, &mut take).map_err(CliError::failed)?;
        if !tally.is_plain() {
            tally.sentences(None).iter().for_each(|said| warn(said));
        }
        Ok(())
    }
}

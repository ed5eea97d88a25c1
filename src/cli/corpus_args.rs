//! The flags that say what a corpus is and how it is read.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::CliError;
use crate::text::read_text;
use crate::training::Layers;

/// Flags of `train`, `finetune` and `encode`. What is not given stays as the recipe has it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CorpusArgs {
    /// Texts: .txt, .csv, .tsv, .json, .jsonl, each also with .gz or .xz, or directories of them; or what `encode` wrote
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The column of a table; other kinds of files in a directory are left out
    #[arg(long, value_name = "NAME", help_heading = "Data")]
    pub column: Option<String>,
    /// What separates the columns of a table [default: seen from its rows]
    #[arg(long, value_name = "CHARACTER|tab", help_heading = "Data")]
    pub separator: Option<String>,
    /// The field of a JSON record; other kinds of files in a directory are left out
    #[arg(long, value_name = "NAME", help_heading = "Data")]
    pub field: Option<String>,
    /// Join a list of texts in a JSON record with this; \\n is a line break [default: \\n]
    #[arg(long, value_name = "TEXT", help_heading = "Data")]
    pub join: Option<String>,
    /// Put around each text of a table; a table of one column has <|startoftext|>,<|endoftext|>
    #[arg(long, value_name = "START,END", help_heading = "Data")]
    pub wrap: Option<String>,
    /// Cut text files into documents: not (file), at line breaks (lines), or at this text; \\n is a line break
    #[arg(long, value_name = "file|lines|TEXT", help_heading = "Data")]
    pub split: Option<String>,
    /// Leave shorter documents out
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub min_chars: Option<u32>,
    /// Unicode normalisation
    #[arg(long, value_name = "FORM", help_heading = "Data", value_parser = ["none", "nfc", "nfd", "nfkc", "nfkd"])]
    pub normalise: Option<String>,
    /// Lower case, <br /> removed, punctuation apart, as in the mini-GPT tutorial
    #[arg(long, help_heading = "Data")]
    pub standardise: bool,
    /// Leave out lines with one of the words in this file (one a line, # for remarks); validation files keep theirs
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub exclude_words: Option<PathBuf>,
    /// End with an error where a line, a row or a file would be left out because it cannot be read
    #[arg(long, help_heading = "Data")]
    pub strict: bool,
}

impl CorpusArgs {
    /// Sets the keys of a recipe that the flags name.
    ///
    /// # Errors
    /// When a flag cannot be understood, or a file that it names not be read.
    pub fn apply(&self, layers: &mut Layers) -> Result<(), CliError> {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let files = self.files.iter().map(|path| path.display().to_string());
        let files: Vec<Value> = files.map(Value::String).collect();
        let plain = [
            ("files", (!files.is_empty()).then_some(Value::Array(files))),
            ("column", text(&self.column)),
            ("separator", self.separator()?),
            ("field", text(&self.field)),
            ("join", self.join.as_deref().map(unescaped)),
            ("wrap", self.wrap()?),
            ("split", self.split.as_deref().map(split)),
            (
                "filters.min_chars",
                self.min_chars.map(|least| Value::Integer(i64::from(least))),
            ),
            ("filters.normalisation", text(&self.normalise)),
            (
                "filters.standardise",
                self.standardise.then_some(Value::Boolean(true)),
            ),
            (
                "filters.exclude",
                self.exclude_words.as_deref().map(words).transpose()?,
            ),
            ("strict", self.strict.then_some(Value::Boolean(true))),
        ];
        for (key, value) in plain {
            if let Some(value) = value {
                layers.set(&format!("data.corpus.{key}"), value);
            }
        }
        Ok(())
    }

    fn separator(&self) -> Result<Option<Value>, CliError> {
        let Some(given) = &self.separator else {
            return Ok(None);
        };
        let separator = match given.as_str() {
            "tab" | "\\t" => "\t",
            one if one.len() == 1 => one,
            _ => {
                return Err(CliError::usage(format!(
                    "--separator {given}: give one ASCII character, or `tab`"
                )));
            }
        };
        Ok(Some(Value::String(separator.to_owned())))
    }

    fn wrap(&self) -> Result<Option<Value>, CliError> {
        let Some(wrap) = &self.wrap else {
            return Ok(None);
        };
        let (start, end) = wrap.split_once(',').ok_or_else(|| {
            CliError::usage(format!(
                "--wrap {wrap}: give a start and an end with a comma between"
            ))
        })?;
        let both = [start, end].map(|text| Value::String(text.to_owned()));
        Ok(Some(Value::Array(both.to_vec())))
    }
}

fn split(given: &str) -> Value {
    match given {
        "file" | "lines" => Value::String(given.to_owned()),
        text => Value::Table(Table::from_iter([("at".to_owned(), unescaped(text))])),
    }
}

/// A text in which `\n`, `\r`, `\t` and `\\` stand for what they do elsewhere, since no shell's quotes are alike.
fn unescaped(given: &str) -> Value {
    let mut text = String::new();
    let mut rest = given.chars();
    while let Some(c) = rest.next() {
        let escaped = match (c, rest.clone().next()) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('\\')) => Some('\\'),
            _ => None,
        };
        if escaped.is_some() {
            rest.next();
        }
        text.push(escaped.unwrap_or(c));
    }
    Value::String(text)
}

/// A list of words that is larger is none, in bytes.
const LARGEST_LIST: u64 = 16_000_000;

/// The words of a list, one a line.
fn words(path: &Path) -> Result<Value, CliError> {
    let text = read_text(path, LARGEST_LIST)
        .map_err(|error| CliError::usage(format!("--exclude-words {}: {error}", path.display())))?;
    let lines = text.lines().map(str::trim);
    let words = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(Value::Array(
        words.map(|word| Value::String(word.to_owned())).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_can_be_written() {
        let text = |given: &str| unescaped(given).as_str().expect("a text").to_owned();
        assert_eq!(text(r"\n====\n"), "\n====\n");
        assert_eq!(text("\n\n"), "\n\n");
        assert_eq!(text(r"a\tb\\n\x\"), "a\tb\\n\\x\\");
    }
}

//! What could not be used of a corpus, counted and named.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// Why a document, or a line of one, was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    NotUtf8,
    Empty,
    /// Shorter than the filter's least.
    TooShort,
    /// A line with a word that the filter excludes.
    Excluded,
    /// The column or field of this name is missing.
    Missing(String),
    /// The field holds neither a text nor a list of texts.
    NotText(String),
    /// Not valid JSON, or a row of a table that cannot be read.
    Malformed(String),
}

impl Reason {
    /// Whether something is wrong with it; what a filter takes out is no fault.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::TooShort | Self::Excluded)
    }
}

impl Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => formatter.write_str("not UTF-8"),
            Self::Empty => formatter.write_str("empty"),
            Self::TooShort => formatter.write_str("too short"),
            Self::Excluded => formatter.write_str("has an excluded word"),
            Self::Missing(name) => write!(formatter, "`{name}` is missing"),
            Self::NotText(name) => {
                write!(formatter, "`{name}` is neither a text nor a list of texts")
            }
            Self::Malformed(problem) => formatter.write_str(problem),
        }
    }
}

/// A document or line that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRow {
    pub file: String,
    /// From 1.
    pub line: u64,
    pub reason: Reason,
}

impl Display for SkippedRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// Everything that was left out: all counted, the first of them named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    /// How many, by the reason's kind.
    pub counts: BTreeMap<String, u64>,
    /// The first ones.
    pub rows: Vec<SkippedRow>,
}

/// How many rows are named.
const NAMED: usize = 1000;

impl Skipped {
    pub(super) fn add(&mut self, row: SkippedRow) {
        let kind = match &row.reason {
            Reason::NotUtf8 => "not_utf8",
            Reason::Empty => "empty",
            Reason::TooShort => "too_short",
            Reason::Excluded => "excluded",
            Reason::Missing(_) => "missing",
            Reason::NotText(_) => "not_text",
            Reason::Malformed(_) => "malformed",
        };
        *self.counts.entry(kind.to_owned()).or_default() += 1;
        if self.rows.len() < NAMED {
            self.rows.push(row);
        }
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

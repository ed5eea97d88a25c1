//! What could not be used of a corpus, counted and named.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// Why a file, a document, or a line of one, was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// A file that holds no text.
    NoText(String),
    /// A file of a directory that is of another kind than what was asked for.
    OtherKind,
}

impl Reason {
    /// Whether something is wrong with it; what a filter takes out is no fault.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::TooShort | Self::Excluded | Self::OtherKind)
    }

    /// The kind under which it is counted.
    fn kind(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "not UTF-8",
            Self::Empty => "empty",
            Self::TooShort => "too short",
            Self::Excluded => "excluded",
            Self::Missing(_) => "missing",
            Self::NotText(_) => "not text",
            Self::Malformed(_) => "malformed",
            Self::NoText(_) => "files without text",
            Self::OtherKind => "files of another kind",
        }
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
            Self::Malformed(problem) | Self::NoText(problem) => formatter.write_str(problem),
            Self::OtherKind => {
                formatter.write_str("of another kind than the column or field that was asked for")
            }
        }
    }
}

/// A file, document or line that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SkippedRow {
    pub file: String,
    /// From 1; 0 for the whole file.
    pub line: u64,
    pub reason: Reason,
}

impl SkippedRow {
    /// Where it stands.
    fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }
}

impl Display for SkippedRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place(), self.reason)
    }
}

/// What was left out for reasons of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SkippedKind {
    pub count: u64,
    /// How much text was lost by it.
    #[serde(rename = "text_bytes", alias = "bytes")]
    pub bytes: u64,
    /// The first of them.
    pub rows: Vec<SkippedRow>,
}

/// How many rows of a kind are named.
const NAMED: usize = 8;

impl Display for SkippedKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "skipped {} ({} bytes)", self.count, self.bytes)?;
        let Some((first, others)) = self.rows.split_first() else {
            return Ok(());
        };
        write!(formatter, ": {first}")?;
        for (at, row) in others.iter().enumerate() {
            let and = if at == 0 { "; so are " } else { ", " };
            if row.file == first.file && row.line > 0 {
                write!(formatter, "{and}line {}", row.line)?
            } else {
                write!(formatter, "{and}{}", row.place())?
            }
        }
        if self.count > self.rows.len() as u64 {
            formatter.write_str(" and more")
        } else {
            Ok(())
        }
    }
}

/// Everything that was left out: all counted, the first of each kind named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Skipped {
    pub kinds: BTreeMap<String, SkippedKind>,
}

impl Skipped {
    pub(super) fn add(&mut self, row: SkippedRow, bytes: u64) {
        let kind = row.reason.kind().to_owned();
        self.kinds.entry(kind).or_default().add(1, bytes, [row]);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (name, kind) in other.kinds {
            let sum = self.kinds.entry(name).or_default();
            sum.add(kind.count, kind.bytes, kind.rows);
        }
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.kinds.values().map(|kind| kind.count).sum()
    }

    /// The first ones of each kind.
    pub fn rows(&self) -> impl Iterator<Item = &SkippedRow> {
        self.kinds.values().flat_map(|kind| &kind.rows)
    }
}

impl SkippedKind {
    fn add(&mut self, count: u64, bytes: u64, rows: impl IntoIterator<Item = SkippedRow>) {
        self.count += count;
        self.bytes += bytes;
        let room = NAMED.saturating_sub(self.rows.len());
        self.rows.extend(rows.into_iter().take(room));
    }
}

/// How many of which kind.
impl Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.kinds.iter();
        let counts: Vec<String> = kinds
            .map(|(name, kind)| format!("{} {name}", kind.count))
            .collect();
        formatter.write_str(&counts.join(", "))
    }
}

//! Where a value was set, and what is wrong with it.

use std::fmt::{self, Display};
use std::iter;
use std::path::PathBuf;

use crate::text::sanitize;

/// A place in a file, both numbers from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// The lines of a text, found once: a file may have many places to tell of.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where each begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: iter::once(0).chain(newlines).collect(),
        }
    }

    /// The place of a byte.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        Position {
            line,
            column: self.text[start..offset].chars().count() + 1,
        }
    }
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The documented default.
    Default,
    /// A place in a file, or all of it.
    File {
        path: PathBuf,
        position: Option<Position>,
    },
    /// An environment variable.
    Environment(String),
    /// A flag, as it is typed.
    Flag(String),
    /// A preset, and where that was chosen.
    Preset { name: String, chosen: Box<Origin> },
}

impl Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File {
                path,
                position: None,
            } => write!(formatter, "{}", path.display()),
            Self::File {
                path,
                position: Some(Position { line, column }),
            } => {
                write!(formatter, "{}:{line}:{column}", path.display())
            }
            Self::Environment(name) | Self::Flag(name) => formatter.write_str(name),
            Self::Preset { name, chosen } => write!(formatter, "preset {name} ({chosen})"),
        }
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}", self.origin, self.message).replace('\n', " ");
        formatter.write_str(&sanitize(&line))
    }
}

/// Most problems that are told; the rest is counted.
pub(super) const MOST_TOLD: usize = 50;

/// All that is wrong with the configuration: one line each, in the order of the layers and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().take(MOST_TOLD).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{problem}")?;
        }
        match self.0.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let text = "é = 1\n漢 = 2";
        let lines = Lines::of(text);
        for (offset, line, column) in [
            (0, 1, 1),
            ("é = ".len(), 1, 5),
            ("é = 1".len(), 1, 6),
            ("é = 1\n漢".len(), 2, 2),
            (text.len() + 9, 2, 6),
        ] {
            assert_eq!(lines.position(offset), Position { line, column });
        }
    }

    #[test]
    fn a_problem_is_one_safe_line() {
        let problem = Problem {
            origin: Origin::Preset {
                name: "wild".to_owned(),
                chosen: Box::new(Origin::Flag("--preset".to_owned())),
            },
            message: "a\x1b[2J\nb".to_owned(),
        };
        assert_eq!(problem.to_string(), "preset wild (--preset): a⟨1B⟩[2J b");
    }
}

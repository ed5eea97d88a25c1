//! What a hand-out is written as, by the name of its file.

use std::path::{Path, PathBuf};

/// The format of a hand-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One page of HTML.
    Page,
    Markdown,
}

/// A file whose name says no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: a hand-out is a page or Markdown: end the name with .html or .md")]
pub struct FormatError(pub PathBuf);

impl Format {
    /// The format that a file's name says, in capitals or not.
    ///
    /// # Errors
    /// When it says none.
    pub fn of(path: &Path) -> Result<Self, FormatError> {
        let extension = path.extension().map(|end| end.to_ascii_lowercase());
        match extension.as_deref().and_then(|end| end.to_str()) {
            Some("html" | "htm") => Ok(Self::Page),
            Some("md" | "markdown") => Ok(Self::Markdown),
            _ => Err(FormatError(path.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_out_is_known_by_the_end_of_its_name() {
        let of = |name: &str| Format::of(Path::new(name));
        assert_eq!(of("a/b.HTML"), Ok(Format::Page));
        assert_eq!(of("x.md"), Ok(Format::Markdown));
        for other in ["x.pdf", "html", ".md", ""] {
            assert!(of(other).is_err(), "{other}");
        }
    }
}

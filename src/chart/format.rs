//! What a chart's file is drawn as.

use std::path::Path;

use super::ChartError;

/// The format of a chart's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Svg,
    Png,
}

impl Format {
    /// The format that a file's name says, in capitals or not.
    ///
    /// # Errors
    /// When it says none.
    pub fn of(path: &Path) -> Result<Self, ChartError> {
        let extension = path.extension().map(|end| end.to_ascii_lowercase());
        match extension.as_deref().and_then(|end| end.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(ChartError::Format(path.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_the_end_of_its_name() {
        for name in ["a/b.SVG", "x.png"] {
            assert!(Format::of(Path::new(name)).is_ok(), "{name}");
        }
        for other in ["x.pdf", "svg", "x.", ".png", ""] {
            assert!(Format::of(Path::new(other)).is_err(), "{other}");
        }
    }
}

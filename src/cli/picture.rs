//! The file of a picture as an argument: what it ends in says how it is drawn.

use std::path::Path;

use super::CliError;

/// Whether a file's name ends in .svg or .png.
///
/// # Errors
/// When it ends otherwise: before a model is loaded, since the argument is wrong.
pub fn check(path: &Path) -> Result<(), CliError> {
    let kind = path.extension().map(|kind| kind.to_ascii_lowercase());
    match kind.as_deref().and_then(|kind| kind.to_str()) {
        Some("svg" | "png") => Ok(()),
        _ => Err(CliError::usage(format!(
            "{}: a picture's name must end in .svg or .png",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_the_end_of_its_name() {
        for name in ["a/b.SVG", "x.png"] {
            assert!(check(Path::new(name)).is_ok(), "{name}");
        }
        for other in ["x.pdf", "svg", "x.", ".png", ""] {
            assert!(check(Path::new(other)).is_err(), "{other}");
        }
    }
}

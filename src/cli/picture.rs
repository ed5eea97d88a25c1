//! The file of a picture as an argument: what it ends in says how it is drawn.

use std::path::PathBuf;

/// A file name that ends in .svg or .png.
///
/// # Errors
/// When it ends otherwise: before a model is loaded, since the argument is wrong.
pub fn picture(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let kind = path.extension().map(|kind| kind.to_ascii_lowercase());
    match kind.as_deref().and_then(|kind| kind.to_str()) {
        Some("svg" | "png") => Ok(path),
        _ => Err("a picture's name ends in .svg or .png".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_the_end_of_its_name() {
        assert_eq!(picture("a/b.SVG"), Ok(PathBuf::from("a/b.SVG")));
        assert!(picture("x.png").is_ok());
        for other in ["x.pdf", "svg", "x.", ".png", ""] {
            assert!(picture(other).is_err(), "{other}");
        }
    }
}

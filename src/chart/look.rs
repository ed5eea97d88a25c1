//! How a picture looks, whatever it shows, and where it goes.

use std::path::{Path, PathBuf};

/// Most pixels of a side, and of a picture.
pub const MOST_SIDE: u32 = 16_384;
pub const MOST_PIXELS: u64 = 64_000_000;

/// How a picture looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Light signs on dark ground.
    pub dark: bool,
    /// No ground at all.
    pub transparent: bool,
    /// Its text as outlines, for programs that do not read the font within an SVG.
    pub outlines: bool,
    /// Width and height in pixels, instead of its own: what it shows is laid out anew in them.
    pub size: Option<(u32, u32)>,
    /// Pixels for each pixel of that size.
    pub scale: f32,
    /// Instead of its own title.
    pub title: Option<String>,
    /// A line below it, such as the model and the settings.
    pub caption: Option<String>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            dark: false,
            transparent: false,
            outlines: false,
            size: None,
            scale: 1.0,
            title: None,
            caption: None,
        }
    }
}

/// A picture's file, and its look.
#[derive(Debug, Clone, PartialEq)]
pub struct Target<'a> {
    pub path: &'a Path,
    pub look: Look,
}

impl<'a> From<&'a Path> for Target<'a> {
    fn from(path: &'a Path) -> Self {
        Self {
            path,
            look: Look::default(),
        }
    }
}

impl<'a> From<&'a PathBuf> for Target<'a> {
    fn from(path: &'a PathBuf) -> Self {
        path.as_path().into()
    }
}

/// Whether so many pixels, scaled, are a picture's that can be made.
pub fn is_possible((width, height): (u32, u32), scale: f32) -> bool {
    let side = |side: u32| (f64::from(side) * f64::from(scale)).round() as u64;
    let (width, height) = (side(width), side(height));
    let sides = 1..=u64::from(MOST_SIDE);
    sides.contains(&width) && sides.contains(&height) && width * height <= MOST_PIXELS
}

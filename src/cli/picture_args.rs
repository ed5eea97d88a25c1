//! How a picture looks, as arguments: the same for every subcommand that draws.

use std::path::Path;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::CliError;
use crate::chart::{Format, Look, MOST_SIDE, Target, is_possible};

/// The heading of help below which they stand.
const HEADING: &str = "Picture";

/// The look of a picture.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PictureArgs {
    /// The picture's colours [default: light]
    #[arg(long, value_name = "THEME", help_heading = HEADING, hide_short_help = true, value_parser = theme())]
    theme: Option<Theme>,
    /// The picture's width and height in pixels, such as 1920x1080
    #[arg(long, value_name = "WxH", help_heading = HEADING, hide_short_help = true)]
    size: Option<Size>,
    /// Pixels for each pixel of the picture's size, from 0.1 to 10 [default: 1]
    #[arg(long, value_name = "FACTOR", help_heading = HEADING, hide_short_help = true)]
    scale: Option<Scale>,
    /// The picture's title, instead of its own
    #[arg(long, value_name = "TEXT", help_heading = HEADING, hide_short_help = true)]
    title: Option<String>,
    /// Leave the picture's ground transparent
    #[arg(long, help_heading = HEADING, hide_short_help = true)]
    transparent: bool,
    /// Leave out the line below the picture that says its model and settings
    #[arg(long, help_heading = HEADING, hide_short_help = true)]
    no_caption: bool,
    /// Write the text of an SVG as outlines, for programs that do not read the font in it
    #[arg(long, help_heading = HEADING, hide_short_help = true)]
    outlines: bool,
}

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    Light,
    Dark,
}

fn theme() -> impl TypedValueParser<Value = Theme> {
    PossibleValuesParser::new(["light", "dark"]).map(|name| match name.as_str() {
        "dark" => Theme::Dark,
        _ => Theme::Light,
    })
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy)]
struct Size(u32, u32);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |text: &str| {
            text.parse()
                .ok()
                .filter(|side| (1..=MOST_SIDE).contains(side))
        };
        let found = text
            .split_once(['x', 'X', '×'])
            .and_then(|(width, height)| Some(Self(side(width)?, side(height)?)));
        found.ok_or_else(|| {
            format!("give width and height, whole numbers from 1 to {MOST_SIDE}, as in 1920x1080")
        })
    }
}

/// Pixels for a pixel.
#[derive(Debug, Clone, Copy)]
struct Scale(f32);

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factor = text.parse().ok();
        let factor = factor.filter(|factor| (0.1..=10.0).contains(factor));
        factor
            .map(Self)
            .ok_or_else(|| "give a number from 0.1 to 10".to_owned())
    }
}

impl PictureArgs {
    /// Checks what can be told before anything is drawn. `flag` is what a picture is asked for with; `path` is its file, if
    /// one was given.
    ///
    /// # Errors
    /// When the file's name says no format, there is no picture to look so, or it would have too many pixels.
    pub fn check(&self, flag: &str, path: Option<&Path>) -> Result<(), CliError> {
        let Some(path) = path else {
            return match self.first() {
                Some(own) => Err(CliError::usage(format!(
                    "{own} says how a picture looks, and none is asked for: give {flag} FILE with it"
                ))),
                None => Ok(()),
            };
        };
        let format = Format::of(path).map_err(CliError::usage)?;
        if self.outlines && format == Format::Png {
            return Err(CliError::usage(
                "--outlines is for an .svg: a .png has pixels alone",
            ));
        }
        let scale = self.scale.map_or(1.0, |Scale(scale)| scale);
        match self.size {
            Some(Size(width, height))
                if format == Format::Png && !is_possible((width, height), scale) =>
            {
                Err(CliError::usage(crate::chart::ChartError::Size {
                    width,
                    height,
                    scale,
                }))
            }
            _ => Ok(()),
        }
    }

    /// The first of these options that was given.
    fn first(&self) -> Option<&'static str> {
        let given = [
            ("--theme", self.theme.is_some()),
            ("--size", self.size.is_some()),
            ("--scale", self.scale.is_some()),
            ("--title", self.title.is_some()),
            ("--transparent", self.transparent),
            ("--no-caption", self.no_caption),
            ("--outlines", self.outlines),
        ];
        given.into_iter().find(|(_, given)| *given).map(|it| it.0)
    }

    /// A picture's file with its look, and a line below it.
    pub fn target<'a>(&self, path: &'a Path, caption: &str) -> Target<'a> {
        Target {
            path,
            look: Look {
                dark: self.theme == Some(Theme::Dark),
                transparent: self.transparent,
                outlines: self.outlines,
                size: self.size.map(|Size(width, height)| (width, height)),
                scale: self.scale.map_or(1.0, |Scale(scale)| scale),
                title: self.title.clone(),
                caption: (!self.no_caption).then(|| caption.to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_scales_are_read() {
        for good in ["1920x1080", "1X1", "800×600"] {
            assert!(good.parse::<Size>().is_ok(), "{good}");
        }
        for bad in ["0x0", "1920", "ax3", "20000x10", "-1x5", "10x"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
        for bad in ["0", "-1", "11", "NaN", "two"] {
            assert!(bad.parse::<Scale>().is_err(), "{bad}");
        }
    }
}

//! How many colours the terminal has, and the nearest one it can show.

use ratatui::style::Color;

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourLevel {
    /// None, or the user wants none: bold, underline and signs carry the meaning alone.
    None,
    /// The 16 of ANSI, in the shades of the user's own scheme.
    Sixteen,
    /// xterm's 256.
    TwoFiftySix,
    /// 24 bits.
    True,
}

impl ColourLevel {
    /// Reads `NO_COLOR`, `COLORTERM` and `TERM` through `variable`. An empty `NO_COLOR` counts as unset, as
    /// no-color.org has it.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default().to_ascii_lowercase();
        let term = value("TERM");
        if !value("NO_COLOR").is_empty() || term == "dumb" {
            Self::None
        } else if matches!(value("COLORTERM").as_str(), "truecolor" | "24bit")
            || term.ends_with("-direct")
        {
            Self::True
        } else if term.contains("256color") {
            Self::TwoFiftySix
        } else {
            Self::Sixteen
        }
    }

    /// The nearest colour at this level: `rgb`, or `ansi` where only the 16 are there.
    pub fn colour(self, rgb: u32, ansi: Color) -> Option<Color> {
        let [_, r, g, b] = rgb.to_be_bytes();
        match self {
            Self::None => None,
            Self::Sixteen => Some(ansi),
            Self::TwoFiftySix => Some(Color::Indexed(nearest_indexed([r, g, b]))),
            Self::True => Some(Color::Rgb(r, g, b)),
        }
    }
}

/// The nearest of xterm's 6×6×6 cube and its 24 greys, by squared distance.
fn nearest_indexed(rgb: [u8; 3]) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| {
        (0u8..6)
            .min_by_key(|index| STEPS[usize::from(*index)].abs_diff(value))
            .unwrap_or(0)
    };
    let cube = rgb.map(step);
    let in_cube = cube.map(|index| STEPS[usize::from(index)]);
    let mean = rgb.iter().map(|value| u16::from(*value)).sum::<u16>() / 3;
    let grey = u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    let far = |other: [u8; 3]| -> u32 {
        rgb.iter()
            .zip(other)
            .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
            .sum()
    };
    if far([8 + 10 * grey; 3]) < far(in_cube) {
        232 + grey
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(variables: &[(&str, &str)]) -> ColourLevel {
        ColourLevel::detect(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_decides() {
        assert_eq!(
            detect(&[("TERM", "xterm-256color")]),
            ColourLevel::TwoFiftySix
        );
        assert_eq!(
            detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]),
            ColourLevel::True
        );
        assert_eq!(detect(&[("TERM", "linux")]), ColourLevel::Sixteen);
        assert_eq!(detect(&[]), ColourLevel::Sixteen);
        assert_eq!(
            detect(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]),
            ColourLevel::None
        );
        assert_eq!(
            detect(&[("NO_COLOR", ""), ("COLORTERM", "24bit")]),
            ColourLevel::True
        );
    }

    #[test]
    fn the_nearest_of_256_is_found() {
        assert_eq!(nearest_indexed([0, 0, 0]), 16);
        assert_eq!(nearest_indexed([255, 255, 255]), 231);
        assert_eq!(nearest_indexed([255, 0, 0]), 196);
        assert_eq!(nearest_indexed([128, 128, 128]), 244);
    }
}

//! Colours of the light and the dark theme. Those of data are told apart by all common kinds of colour vision (Okabe and
//! Ito 2008, <https://jfly.uni-koeln.de/color/>); those of text have a contrast of 4.5 to 1 at least on their ground
//! (WCAG 2.2, 1.4.3).

use plotters::style::RGBColor;

/// All colours of a picture.
#[derive(Debug)]
pub struct Theme {
    pub ground: RGBColor,
    pub ink: RGBColor,
    /// What matters less: axes, captions.
    pub quiet: RGBColor,
    pub grid: RGBColor,
    /// Before the chain, and what is not smoothed.
    pub raw: RGBColor,
    /// After the chain, and what is.
    pub last: RGBColor,
    pub mark: RGBColor,
    /// Text about what is marked.
    pub mark_ink: RGBColor,
    pub other: RGBColor,
    /// The colours of what is compared, of runs, lanes and tokens.
    pub compared: [RGBColor; COMPARED],
}

/// A colour of whatever theme there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Raw,
    Last,
    Mark,
    Other,
    Quiet,
    Compared(usize),
}

impl Theme {
    pub fn of(&self, paint: Paint) -> RGBColor {
        match paint {
            Paint::Raw => self.raw,
            Paint::Last => self.last,
            Paint::Mark => self.mark,
            Paint::Other => self.other,
            Paint::Quiet => self.quiet,
            Paint::Compared(place) => self.compared[place % COMPARED],
        }
    }
}

/// How many things can be told apart by their colour.
pub const COMPARED: usize = 8;

const BLUE: RGBColor = RGBColor(0, 114, 178);
const SKY: RGBColor = RGBColor(86, 180, 233);
const VERMILION: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const PURPLE: RGBColor = RGBColor(204, 121, 167);
const ORANGE: RGBColor = RGBColor(230, 159, 0);

pub static LIGHT: Theme = Theme {
    ground: RGBColor(255, 255, 255),
    ink: RGBColor(34, 34, 34),
    quiet: RGBColor(102, 102, 102),
    grid: RGBColor(225, 225, 225),
    raw: SKY,
    last: BLUE,
    mark: VERMILION,
    mark_ink: RGBColor(179, 71, 0),
    other: GREEN,
    compared: [
        BLUE,
        VERMILION,
        GREEN,
        PURPLE,
        ORANGE,
        SKY,
        RGBColor(34, 34, 34),
        RGBColor(120, 120, 120),
    ],
};

pub static DARK: Theme = Theme {
    ground: RGBColor(22, 25, 29),
    ink: RGBColor(232, 232, 232),
    quiet: RGBColor(165, 170, 176),
    grid: RGBColor(52, 58, 64),
    raw: RGBColor(78, 116, 148),
    last: SKY,
    mark: RGBColor(240, 130, 60),
    mark_ink: RGBColor(255, 160, 100),
    other: RGBColor(40, 190, 145),
    compared: [
        SKY,
        RGBColor(240, 130, 60),
        RGBColor(40, 190, 145),
        RGBColor(222, 150, 190),
        ORANGE,
        RGBColor(70, 130, 220),
        RGBColor(232, 232, 232),
        RGBColor(150, 150, 150),
    ],
};

/// Between two colours: the first at 0, the second at 1.
pub fn between(from: RGBColor, to: RGBColor, share: f32) -> RGBColor {
    let share = share.clamp(0.0, 1.0);
    let mixed =
        |from: u8, to: u8| (f32::from(from) * (1.0 - share) + f32::from(to) * share).round();
    RGBColor(
        mixed(from.0, to.0) as u8,
        mixed(from.1, to.1) as u8,
        mixed(from.2, to.2) as u8,
    )
}

/// Whether dark text is read better on it than light text.
pub fn is_light(RGBColor(red, green, blue): RGBColor) -> bool {
    299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) > 128_000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast ratio of WCAG 2.2.
    fn contrast(one: RGBColor, two: RGBColor) -> f64 {
        let light = |RGBColor(red, green, blue): RGBColor| {
            let linear = |part: u8| match f64::from(part) / 255.0 {
                part if part <= 0.040_45 => part / 12.92,
                part => ((part + 0.055) / 1.055).powf(2.4),
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        let (one, two) = (light(one), light(two));
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_its_ground() {
        for theme in [&LIGHT, &DARK] {
            for ink in [theme.ink, theme.quiet, theme.mark_ink] {
                let contrast = contrast(ink, theme.ground);
                assert!(contrast >= 4.5, "{ink:?} on {:?}: {contrast}", theme.ground);
            }
        }
        assert_eq!(between(LIGHT.ground, LIGHT.ink, 0.0), LIGHT.ground);
        assert_eq!(between(LIGHT.ground, LIGHT.ink, 1.0), LIGHT.ink);
    }
}

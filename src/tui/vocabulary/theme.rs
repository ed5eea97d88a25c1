//! Styles. Every distinction that a colour makes, a modifier or a sign makes too.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

use super::colour::ColourLevel;

/// For which background the colours are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeName {
    #[default]
    Dark,
    Light,
}

impl ThemeName {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }
}

/// How expected a token was, in four classes that text is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likelihood {
    Expected,
    Likely,
    Unlikely,
    Surprising,
}

impl Likelihood {
    pub const ALL: [Self; 4] = [
        Self::Expected,
        Self::Likely,
        Self::Unlikely,
        Self::Surprising,
    ];
}

/// The styles of everything on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// What the whole screen is painted with: the light theme brings its own background, since the terminal's may be
    /// dark. The dark one leaves the terminal its own.
    pub ground: Style,
    pub base: Style,
    /// Labels, rulers, what matters less.
    pub quiet: Style,
    pub strong: Style,
    pub border: Style,
    pub border_focused: Style,
    pub title: Style,
    /// Keys in hints.
    pub key: Style,
    pub raw_bar: Style,
    pub final_bar: Style,
    /// Tokens that the chain cut.
    pub cut: Style,
    /// The token that stands there.
    pub chosen: Style,
    /// The token that the present knobs pick.
    pub pick: Style,
    /// The token in view, the selected row, the text cursor.
    pub cursor: Style,
    pub running: Style,
    pub paused: Style,
    pub notice: Style,
    pub error: Style,
    likelihood: [Style; 4],
}

/// A colour as 24 bits on a dark and on a light background, and as one of 16.
struct Hue {
    dark: u32,
    light: u32,
    ansi: Color,
}

const fn hue(dark: u32, light: u32, ansi: Color) -> Hue {
    Hue { dark, light, ansi }
}

/// Text and background of the light theme.
const INK: u32 = 0x1f2328;
const PAPER: u32 = 0xffffff;

const GREY: Hue = hue(0x8b949e, 0x6a737d, Color::DarkGray);
const BLUE: Hue = hue(0x79b8ff, 0x0b5fc4, Color::Blue);
const GREEN: Hue = hue(0x7ee08a, 0x1a7f37, Color::Green);
const CYAN: Hue = hue(0x6fd3d9, 0x0a6e7a, Color::Cyan);
const YELLOW: Hue = hue(0xf0c65a, 0x8a6000, Color::Yellow);
const ORANGE: Hue = hue(0xff9e64, 0xb84a00, Color::Magenta);
const RED: Hue = hue(0xff7b86, 0xc41e2a, Color::Red);

impl Theme {
    /// The styles for a background and a colour level.
    pub fn new(name: ThemeName, level: ColourLevel) -> Self {
        let plain = Style::new();
        let coloured = |hue: Hue| {
            let rgb = if name == ThemeName::Dark {
                hue.dark
            } else {
                hue.light
            };
            level
                .colour(rgb, hue.ansi)
                .map_or(plain, |colour| plain.fg(colour))
        };
        let ground = match (name, level) {
            (ThemeName::Dark, _) | (_, ColourLevel::None) => plain,
            (ThemeName::Light, level) => {
                let colour = |rgb, ansi| level.colour(rgb, ansi).unwrap_or(Color::Reset);
                plain
                    .fg(colour(INK, Color::Black))
                    .bg(colour(PAPER, Color::White))
            }
        };
        let bold = Modifier::BOLD;
        let underlined = Modifier::UNDERLINED;
        Self {
            ground,
            base: plain,
            quiet: if level == ColourLevel::None {
                plain.add_modifier(Modifier::DIM)
            } else {
                coloured(GREY)
            },
            strong: plain.add_modifier(bold),
            border: if level == ColourLevel::None {
                plain
            } else {
                coloured(GREY)
            },
            border_focused: coloured(BLUE).add_modifier(bold),
            title: plain.add_modifier(bold),
            key: coloured(CYAN).add_modifier(bold),
            raw_bar: coloured(BLUE),
            final_bar: coloured(GREEN),
            cut: coloured(GREY).add_modifier(Modifier::DIM),
            chosen: coloured(YELLOW).add_modifier(bold),
            pick: coloured(CYAN).add_modifier(bold),
            cursor: plain.add_modifier(Modifier::REVERSED),
            running: coloured(GREEN).add_modifier(bold),
            paused: coloured(YELLOW).add_modifier(bold),
            notice: coloured(YELLOW),
            error: coloured(RED).add_modifier(bold),
            likelihood: [
                coloured(GREEN).add_modifier(Modifier::DIM),
                coloured(CYAN),
                coloured(YELLOW).add_modifier(underlined),
                coloured(ORANGE).add_modifier(bold | underlined),
            ],
        }
    }

    /// The style of text of a class: the less expected, the heavier.
    pub fn likelihood(&self, class: Likelihood) -> Style {
        self.likelihood[class as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [ColourLevel; 4] = [
        ColourLevel::None,
        ColourLevel::Sixteen,
        ColourLevel::TwoFiftySix,
        ColourLevel::True,
    ];

    #[test]
    fn classes_differ_without_colour_at_every_level() {
        for name in [ThemeName::Dark, ThemeName::Light] {
            for level in LEVELS {
                let theme = Theme::new(name, level);
                let marks = Likelihood::ALL.map(|class| theme.likelihood(class).add_modifier);
                for (at, mark) in marks.iter().enumerate() {
                    assert!(
                        !marks[..at].contains(mark),
                        "{level:?}: {mark:?} stands for two classes"
                    );
                }
            }
        }
    }

    /// The relative luminance of WCAG 2 (0 black, 1 white).
    fn luminance(rgb: u32) -> f64 {
        let [_, r, g, b] = rgb.to_be_bytes();
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn the_light_theme_is_readable_on_its_own_background() {
        let theme = Theme::new(ThemeName::Light, ColourLevel::True);
        assert_eq!(theme.ground.bg, Some(Color::Rgb(255, 255, 255)));
        let hues = [GREY, BLUE, GREEN, CYAN, YELLOW, ORANGE, RED].map(|hue| hue.light);
        for rgb in hues.into_iter().chain([INK]) {
            let contrast = (luminance(PAPER) + 0.05) / (luminance(rgb) + 0.05);
            assert!(contrast >= 4.5, "{rgb:06x}: {contrast:.2}");
        }
        for level in [ColourLevel::Sixteen, ColourLevel::TwoFiftySix] {
            let ground = Theme::new(ThemeName::Light, level).ground;
            assert!(ground.bg.is_some() && ground.fg.is_some());
        }
        for (name, level) in [
            (ThemeName::Dark, ColourLevel::True),
            (ThemeName::Light, ColourLevel::None),
        ] {
            assert_eq!(Theme::new(name, level).ground, Style::new());
        }
    }

    #[test]
    fn no_colour_means_none() {
        let theme = format!("{:?}", Theme::new(ThemeName::Dark, ColourLevel::None));
        let coloured = format!("{:?}", Theme::new(ThemeName::Dark, ColourLevel::Sixteen));
        assert!(
            coloured.contains("Green") || coloured.contains("green"),
            "{coloured}"
        );
        for style in ["Rgb", "Indexed", "green", "red", "cyan", "blue", "yellow"] {
            assert!(
                !theme.to_lowercase().contains(&style.to_lowercase()),
                "{theme}"
            );
        }
    }
}

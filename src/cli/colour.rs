//! Text coloured by how surprising it is, as in the playground.

use std::env;

use clap::ValueEnum;
use crossterm::style::{Attribute, Color as Written, ContentStyle};
use ratatui::style::{Color, Modifier, Style};

use super::CliError;
use super::output::Output;
use crate::config::{self, ColorDepth, UiSettings};
use crate::decoding::TokenOdds;
use crate::tui::{ColourLevel, Marking, Theme, ThemeName, Thresholds};

/// When text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

/// Knows the colour of each token.
pub struct Painter {
    theme: Option<Theme>,
    thresholds: Thresholds,
}

impl Painter {
    /// A painter for text that goes to a terminal or not.
    pub fn new(when: When, ui: &UiSettings, terminal: bool) -> Self {
        let detected = match ui.color {
            ColorDepth::Auto => ColourLevel::detect(|name| env::var(name).ok()),
            ColorDepth::None => ColourLevel::None,
            ColorDepth::Ansi16 => ColourLevel::Sixteen,
            ColorDepth::Ansi256 => ColourLevel::TwoFiftySix,
            ColorDepth::True => ColourLevel::True,
        };
        let level = match when {
            When::Never => ColourLevel::None,
            When::Always => detected.max(ColourLevel::Sixteen),
            When::Auto if terminal => detected,
            When::Auto => ColourLevel::None,
        };
        let name = match ui.theme {
            config::Theme::Dark => ThemeName::Dark,
            config::Theme::Light => ThemeName::Light,
        };
        Self {
            theme: (level != ColourLevel::None).then(|| Theme::new(name, level)),
            thresholds: Thresholds {
                surprisal: ui.marks_surprisal,
                ..Thresholds::default()
            },
        }
    }

    /// Whether it paints at all.
    pub fn paints(&self) -> bool {
        self.theme.is_some()
    }

    /// Writes a token's text in its colour. A colour does not run over the end of a line.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn write(
        &self,
        output: &mut Output,
        text: &str,
        odds: Option<&TokenOdds>,
    ) -> Result<(), CliError> {
        let Some(style) = self.style(odds) else {
            return output.text(text);
        };
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                output.text("\n")?;
            }
            if !line.is_empty() {
                output.styled(line, |safe| style.apply(safe))?;
            }
        }
        Ok(())
    }

    fn style(&self, odds: Option<&TokenOdds>) -> Option<ContentStyle> {
        let (theme, odds) = (self.theme.as_ref()?, odds?);
        let class = self.thresholds.class(Marking::Surprisal, odds, None)?;
        Some(written(theme.likelihood(class)))
    }
}

/// A style of the playground as it is written to a stream.
fn written(style: Style) -> ContentStyle {
    let mut written = ContentStyle::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, Attribute::Bold),
        (Modifier::DIM, Attribute::Dim),
        (Modifier::UNDERLINED, Attribute::Underlined),
    ] {
        if style.add_modifier.contains(modifier) {
            written.attributes.set(attribute);
        }
    }
    written.foreground_color = style.fg.and_then(|colour| match colour {
        Color::Rgb(r, g, b) => Some(Written::Rgb { r, g, b }),
        Color::Indexed(index) => Some(Written::AnsiValue(index)),
        Color::Red => Some(Written::DarkRed),
        Color::Green => Some(Written::DarkGreen),
        Color::Yellow => Some(Written::DarkYellow),
        Color::Blue => Some(Written::DarkBlue),
        Color::Magenta => Some(Written::DarkMagenta),
        Color::Cyan => Some(Written::DarkCyan),
        Color::DarkGray => Some(Written::DarkGrey),
        _ => None,
    });
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_surprising_has_another_colour_than_what_is_not() {
        let odds = |surprisal| TokenOdds {
            probability: 0.5,
            rank: 1,
            surprisal,
            entropy: 1.0,
            best: 0,
        };
        let config = UiSettings::default();
        let painter = Painter::new(When::Always, &config, false);
        let (likely, unlikely) = (
            painter.style(Some(&odds(0.1))),
            painter.style(Some(&odds(12.0))),
        );
        assert!(
            unlikely.is_some() && likely != unlikely,
            "{likely:?} {unlikely:?}"
        );
        assert_eq!(painter.style(None), None);
        for (when, terminal) in [(When::Never, true), (When::Auto, false)] {
            let painter = Painter::new(when, &config, terminal);
            assert_eq!(painter.style(Some(&odds(12.0))), None);
        }
    }
}

//! Settings that belong to no lower layer: the screen and the log.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which background the colours are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Dark,
    Light,
}

/// How many colours the terminal is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorDepth {
    /// What the environment says that the terminal can show; none where `NO_COLOR` is set.
    #[default]
    Auto,
    /// None: bold, underline and signs carry the meaning.
    None,
    /// The terminal's own 16.
    #[serde(rename = "16")]
    Ansi16,
    /// xterm's 256.
    #[serde(rename = "256")]
    Ansi256,
    /// 24 bits.
    True,
}

/// The frame rates that can be asked for.
pub(super) const FPS: RangeInclusive<u32> = 1..=60;

/// The screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UiSettings {
    pub theme: Theme,
    pub color: ColorDepth,
    /// Most frames a second, 1 to 60. None are drawn while nothing changes.
    pub fps: u32,
    /// What the prompt editor holds at first.
    pub prompt: String,
    /// Whether the playground takes the mouse.
    pub mouse: bool,
    /// Whether lines and bars are drawn with ASCII alone.
    pub ascii: Ascii,
    /// What the text is coloured by.
    pub marking: Marking,
    /// The three borders between the four classes of each figure.
    pub marks_probability: [f32; 3],
    pub marks_rank: [f32; 3],
    pub marks_surprisal: [f32; 3],
    pub marks_entropy: [f32; 3],
    pub marks_divergence: [f32; 3],
}

/// Whether lines and bars are drawn with ASCII alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ascii {
    /// If the locale is not UTF-8, or on the console of Linux.
    #[default]
    Auto,
    Always,
    Never,
}

/// The figure of a token that its colour shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marking {
    #[default]
    Probability,
    Rank,
    Surprisal,
    Entropy,
    /// From the model beside.
    Divergence,
}

impl Default for UiSettings {
    fn default() -> Self {
        Self {
            theme: Theme::Dark,
            color: ColorDepth::Auto,
            fps: 60,
            prompt: "Once upon a time there lived".to_owned(),
            mouse: true,
            ascii: Ascii::Auto,
            marking: Marking::Probability,
            marks_probability: [0.5, 0.1, 0.01],
            marks_rank: [1.0, 5.0, 50.0],
            marks_surprisal: [1.0, 3.0, 7.0],
            marks_entropy: [1.0, 3.0, 5.0],
            marks_divergence: [0.03, 0.3, 1.0],
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// The name as in the configuration, which is also a directive for `tracing`'s filter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The log.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    pub level: LogLevel,
    /// Where the log is written; empty for the usual place. See [`LogSettings::path`].
    pub file: PathBuf,
}

impl LogSettings {
    /// The log file: the one that is set, or `logitscope.log` in the directory of
    /// [`state_dir`](super::state_dir). None where neither can be known.
    pub fn path(&self) -> Option<PathBuf> {
        if self.file.as_os_str().is_empty() {
            super::state_dir().map(|directory| directory.join("logitscope.log"))
        } else {
            Some(self.file.clone())
        }
    }
}

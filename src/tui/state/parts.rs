//! Small parts of the state.

use std::path::PathBuf;
use std::time::Duration;

use crate::decoding::StopReason;
use crate::engine::Session;
use crate::handout::Format;
use crate::tui::vocabulary::layout::Split;
use crate::tui::vocabulary::tone::Tone;

/// A line across the top until it is dismissed or its time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    pub message: String,
    pub tone: Tone,
    /// When it was first shown.
    pub since: Option<Duration>,
}

impl Banner {
    /// How long it stays: the time to notice it and to read it. An error stays beyond that while it is in front.
    pub fn stays(&self) -> Duration {
        const NOTICED: Duration = Duration::from_secs(6);
        const A_CHARACTER: Duration = Duration::from_millis(60);
        NOTICED + A_CHARACTER * u32::try_from(self.message.chars().count()).unwrap_or(u32::MAX)
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish {
    pub reason: StopReason,
    pub tokens: usize,
    pub seconds: f64,
}

/// What the mouse can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// A border between panes.
    Border(Split),
    /// The selected knob.
    Knob,
}

/// Where the session is saved, and what is new since then.
#[derive(Debug, Default)]
pub struct Saving {
    /// Where the session is saved when the user says so.
    pub session_file: Option<PathBuf>,
    /// Where it is saved all along.
    pub autosave_file: Option<PathBuf>,
    /// Texts that wait for their model.
    pub restoring: Option<Session>,
    /// They are those that `autosave_file` holds: if they cannot be brought back, it is not to be written over.
    pub resumed: bool,
    /// Something is.
    pub due: bool,
    /// The user asked for it, under a name.
    pub asked_for: bool,
    /// Texts are: cut, grown, or begun.
    pub texts: bool,
    /// Texts were in what was to be saved: if that fails, they still are to be.
    pub sent: bool,
    /// The last attempt failed.
    pub failed: bool,
    /// A hand-out that waits for the engine's texts.
    pub handout: Option<(PathBuf, Format)>,
    /// When it was saved last.
    pub last: Duration,
}

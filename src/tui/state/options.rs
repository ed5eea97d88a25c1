//! What the playground starts with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::continuations::GrownTree;
use super::learn::LearnOptions;
use super::session::SessionFile;
use crate::decoding::GenerationSettings;
use crate::model::LoadRequest;
use crate::sampling::SamplerSettings;
use crate::tui::vocabulary::colour::ColourLevel;
use crate::tui::vocabulary::marks::{Marking, Thresholds};
use crate::tui::vocabulary::theme::ThemeName;

/// Writes a tree as records, or says in a sentence why it cannot.
pub type TreeRecords = fn(&GrownTree) -> Result<String, String>;

/// What the playground starts with.
#[derive(Debug, Clone)]
pub struct PlayOptions {
    /// What the editor holds at first.
    pub prompt: String,
    /// Whether that prompt is only a suggestion, which the first character typed replaces.
    pub suggested: bool,
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
    /// Named settings to choose from.
    pub presets: Vec<(String, SamplerSettings)>,
    /// The model to load at the start.
    pub load: LoadRequest,
    /// Keys that differ from the default: action names to keys, see [`crate::tui::default_keys`].
    pub keys: BTreeMap<String, Vec<String>>,
    pub theme: ThemeName,
    /// Colours, if not what the environment says.
    pub colours: Option<ColourLevel>,
    /// What the text is coloured by.
    pub marking: Marking,
    pub thresholds: Thresholds,
    /// Whether the mouse is taken.
    /// Whether one thing at a time is shown in big letters.
    pub present: bool,
    pub mouse: bool,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// Where the session is saved all along, if anywhere.
    pub autosave_file: Option<PathBuf>,
    /// A session to begin with.
    pub session: Option<Box<SessionFile>>,
    /// Whether that session is what `autosave_file` holds.
    pub resumed: bool,
    /// Where the models that were loaded are remembered, if anywhere.
    pub models_file: Option<PathBuf>,
    /// Where presets are saved, if anywhere.
    pub presets_file: Option<PathBuf>,
    /// Most frames a second, 1 to 60.
    pub fps: u32,
    /// The log file, shown by help.
    pub log_file: Option<PathBuf>,
    /// Where prompts are remembered, if anywhere.
    pub history_file: Option<PathBuf>,
    /// How the tree of what could follow is written as records.
    pub tree_records: TreeRecords,
    /// Lessons.
    pub learn: LearnOptions,
}

//! The session file: the prompt, the texts with all their branches and records, the knobs, and which model they belong to.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::private;
use crate::decoding::{GenerationSettings, LaneSettings};
use crate::engine::Session;
use crate::model::LoadRequest;
use crate::sampling::SamplerSettings;
use crate::text::{brief, read_text};
use crate::tui::vocabulary::lanes::MOST_LANES;

/// Which shape the file has.
const VERSION: u32 = 1;
/// Larger files are not sessions that anybody made.
const LARGEST: u64 = 1 << 30;

/// Everything that is brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionFile {
    /// Says that it is one of ours, and which shape it has.
    pub logitscope_session: u32,
    pub model: LoadRequest,
    /// What stood in the editor.
    pub prompt: String,
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
    pub samples: usize,
    pub texts: Session,
    /// The lanes of the Compare screen; files of earlier versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lanes: Vec<SavedLane>,
}

/// A lane of the Compare screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLane {
    /// What it is called on the screen.
    pub name: String,
    pub settings: LaneSettings,
    /// What it began as, and the settings that it began with, where knobs were turned since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<(String, SamplerSettings)>,
    /// Its model, if that is another than the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it said after the prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// Whether one of the session's texts is its, which stand in the order of the lanes.
    #[serde(default)]
    pub drawn: bool,
}

impl SavedLane {
    /// One of the session's model, that was not drawn.
    pub fn new(name: &str, settings: LaneSettings) -> Self {
        Self {
            name: name.to_owned(),
            settings,
            began: None,
            model: None,
            said: String::new(),
            drawn: false,
        }
    }
}

/// Why a session file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("{path}: {error}: check the name of the session file")]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{path} is no session file of this program: {detail}")]
    Foreign { path: PathBuf, detail: String },
}

impl SessionFile {
    /// The present version of a file.
    pub fn new(
        model: LoadRequest,
        prompt: String,
        sampler: SamplerSettings,
        generation: GenerationSettings,
        samples: usize,
        texts: Session,
    ) -> Self {
        Self {
            logitscope_session: VERSION,
            model,
            prompt,
            sampler,
            generation,
            samples,
            texts,
            lanes: Vec::new(),
        }
    }

    /// The same with lanes.
    #[must_use]
    pub fn with_lanes(self, lanes: Vec<SavedLane>) -> Self {
        Self { lanes, ..self }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no session.
    pub fn read(path: &Path) -> Result<Self, SessionError> {
        let unreadable = |error| SessionError::Unreadable {
            path: path.to_owned(),
            error,
        };
        let foreign = |detail: String| SessionError::Foreign {
            path: path.to_owned(),
            detail: brief(&detail).into_owned(),
        };
        let text = read_text(path, LARGEST).map_err(unreadable)?;
        let mut session: Self =
            serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
        if session.logitscope_session != VERSION {
            return Err(foreign(format!(
                "its version is {}, this program reads {VERSION}",
                session.logitscope_session
            )));
        }
        let lanes = session.lanes.iter();
        let samplers = lanes.flat_map(|lane| {
            let base = lane.began.iter().map(|(_, base)| base);
            base.chain([&lane.settings.sampler])
        });
        for sampler in samplers.chain([&session.sampler]) {
            let valid = sampler.validate();
            valid.map_err(|error| foreign(error.to_string()))?;
        }
        session.lanes.truncate(MOST_LANES);
        Ok(session)
    }

    /// Writes a file: aside first, then in place, so that what was there stays whole until the new one is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(directory) = path.parent() {
            private::directory(directory)?;
        }
        let mut aside = path.as_os_str().to_owned();
        aside.push(".part");
        let aside = PathBuf::from(aside);
        let mut file = BufWriter::new(private::create(&aside)?);
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        drop(file);
        fs::rename(&aside, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionFile {
        SessionFile::new(
            LoadRequest::default(),
            "Once\n“upon”".to_owned(),
            SamplerSettings::default(),
            GenerationSettings::default(),
            2,
            Session::default(),
        )
    }

    #[test]
    fn what_is_written_is_read_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("deep/er/session.json");
        session().write(&path).expect("written");
        assert_eq!(SessionFile::read(&path).expect("read"), session());
        let entries = fs::read_dir(path.parent().expect("a parent")).expect("listed");
        assert_eq!(entries.count(), 1, "nothing is left beside it");
    }

    #[test]
    fn lanes_come_back_and_a_file_without_them_still_opens() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("session.json");
        let settings = LaneSettings {
            sampler: SamplerSettings::neutral(),
            seed: 7,
        };
        let lane = SavedLane {
            began: Some(("wild".to_owned(), SamplerSettings::default())),
            model: Some("./other.gguf".to_owned()),
            said: " there was".to_owned(),
            ..SavedLane::new("temperature 1, wild", settings)
        };
        let with = session().with_lanes(vec![lane; 9]);
        with.write(&path).expect("written");
        let read = SessionFile::read(&path).expect("read");
        assert_eq!(read.lanes, with.lanes[..8], "as many as can be told apart");
        let whole = serde_json::to_string(&with).expect("JSON");
        let wrong = whole.replace("\"seed\":7", "\"seed\":-7");
        fs::write(&path, wrong).expect("written");
        assert!(SessionFile::read(&path).is_err());
        session().write(&path).expect("written");
        let old = fs::read_to_string(&path).expect("read");
        assert!(!old.contains("lanes"), "as earlier versions wrote it");
        assert_eq!(SessionFile::read(&path).expect("read").lanes, []);
    }

    #[test]
    fn what_is_no_session_is_refused_in_a_sentence() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("session.json");
        let refused = |text: &str| {
            fs::write(&path, text).expect("written");
            SessionFile::read(&path)
                .expect_err("no session")
                .to_string()
        };
        let whole = serde_json::to_string(&session()).expect("JSON");
        assert!(refused("").contains("is no session file of this program"));
        assert!(refused(&whole[..whole.len() / 2]).contains("is no session file"));
        let newer = whole.replace("\"logitscope_session\":1", "\"logitscope_session\":7");
        assert!(refused(&newer).contains("its version is 7"));
        let wrong = whole.replace("\"top_p\":", "\"top_p\":4,\"was\":");
        assert!(refused(&wrong).contains("is no session file"));
        let missing = SessionFile::read(&directory.path().join("none.json"));
        assert!(
            missing
                .expect_err("missing")
                .to_string()
                .contains("none.json")
        );
    }
}

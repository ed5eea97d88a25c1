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
    /// What the texts are drawn with that stand side by side, in their order; empty where they are no lanes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lanes: Vec<SavedLane>,
}

/// A lane as written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLane {
    /// What it is called on the screen.
    pub name: String,
    pub settings: LaneSettings,
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
        let session: Self =
            serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
        if session.logitscope_session != VERSION {
            return Err(foreign(format!(
                "its version is {}, this program reads {VERSION}",
                session.logitscope_session
            )));
        }
        session
            .sampler
            .validate()
            .map_err(|error| foreign(error.to_string()))?;
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

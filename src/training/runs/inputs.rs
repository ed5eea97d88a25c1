//! What a run learns from, by hashes: so that going on with something else is noticed.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RunDirectory;
use crate::training::TrainingError;

/// The file of a run that holds them.
pub(super) const INPUTS: &str = "inputs.json";

/// The hashes of what goes into a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::training) struct Inputs {
    /// The weights that it starts from; none from scratch.
    pub base: Option<String>,
    pub tokenizer: String,
    /// The texts, and how they are read into tokens.
    pub corpus: String,
    /// What is validated on; none where nothing is.
    pub validation: Option<String>,
}

impl Inputs {
    /// What is not as it was, in words.
    pub(in crate::training) fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        let mut changed = Vec::new();
        if self.base != before.base {
            changed.push("the model that it started from");
        }
        if self.tokenizer != before.tokenizer {
            changed.push("the tokenizer");
        }
        // Other tokens of the same texts are the tokenizer's doing.
        if changed.is_empty() && self.corpus != before.corpus {
            changed.push("the corpus");
        }
        if changed.is_empty() && self.validation != before.validation {
            changed.push("the validation set");
        }
        changed
    }
}

/// A short name for some bytes.
pub(in crate::training) fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let short = digest[..16].iter();
    short.map(|byte| format!("{byte:02x}")).collect()
}

impl RunDirectory {
    /// What the run was started with, if it says.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(in crate::training) fn inputs(&self) -> Result<Option<Inputs>, TrainingError> {
        let path = self.path.join(INPUTS);
        let wrong = |error: io::Error| TrainingError::io(&path, error);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(wrong(error)),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| wrong(error.into())),
        }
    }

    /// Notes what the run is started with, or goes on with.
    pub(in crate::training) fn write_inputs(&self, inputs: &Inputs) -> Result<(), TrainingError> {
        let text = serde_json::to_vec_pretty(inputs).unwrap_or_default();
        self.replace(INPUTS, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named_by_its_cause() {
        let before = Inputs {
            base: Some("a".to_owned()),
            tokenizer: "b".to_owned(),
            corpus: "c".to_owned(),
            validation: None,
        };
        assert!(before.changed_since(&before).is_empty());
        let mut now = before.clone();
        now.validation = Some("d".to_owned());
        assert_eq!(now.changed_since(&before), ["the validation set"]);
        now.corpus = "e".to_owned();
        assert_eq!(now.changed_since(&before), ["the corpus"]);
        now.tokenizer = "f".to_owned();
        assert_eq!(now.changed_since(&before), ["the tokenizer"]);
        now.base = None;
        let both = ["the model that it started from", "the tokenizer"];
        assert_eq!(now.changed_since(&before), both);
    }
}

//! Documents cut into sequences of equal length.

use serde::{Deserialize, Serialize};

use super::Documents;
use crate::training::TrainingError;

/// How documents become sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// Joined and cut into windows, as gpt-2-simple does.
    #[default]
    Windows,
    /// One a sequence, cut off or filled up with padding, as KerasHub does.
    Documents,
}

/// One sequence: `time + 1` tokens, of which the first `time` predict the last `time`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedSequence {
    pub tokens: Vec<u32>,
    /// How many of the targets are text; the rest is padding.
    pub real: usize,
}

/// All sequences of some documents.
pub struct Sequences {
    documents: Documents,
    packing: Packing,
    time: usize,
    pad: u32,
    /// With one document a sequence: those long enough to have a target.
    usable: Vec<u32>,
}

impl Sequences {
    /// Cuts documents into sequences of `time` positions. `what` names the documents in errors.
    ///
    /// # Errors
    /// When they are shorter than one window, or none has two tokens.
    pub fn new(
        documents: Documents,
        packing: Packing,
        time: usize,
        pad: u32,
        what: &str,
    ) -> Result<Self, TrainingError> {
        let usable = match packing {
            Packing::Windows => Vec::new(),
            Packing::Documents => (0..documents.count() as u32)
                .filter(|place| documents.length(*place as usize) > 1)
                .collect(),
        };
        let sequences = Self {
            documents,
            packing,
            time,
            pad,
            usable,
        };
        if !sequences.is_empty() {
            return Ok(sequences);
        }
        let tokens = sequences.documents.tokens();
        Err(TrainingError::Data(match packing {
            Packing::Windows => format!(
                "{what} has {tokens} tokens, fewer than the {} of one window; add text or choose a smaller --context",
                time + 1
            ),
            Packing::Documents => {
                format!("{what} has no document of two tokens or more; check how it is read")
            }
        }))
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        match self.packing {
            Packing::Windows => self.documents.tokens().saturating_sub(1) / self.time as u64,
            Packing::Documents => self.usable.len() as u64,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What of the documents no sequence holds, where that is more than a window's rest.
    pub fn unused(&self) -> Option<String> {
        if self.packing == Packing::Windows {
            return None;
        }
        let most = self.time as u64 + 1;
        let lengths = (0..self.documents.count()).map(|place| self.documents.length(place));
        let (mut long, mut short, mut tokens) = (0, 0, 0);
        for length in lengths {
            long += u64::from(length > most);
            short += u64::from(length < 2);
            tokens += length.saturating_sub(most);
        }
        let all = self.documents.tokens();
        let long = (long > 0).then(|| format!(
            "{long} documents are longer than the context, and {tokens} of {all} tokens are not learned from: take --packing windows or a larger --context to use them"
        ));
        let short =
            (short > 0).then(|| format!("{short} documents of one token are not learned from"));
        match (long, short) {
            (Some(long), Some(short)) => Some(format!("{long}; {short}")),
            (long, short) => long.or(short),
        }
    }

    /// Positions in each.
    pub fn time(&self) -> usize {
        self.time
    }

    /// The documents they are of.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// One of them.
    pub fn get(&self, index: u64) -> PackedSequence {
        let mut tokens = Vec::with_capacity(self.time + 1);
        match self.packing {
            Packing::Windows => {
                let start = index * self.time as u64;
                self.documents.copy_run(start, self.time + 1, &mut tokens);
            }
            Packing::Documents => {
                let place = self.usable[index as usize] as usize;
                self.documents
                    .copy_document(place, self.time + 1, &mut tokens);
            }
        }
        let real = tokens.len().saturating_sub(1);
        tokens.resize(self.time + 1, self.pad);
        PackedSequence { tokens, real }
    }
}

//! What became of a corpus, for whoever learns from it: what was used, what was changed, what was left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Skipped;
use crate::text::numbers::counted;

/// What became of a corpus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tally {
    /// Files that were read.
    pub files: u64,
    /// Bytes of the files as they lie, packed or not.
    #[serde(rename = "file_bytes", alias = "bytes")]
    pub bytes: u64,
    /// Documents that were read out of them.
    pub documents: u64,
    /// Bytes of the documents' text.
    pub text_bytes: u64,
    /// What was done to files on the way, such as `is UTF-16`.
    pub remarks: BTreeMap<String, Remark>,
    /// What was left out.
    pub skipped: Skipped,
}

/// How often something was done, and in which file first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Remark {
    pub files: u64,
    pub first: String,
}

impl Tally {
    pub(super) fn remark(&mut self, file: &str, what: &str) {
        let remark = self.remarks.entry(what.to_owned()).or_default();
        if remark.files == 0 {
            file.clone_into(&mut remark.first);
        }
        remark.files += 1;
    }

    /// Adds what became of another part of the same corpus.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.documents += other.documents;
        self.text_bytes += other.text_bytes;
        for (what, remark) in other.remarks {
            let sum = self.remarks.entry(what).or_default();
            if sum.files == 0 {
                sum.first = remark.first;
            }
            sum.files += remark.files;
        }
        self.skipped.merge(other.skipped);
    }

    /// Whether nothing was changed or left out.
    pub fn is_plain(&self) -> bool {
        self.remarks.is_empty() && self.skipped.total() == 0
    }

    /// The tally in sentences: the first counts all, each other one names what was changed or left out of one kind.
    /// `tokens`: what the documents became, where that is known.
    pub fn sentences(&self, tokens: Option<u64>) -> Vec<String> {
        let mut first = format!(
            "{}, {} bytes, read as {}, {} bytes of text",
            counted(self.files, "file"),
            self.bytes,
            counted(self.documents, "document"),
            self.text_bytes
        );
        first += &tokens.map_or_else(String::new, |tokens| format!(", {tokens} tokens"));
        first += &match self.skipped.total() {
            0 => "; nothing was skipped".to_owned(),
            1 => format!("; 1 document or line was skipped: {}", self.skipped),
            total => format!(
                "; {total} documents or lines were skipped: {}",
                self.skipped
            ),
        };
        let remarks = self
            .remarks
            .iter()
            .map(|(what, remark)| match remark.files {
                1 => format!("{} {what}", remark.first),
                files => format!("{files} files, {} the first: each {what}", remark.first),
            });
        let skipped = self.skipped.kinds.values().map(ToString::to_string);
        std::iter::once(first)
            .chain(remarks)
            .chain(skipped)
            .collect()
    }
}

//! From a corpus to batches: encoded once into a file of tokens, split by document, packed into sequences, and handed
//! out in a seeded order.

mod batches;
mod cache;
mod carried;
mod encode;
mod sequences;
mod split;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::batches::{Batches, Position};
pub use self::cache::{CacheInfo, TokenCache};
pub use self::carried::is_carried;
pub use self::encode::{EncodeProgress, EncodeRequest, encode, encode_to_file};
pub use self::sequences::{PackedSequence, Packing, Sequences};
pub use self::split::{Documents, HeldOut, Parts, split};
use crate::text::corpus::CorpusSettings;

/// What is learned from, and how it is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    pub corpus: CorpusSettings,
    /// Files for validation, read as the corpus is; without any, a share of the corpus' tokens.
    pub validation_files: Vec<PathBuf>,
    /// That share, 0 to below 1.
    pub validation: f64,
    pub packing: Packing,
    /// Positions in a sequence; 0 is the model's context.
    pub context: usize,
    /// A token before each document, as the vocabulary writes it; empty for none.
    pub begin: String,
    /// A token after each document; empty for none, `auto` for the tokenizer's end of text where windows are cut.
    pub end: String,
    /// The token that fills sequences up; `auto` for `[PAD]` where the tokenizer has it.
    pub pad: String,
    /// Count padding in the loss that is trained, as the mini-GPT tutorial does.
    pub count_padding: bool,
    /// Use this many batches of each epoch; 0 is all.
    pub take: u64,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            corpus: CorpusSettings::default(),
            validation_files: Vec::new(),
            validation: 0.05,
            packing: Packing::Windows,
            context: 0,
            begin: String::new(),
            end: "auto".to_owned(),
            pad: "auto".to_owned(),
            count_padding: false,
            take: 0,
        }
    }
}

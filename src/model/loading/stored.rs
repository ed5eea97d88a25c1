//! What the safetensors files of a model hold, by their headers alone.

use std::collections::{BTreeSet, HashMap};

use super::file_names::{SHARD_INDEX, SINGLE_FILE};
use super::files::Files;
use super::safetensors_file::SafetensorsFile;
use super::shards::read_index;

/// What a model's files hold.
pub(super) struct Stored {
    /// What most of their bytes are, such as `bf16`.
    pub(super) main_type: String,
    /// How many numbers they have, if all files were looked at.
    pub(super) numbers: Option<usize>,
}

impl Stored {
    /// Of all of a model's files, or of the first alone; none where there are none that can be read.
    pub(super) fn of(files: &Files, all: bool) -> Option<Self> {
        let names: BTreeSet<String> = if files.has(SINGLE_FILE) {
            BTreeSet::from([SINGLE_FILE.to_owned()])
        } else {
            let index = files.read(SHARD_INDEX).ok()?;
            let index = read_index(&index, SHARD_INDEX).ok()?;
            index.into_values().collect()
        };
        let mut bytes: HashMap<String, usize> = HashMap::new();
        let mut numbers = 0;
        for name in names.iter().take(if all { names.len() } else { 1 }) {
            let file = SafetensorsFile::open(files.label(name), files.open(name).ok()?).ok()?;
            for (kind, of_kind, count) in file.kinds() {
                *bytes.entry(kind).or_default() += of_kind;
                numbers += count;
            }
        }
        let most = bytes.into_iter().max_by_key(|(_, bytes)| *bytes);
        Some(Self {
            main_type: most?.0,
            numbers: all.then_some(numbers),
        })
    }
}

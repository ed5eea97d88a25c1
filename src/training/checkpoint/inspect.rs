//! Whether a checkpoint can be used, told from names, lengths and headers alone.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use super::{CONFIG, CheckpointState, MODEL, OPTIMIZER, read_state};
use crate::model::{ADAPTER, ADAPTER_WEIGHTS};

/// The longest header that is read.
const LONGEST: u64 = 100_000_000;

/// The state of a checkpoint, and whether the run can go on after it.
///
/// # Errors
/// With what is wrong with it, as a clause.
pub(in crate::training) fn inspect(directory: &Path) -> Result<(CheckpointState, bool), String> {
    let entries = fs::read_dir(directory).map_err(|error| error.to_string())?;
    if entries.count() == 0 {
        return Err("it is empty".to_owned());
    }
    let state = read_state(directory).map_err(|error| error.to_string())?;
    json(&directory.join(CONFIG))?;
    if directory.join(ADAPTER).is_file() {
        json(&directory.join(ADAPTER))?;
        tensors(&directory.join(ADAPTER_WEIGHTS))?;
    } else {
        tensors(&directory.join(MODEL))?;
    }
    let optimizer = directory.join(OPTIMIZER);
    let whole = optimizer.is_file();
    if whole {
        tensors(&optimizer)?;
    }
    Ok((state, whole))
}

/// Bytes of the weights of a checkpoint.
pub(in crate::training) fn weight_bytes(directory: &Path) -> u64 {
    let length = |name: &str| fs::metadata(directory.join(name)).map_or(0, |data| data.len());
    length(MODEL) + length(ADAPTER_WEIGHTS)
}

/// Takes away what only going on needs.
pub(in crate::training) fn lighten(directory: &Path) -> io::Result<()> {
    fs::remove_file(directory.join(OPTIMIZER))
}

fn json(path: &Path) -> Result<(), String> {
    let said = |problem: String| format!("{}: {problem}", name(path));
    let bytes = fs::read(path).map_err(|error| said(error.to_string()))?;
    let value: Result<Value, _> = serde_json::from_slice(&bytes);
    value.map(drop).map_err(|error| said(error.to_string()))
}

/// Whether a file of tensors is as long as its header says.
fn tensors(path: &Path) -> Result<(), String> {
    let said = |problem: &str| format!("{}: {problem}", name(path));
    let read = || -> io::Result<(Vec<u8>, u64)> {
        let mut file = File::open(path)?;
        let mut length = [0; 8];
        file.read_exact(&mut length)?;
        let mut header = Vec::new();
        let most = u64::from_le_bytes(length).min(LONGEST);
        file.by_ref().take(most).read_to_end(&mut header)?;
        Ok((header, file.metadata()?.len()))
    };
    let (header, length) = read().map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => said("it is cut short"),
        _ => said(&error.to_string()),
    })?;
    let parsed: Value =
        serde_json::from_slice(&header).map_err(|_| said("its header cannot be read"))?;
    let tensors = parsed.as_object().into_iter().flatten();
    let ends = tensors.filter_map(|(_, tensor)| tensor["data_offsets"][1].as_u64());
    let data = ends.max().unwrap_or(0);
    if length == 8 + header.len() as u64 + data {
        Ok(())
    } else {
        Err(said("it is cut short, or holds more than it says"))
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

//! Checkpoints: a directory in Hugging Face layout with what training needs to go on beside it.
//!
//! `config.json`, `model.safetensors`, `tokenizer.json` and `tokenizer_config.json` are a model that transformers and
//! this program load. With LoRA the small matrices alone are kept, as an adapter of the model that they change.
//! `training.json` says where the run stands; `optimizer.safetensors` is there where the run can go on. All is written
//! into a directory aside, synced, and renamed: one that has its name is whole, whenever the process was killed.

mod config_json;
mod inspect;
mod tensors;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(super) use self::config_json::{SpecialTokens, config_json};
pub(super) use self::inspect::{inspect, lighten, weight_bytes};
pub(super) use self::tensors::read_tensors;
use self::tensors::{Named, copy_halved, write_tensors};
use super::TrainingError;
use super::epoch::EpochSums;
use super::network::Network;
use super::optimizer::Optimizer;
use crate::model::{ADAPTER, ADAPTER_WEIGHTS, Adapter, Gpt2Config, LoadRequest, load_raw};
use crate::text::Tokenizer;

const STATE: &str = "training.json";
const OPTIMIZER: &str = "optimizer.safetensors";
const MODEL: &str = "model.safetensors";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// The files of a checkpoint that are the model.
const MODEL_FILES: [&str; 4] = [CONFIG, MODEL, TOKENIZER, TOKENIZER_CONFIG];

/// Where a run stands, besides its numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckpointState {
    /// Steps that were made. The position in the data and all random numbers follow from it and the seed.
    pub step: u64,
    /// Updates of the optimizer.
    pub updates: u64,
    /// What the schedule is multiplied by, since the rate was set by hand.
    pub rate_factor: f64,
    /// The smoothed loss' sums.
    pub smoothed_sum: f64,
    pub smoothed_weight: f64,
    /// What the epoch under way comes to so far.
    #[serde(default)]
    pub epoch: EpochSums,
    /// Text tokens learned from.
    pub tokens: u64,
    pub elapsed: f64,
    /// The validation loss before the first step.
    #[serde(default)]
    pub before: Option<f64>,
    /// The last validation loss, the step at which it was measured, and the best one.
    pub validation: Option<f64>,
    #[serde(default)]
    pub validated_at: Option<u64>,
    /// What is validated on, by a hash: losses on other texts cannot be compared.
    #[serde(default)]
    pub validation_set: String,
    /// What is learned from, by a hash.
    #[serde(default)]
    pub corpus: String,
    /// The lowest smoothed loss.
    #[serde(default)]
    pub lowest: Option<f64>,
    pub best_validation: Option<f64>,
    /// Evaluations since the best one.
    pub stale: u64,
    /// Tokens whose odds are followed.
    pub followed: Vec<u32>,
    /// Lengths of the run's files at this step: what comes after was of steps that were lost.
    pub metrics_bytes: u64,
    pub samples_bytes: u64,
}

/// What a checkpoint is written from.
pub(super) struct Contents<'a> {
    pub network: &'a Network,
    pub optimizer: &'a Optimizer,
    pub tokenizer: &'a Tokenizer,
    pub special: &'a SpecialTokens,
    pub state: &'a CheckpointState,
    /// With LoRA: what the small matrices change.
    pub adapter: Option<&'a Adapter>,
    /// Whether the tokenizer is the one of the model that the adapter changes.
    pub foreign_tokenizer: bool,
    /// Whether the run can go on after it.
    pub whole: bool,
}

/// The directory of a step's checkpoint.
pub(super) fn directory_of(checkpoints: &Path, step: u64) -> PathBuf {
    checkpoints.join(format!("step-{step:08}"))
}

/// Writes a checkpoint and returns its directory.
///
/// # Errors
/// When the directory cannot be written or the disk is full; what was written aside is taken away again.
pub(super) fn write(checkpoints: &Path, contents: &Contents<'_>) -> Result<PathBuf, TrainingError> {
    let path = directory_of(checkpoints, contents.state.step);
    let aside = checkpoints.join(format!(".step-{:08}.part", contents.state.step));
    let wrong = |error: io::Error| TrainingError::io(&aside, error);
    remove_if_there(&aside).map_err(wrong)?;
    fs::create_dir_all(&aside).map_err(wrong)?;
    let written = write_files(&aside, contents).and_then(|()| {
        let place = || -> io::Result<()> {
            File::open(&aside)?.sync_all()?;
            remove_if_there(&path)?;
            fs::rename(&aside, &path)?;
            File::open(checkpoints)?.sync_all()
        };
        place().map_err(wrong)
    });
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&aside);
    }
    written.map(|()| path)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Adds to a checkpoint that holds the weights of this very step what going on needs.
///
/// # Errors
/// As [`write`]; what was there stays.
pub(super) fn complete(directory: &Path, contents: &Contents<'_>) -> Result<(), TrainingError> {
    let wrong = |error: io::Error| TrainingError::io(directory, error);
    let aside = directory.join(".part");
    fs::create_dir_all(&aside).map_err(wrong)?;
    let written = write_state(&aside, contents)
        .and_then(|()| write_optimizer(&aside, contents))
        .and_then(|()| {
            let place = |name: &str| fs::rename(aside.join(name), directory.join(name));
            place(STATE)
                .and_then(|()| place(OPTIMIZER))
                .and_then(|()| File::open(directory)?.sync_all())
                .map_err(wrong)
        });
    let _ = fs::remove_dir_all(&aside);
    written
}

/// Takes away what killed processes left half-written.
pub(super) fn sweep(checkpoints: &Path) {
    for entry in fs::read_dir(checkpoints).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(".step-") && name.ends_with(".part") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn write_files(directory: &Path, contents: &Contents<'_>) -> Result<(), TrainingError> {
    let network = contents.network;
    let config = config_json(network.config(), contents.special);
    let json = |value: &serde_json::Value| serde_json::to_vec_pretty(value).unwrap_or_default();
    write_file(directory, CONFIG, &json(&config))?;
    if contents.adapter.is_none() || contents.foreign_tokenizer {
        let tokenizer = contents.tokenizer.to_json()?;
        write_file(directory, TOKENIZER, tokenizer.as_bytes())?;
    }
    let positions = network.config().n_positions;
    let tokenizer = contents.special.tokenizer_config(positions);
    write_file(directory, TOKENIZER_CONFIG, &json(&tokenizer))?;
    match contents.adapter {
        Some(adapter) => write_adapter(directory, adapter, network)?,
        None => write_tensors(&directory.join(MODEL), &model_tensors(network)?)?,
    }
    write_state(directory, contents)?;
    if contents.whole {
        write_optimizer(directory, contents)
    } else {
        Ok(())
    }
}

/// The tensors of the model, by the names that transformers has for them.
fn model_tensors(network: &Network) -> Result<Vec<Named<'static>>, TrainingError> {
    named(network.config(), network.weights()?)
}

fn named(
    config: &Gpt2Config,
    mut weights: HashMap<String, Vec<f32>>,
) -> Result<Vec<Named<'static>>, TrainingError> {
    let tensors = config.tensors().into_iter().map(|(name, shape)| {
        let values = weights.remove(&name).unwrap_or_default();
        let full = if name.starts_with("lm_head") {
            name
        } else {
            format!("transformer.{name}")
        };
        Named::new(full, shape, values)
    });
    Ok(tensors.collect())
}

fn write_adapter(
    directory: &Path,
    adapter: &Adapter,
    network: &Network,
) -> Result<(), TrainingError> {
    let json = serde_json::to_vec_pretty(adapter).unwrap_or_default();
    write_file(directory, ADAPTER, &json)?;
    let mut matrices = Vec::new();
    for (name, var) in network.parameters().trainable() {
        let values = super::ops::host(var.as_tensor())?;
        matrices.push(Named::new(name.to_owned(), var.dims().to_vec(), values));
    }
    write_tensors(&directory.join(ADAPTER_WEIGHTS), &matrices)
}

fn write_state(directory: &Path, contents: &Contents<'_>) -> Result<(), TrainingError> {
    let state = serde_json::to_vec_pretty(contents.state).unwrap_or_default();
    write_file(directory, STATE, &state)
}

fn write_optimizer(directory: &Path, contents: &Contents<'_>) -> Result<(), TrainingError> {
    let state = contents.optimizer.state()?;
    let names = contents.network.parameters().trainable();
    let slots = names.zip(state).flat_map(|((name, _), slots)| {
        let numbered = slots.into_iter().enumerate();
        numbered
            .map(|(slot, values)| Named::new(format!("{name}.{slot}"), vec![values.len()], values))
            .collect::<Vec<_>>()
    });
    write_tensors(&directory.join(OPTIMIZER), &slots.collect::<Vec<_>>())
}

/// Writes the model of a checkpoint into `target`, a directory that is there, with its weights in `f16` where `half`.
///
/// # Errors
/// When a file cannot be read or written, or a weight is too large for `f16`.
pub(super) fn copy_model(
    checkpoint: &Path,
    target: &Path,
    half: bool,
) -> Result<(), TrainingError> {
    if checkpoint.join(ADAPTER).is_file() {
        return copy_merged(checkpoint, target, half);
    }
    for name in MODEL_FILES {
        let (from, to) = (checkpoint.join(name), target.join(name));
        let wrong = |error: io::Error| TrainingError::io(&from, error);
        match name {
            MODEL if half => copy_halved(&from, &to)?,
            CONFIG if half => {
                let mut config: serde_json::Value =
                    serde_json::from_slice(&fs::read(&from).map_err(wrong)?)
                        .map_err(|error| wrong(error.into()))?;
                config["torch_dtype"] = "float16".into();
                let bytes = serde_json::to_vec_pretty(&config).unwrap_or_default();
                write_file(target, name, &bytes)?;
            }
            _ => {
                let mut source = File::open(&from).map_err(wrong)?;
                let copied = File::create(&to).and_then(|mut copy| {
                    io::copy(&mut source, &mut copy)?;
                    copy.sync_all()
                });
                // What goes wrong now is wrong with the target, such as that its disk is full.
                copied.map_err(|error| TrainingError::io(&to, error))?;
            }
        }
    }
    Ok(())
}

/// Takes away what [`copy_model`] wrote, as far as it came.
pub(super) fn remove_model(target: &Path) {
    for name in MODEL_FILES {
        // One that is not there is gone already.
        let _ = fs::remove_file(target.join(name));
    }
}

/// As [`copy_model`], of small matrices and the model that they change: merged, they are a model like any other.
fn copy_merged(checkpoint: &Path, target: &Path, half: bool) -> Result<(), TrainingError> {
    let request = LoadRequest {
        source: checkpoint.display().to_string(),
        ..LoadRequest::default()
    };
    let raw = load_raw(&request, &mut |_| ControlFlow::Continue(()))?;
    let copy = |name: &str| {
        let from = checkpoint.join(name);
        let bytes = fs::read(&from).map_err(|error| TrainingError::io(&from, error))?;
        write_file(target, name, &bytes)
    };
    copy(CONFIG)?;
    copy(TOKENIZER_CONFIG)?;
    write_file(target, TOKENIZER, raw.tokenizer.to_json()?.as_bytes())?;
    let mut tensors = named(&raw.config, raw.tensors)?;
    if half {
        tensors::halve(&checkpoint.join(ADAPTER_WEIGHTS), &mut tensors)?;
        set_half(&target.join(CONFIG))?;
    }
    write_tensors(&target.join(MODEL), &tensors)
}

/// Notes in a configuration that its weights are halved.
fn set_half(path: &Path) -> Result<(), TrainingError> {
    let wrong = |error: io::Error| TrainingError::io(path, error);
    let bytes = fs::read(path).map_err(wrong)?;
    let mut config: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.into()))?;
    config["torch_dtype"] = "float16".into();
    let bytes = serde_json::to_vec_pretty(&config).unwrap_or_default();
    fs::write(path, bytes).map_err(wrong)
}

fn write_file(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), TrainingError> {
    let path = directory.join(name);
    let write = || -> io::Result<()> {
        let mut file = File::create(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| TrainingError::io(&path, error))
}

/// The state that a checkpoint was written with.
///
/// # Errors
/// When there is none or it cannot be understood.
pub(super) fn read_state(directory: &Path) -> Result<CheckpointState, TrainingError> {
    let path = directory.join(STATE);
    let bytes = fs::read(&path).map_err(|error| TrainingError::io(&path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| TrainingError::File {
        file: path.display().to_string(),
        problem: format!("is no state of a run: {error}"),
    })
}

/// Puts a network and its optimizer where a checkpoint left them. The network has the checkpoint's weights already,
/// but for LoRA's matrices.
///
/// # Errors
/// When the checkpoint is of another network or optimizer.
pub(super) fn restore(
    directory: &Path,
    state: &CheckpointState,
    network: &Network,
    optimizer: &mut Optimizer,
) -> Result<(), TrainingError> {
    let path = directory.join(ADAPTER_WEIGHTS);
    if path.is_file() {
        let mut values = read_tensors(&path)?;
        for (name, _) in network.parameters().trainable() {
            network
                .parameters()
                .set(name, &values.remove(name).unwrap_or_default())?;
        }
    }
    let path = directory.join(OPTIMIZER);
    let mut slots = read_tensors(&path)?;
    let mut states = Vec::new();
    for (name, _) in network.parameters().trainable() {
        let mut own = Vec::new();
        while let Some(values) = slots.remove(&format!("{name}.{}", own.len())) {
            own.push(values);
        }
        states.push(own);
    }
    let restored = optimizer.restore(state.updates, states);
    restored.map_err(|error| TrainingError::File {
        file: path.display().to_string(),
        problem: format!("{error}; it is of another model or optimizer"),
    })
}

/// With LoRA, what the small matrices of a checkpoint change; else nothing.
///
/// # Errors
/// When the file is damaged.
pub(super) fn adapter(directory: &Path) -> Result<Option<Adapter>, TrainingError> {
    let path = directory.join(ADAPTER);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(&path).map_err(|error| TrainingError::io(&path, error))?;
    let read = serde_json::from_slice(&bytes);
    read.map(Some)
        .map_err(|error: serde_json::Error| TrainingError::io(&path, error.into()))
}

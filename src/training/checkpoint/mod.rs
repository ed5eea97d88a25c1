//! Checkpoints: a directory in Hugging Face layout with what training needs to go on beside it.
//!
//! `config.json`, `model.safetensors`, `tokenizer.json` and `tokenizer_config.json` are a model that transformers and
//! this program load. `training.json` and `optimizer.safetensors` hold the rest; with LoRA, `parameters.safetensors`
//! holds the matrices apart. All is written into a directory aside, synced, and renamed: one that has its name is
//! whole, whenever the process was killed.

mod config_json;
mod tensors;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(super) use self::config_json::{SpecialTokens, config_json};
pub(super) use self::tensors::read_tensors;
use self::tensors::{Named, copy_halved, write_tensors};
use super::TrainingError;
use super::network::Network;
use super::optimizer::Optimizer;
use super::trainer::EpochSums;
use crate::text::Tokenizer;

const STATE: &str = "training.json";
const OPTIMIZER: &str = "optimizer.safetensors";
const PARAMETERS: &str = "parameters.safetensors";
const MODEL: &str = "model.safetensors";
const CONFIG: &str = "config.json";

/// The files of a checkpoint that are the model.
const MODEL_FILES: [&str; 4] = [CONFIG, MODEL, "tokenizer.json", "tokenizer_config.json"];

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
    /// The last validation loss, and the best one.
    pub validation: Option<f64>,
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
    /// Whether the network has matrices that are no part of the model.
    pub lora: bool,
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

fn write_files(directory: &Path, contents: &Contents<'_>) -> Result<(), TrainingError> {
    let network = contents.network;
    let config = config_json(network.config(), contents.special);
    let json = |value: &serde_json::Value| serde_json::to_vec_pretty(value).unwrap_or_default();
    write_file(directory, CONFIG, &json(&config))?;
    write_file(
        directory,
        "tokenizer.json",
        contents.tokenizer.to_json()?.as_bytes(),
    )?;
    write_file(
        directory,
        "tokenizer_config.json",
        &json(
            &contents
                .special
                .tokenizer_config(network.config().n_positions),
        ),
    )?;
    let state = serde_json::to_vec_pretty(contents.state).unwrap_or_default();
    write_file(directory, STATE, &state)?;

    let mut weights = network.weights()?;
    let mut model = Vec::new();
    for (name, shape) in network.config().tensors() {
        let values = weights.remove(&name).unwrap_or_default();
        let full = match name.starts_with("lm_head") {
            true => name,
            false => format!("transformer.{name}"),
        };
        model.push(Named::new(full, shape, values));
    }
    write_tensors(&directory.join(MODEL), &model)?;
    drop(model);

    let state = contents.optimizer.state()?;
    let names = network.parameters().trainable().map(|(name, _)| name);
    let slots = names.zip(state).flat_map(|(name, slots)| {
        let numbered = slots.into_iter().enumerate();
        numbered
            .map(|(slot, values)| Named::new(format!("{name}.{slot}"), vec![values.len()], values))
            .collect::<Vec<_>>()
    });
    write_tensors(&directory.join(OPTIMIZER), &slots.collect::<Vec<_>>())?;

    if contents.lora {
        let mut parameters = Vec::new();
        for parameter in network.parameters().iter() {
            let values = super::ops::host(&parameter.tensor)?;
            let shape = parameter.tensor.dims().to_vec();
            parameters.push(Named::new(parameter.name.clone(), shape, values));
        }
        write_tensors(&directory.join(PARAMETERS), &parameters)?;
    }
    Ok(())
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
                fs::copy(&from, &to).map_err(wrong)?;
                let synced = File::open(&to).and_then(|file| file.sync_all());
                synced.map_err(|error| TrainingError::io(&to, error))?;
            }
        }
    }
    Ok(())
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
    let path = directory.join(PARAMETERS);
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

/// With LoRA, the base's weights as they were before; else nothing.
///
/// # Errors
/// When the file is damaged.
pub(super) fn base_weights(
    directory: &Path,
) -> Result<Option<std::collections::HashMap<String, Vec<f32>>>, TrainingError> {
    let path = directory.join(PARAMETERS);
    path.is_file().then(|| read_tensors(&path)).transpose()
}

//! LoRA's small matrices in a directory of their own: a change of another model, which they name.
//!
//! `adapter.json` says which model that is, the hash of its weights, and what the product of each pair of matrices is
//! multiplied by; `adapter.safetensors` holds the pairs, `LAYER.lora_a` and `LAYER.lora_b`. Beside them is the
//! `config.json` of the model that results, and a tokenizer where it is not the other model's.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::Files;
use super::safetensors_file::SafetensorsFile;
use crate::model::ModelError;

/// The files of an adapter.
pub const ADAPTER: &str = "adapter.json";
pub const ADAPTER_WEIGHTS: &str = "adapter.safetensors";

/// What an adapter changes, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adapter {
    /// The model that is changed, as a source; a path is absolute.
    pub base: String,
    /// [`weights_hash`] of it.
    pub base_hash: String,
    /// What the product of each pair is multiplied by.
    pub factor: f64,
}

impl Adapter {
    /// That of a model's files, if they are an adapter's.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn of(files: &Files) -> Result<Option<Self>, ModelError> {
        if !files.has(ADAPTER) {
            return Ok(None);
        }
        let read = serde_json::from_slice(&files.read(ADAPTER)?);
        read.map(Some).map_err(|error| {
            ModelError::file(files.label(ADAPTER), format!("is no adapter: {error}"))
        })
    }

    /// An error where the weights at hand are not those that the adapter was made for.
    ///
    /// # Errors
    /// So.
    pub fn check(&self, hash: &str) -> Result<(), ModelError> {
        if self.base_hash == hash {
            Ok(())
        } else {
            Err(ModelError::Setting(crate::model::error::visible(&format!(
                "the model `{}` is not the one that was finetuned: its weights have changed since; bring the old ones back, or finetune anew",
                self.base
            ))))
        }
    }

    /// Adds the products of the pairs to the weights of the other model.
    ///
    /// # Errors
    /// When the matrices are missing, or do not fit.
    pub(super) fn merge(
        &self,
        files: &Files,
        tensors: &mut HashMap<String, Vec<f32>>,
    ) -> Result<(), ModelError> {
        let label = files.label(ADAPTER_WEIGHTS);
        let mut file = SafetensorsFile::open(label.clone(), files.open(ADAPTER_WEIGHTS)?)?;
        let names = file
            .tensor_names()
            .filter_map(|name| name.strip_suffix(".lora_a"));
        let layers: Vec<String> = names.map(str::to_owned).collect();
        for layer in layers {
            let pair = ["a", "b"].map(|part| format!("{layer}.lora_{part}"));
            let mut read = |name: &str| -> Result<Tensor, ModelError> {
                let shape = file.shape(name).map(<[usize]>::to_vec);
                let shape = shape.ok_or_else(|| ModelError::tensor(&label, name, "is missing"))?;
                Ok(Tensor::from_vec(file.read(name)?, shape, &Device::Cpu)?)
            };
            let (a, b) = (read(&pair[0])?, read(&pair[1])?);
            let change = (a.matmul(&b)? * self.factor)?
                .flatten_all()?
                .to_vec1::<f32>()?;
            let weight = tensors.get_mut(&format!("{layer}.weight"));
            let weight = weight.filter(|weight| weight.len() == change.len());
            let Some(weight) = weight else {
                let problem = "changes no matrix of the model, or one of another size";
                return Err(ModelError::tensor(&label, &pair[0], problem));
            };
            for (value, change) in weight.iter_mut().zip(change) {
                *value += change;
            }
        }
        Ok(())
    }
}

/// SHA-256 of weights by their names, in the names' order: equal for equal numbers, in whatever files they lie.
pub fn weights_hash(tensors: &HashMap<String, Vec<f32>>) -> String {
    let mut names: Vec<&String> = tensors.keys().collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    let mut bytes = Vec::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update([0]);
        for values in tensors[name].chunks(1 << 16) {
            bytes.clear();
            values
                .iter()
                .for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            hash.update(&bytes);
        }
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::model::{LoadRequest, load_raw};

    #[test]
    fn adapters_that_go_round_in_a_circle_are_an_error() {
        let directory = tempfile::tempdir().expect("a directory");
        let adapter = Adapter {
            base: directory.path().display().to_string(),
            base_hash: String::new(),
            factor: 1.0,
        };
        let json = serde_json::to_vec(&adapter).expect("JSON");
        std::fs::write(directory.path().join(ADAPTER), json).expect("a file");
        let request = LoadRequest {
            source: adapter.base.clone(),
            ..LoadRequest::default()
        };
        let read = load_raw(&request, &mut |_| ControlFlow::Continue(()));
        let error = read.err().expect("an error").to_string();
        assert!(error.contains("without end"), "{error}");
    }

    #[test]
    fn weights_have_one_hash_wherever_they_lie_and_another_when_one_changes() {
        let weights = |last: f32| {
            HashMap::from([
                ("b".to_owned(), vec![1.0, 2.0]),
                ("a".to_owned(), vec![last]),
            ])
        };
        assert_eq!(weights_hash(&weights(3.0)), weights_hash(&weights(3.0)));
        assert_ne!(weights_hash(&weights(3.0)), weights_hash(&weights(-3.0)));
    }
}

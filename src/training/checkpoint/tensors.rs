//! Numbers to and from safetensors files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use half::f16;
use safetensors::tensor::{Dtype, View};
use safetensors::{SafeTensorError, SafeTensors};

use crate::training::TrainingError;

/// A tensor with its name.
pub(super) struct Named<'a> {
    name: String,
    shape: Vec<usize>,
    values: Cow<'a, [f32]>,
    half: bool,
}

impl<'a> Named<'a> {
    pub(super) fn new(name: String, shape: Vec<usize>, values: impl Into<Cow<'a, [f32]>>) -> Self {
        Self {
            name,
            shape,
            values: values.into(),
            half: false,
        }
    }
}

impl View for &Named<'_> {
    fn dtype(&self) -> Dtype {
        if self.half { Dtype::F16 } else { Dtype::F32 }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        for value in self.values.iter() {
            if self.half {
                bytes.extend_from_slice(&f16::from_f32(*value).to_le_bytes())
            } else {
                bytes.extend_from_slice(&value.to_le_bytes())
            }
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        self.values.len() * if self.half { 2 } else { 4 }
    }
}

/// Writes tensors to a file and syncs it.
pub(super) fn write_tensors(path: &Path, tensors: &[Named<'_>]) -> Result<(), TrainingError> {
    let views = tensors.iter().map(|named| (named.name.clone(), named));
    // transformers asks for this mark.
    let mark = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(views, Some(mark), path).map_err(|error| match error {
        SafeTensorError::IoError(error) => TrainingError::io(path, error),
        other => TrainingError::File {
            file: path.display().to_string(),
            problem: other.to_string(),
        },
    })?;
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| TrainingError::io(path, error))
}

/// All tensors of a file that this program wrote.
///
/// # Errors
/// When it cannot be read or is none.
pub(in crate::training) fn read_tensors(
    path: &Path,
) -> Result<HashMap<String, Vec<f32>>, TrainingError> {
    let all = read_named(path)?.into_iter();
    Ok(all
        .map(|named| (named.name, named.values.into_owned()))
        .collect())
}

/// Copies a file of tensors with its numbers rounded to `f16`.
///
/// # Errors
/// When a number is too large for that, or a file cannot be read or written.
pub(super) fn copy_halved(from: &Path, to: &Path) -> Result<(), TrainingError> {
    let mut all = read_named(from)?;
    halve(from, &mut all)?;
    write_tensors(to, &all)
}

/// Rounds numbers to `f16`. `from` is where they come from, for errors.
///
/// # Errors
/// When a number is too large for that.
pub(super) fn halve(from: &Path, all: &mut [Named<'_>]) -> Result<(), TrainingError> {
    for named in all {
        let largest = named.values.iter().fold(0f32, |most, x| most.max(x.abs()));
        if largest > f32::from(f16::MAX) {
            return Err(TrainingError::File {
                file: from.display().to_string(),
                problem: format!("`{}` has {largest}, too large for f16", named.name),
            });
        }
        named.half = true;
    }
    Ok(())
}

fn read_named(path: &Path) -> Result<Vec<Named<'static>>, TrainingError> {
    let bytes = fs::read(path).map_err(|error| TrainingError::io(path, error))?;
    let wrong = |problem: String| TrainingError::File {
        file: path.display().to_string(),
        problem,
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| wrong(error.to_string()))?;
    let read = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
        if view.dtype() != Dtype::F32 {
            return Err(wrong(format!("`{name}` is not of f32 numbers")));
        }
        let (quads, _) = view.data().as_chunks::<4>();
        let values = quads.iter().map(|quad| f32::from_le_bytes(*quad));
        let values: Vec<f32> = values.collect();
        Ok(Named::new(name.to_owned(), view.shape().to_vec(), values))
    };
    tensors.iter().map(read).collect()
}

//! Models in llama.cpp's GGUF format: hyperparameters, tokenizer and weights in one file.

mod config;
mod header;
mod keys;
mod reader;
mod split;
mod tokenizer;
mod value;
mod weights;

use std::fs::File;
use std::path::Path;

use candle_core::quantized::GgmlDType;

use crate::model::loading::files::pointer_in;
use crate::model::loading::safetensors_file::Source;
use crate::model::{ModelError, Precision};
use header::Header;
use reader::Reader;
pub(super) use split::{first_of_split, is_later_part, other_parts};
use value::Value;
pub(super) use weights::GgufWeights;

/// An open GGUF file with a checked header.
pub(super) struct Gguf {
    /// The path, for errors.
    name: String,
    header: Header,
    /// The file, or its parts in order.
    parts: Vec<Part>,
}

/// One file.
struct Part {
    name: String,
    source: Box<dyn Source>,
}

impl Gguf {
    /// Opens a file and checks its header. The other parts of a split file are opened with its first.
    ///
    /// # Errors
    /// When it cannot be read, is no GGUF file, describes what it does not have, or is not all of a split one.
    pub(super) fn open(path: &Path) -> Result<Self, ModelError> {
        let mut file = Self::open_one(path)?;
        file.join_parts(path)?;
        Ok(file)
    }

    fn open_one(path: &Path) -> Result<Self, ModelError> {
        let name = path.display().to_string();
        let wrong = |problem: String| ModelError::file(&name, problem);
        let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
        let mut file = File::open(path).map_err(unreadable)?;
        if let Some(problem) = pointer_in(&mut file).map_err(unreadable)? {
            return Err(wrong(problem));
        }
        let mut reader = Reader::new(Box::new(file)).map_err(wrong)?;
        let header = Header::read(&mut reader).map_err(wrong)?;
        let part = Part {
            name: name.clone(),
            source: reader.into_source(),
        };
        Ok(Self {
            name,
            header,
            parts: vec![part],
        })
    }

    /// The path, for errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.header.metadata.get(key)
    }

    /// A text of the metadata.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A token id of the metadata.
    pub(super) fn token(&self, key: &str) -> Option<u32> {
        let id = self.value(key)?.unsigned()?;
        u32::try_from(id).ok()
    }

    /// The text of a special token, `bos` or `eos` for example.
    pub(super) fn token_text(&self, name: &str) -> Option<String> {
        let id = self.token(&format!("tokenizer.ggml.{name}_token_id"))?;
        match self.value("tokenizer.ggml.tokens") {
            Some(Value::Texts(tokens)) => tokens.get(id as usize).cloned(),
            _ => None,
        }
    }

    /// The tokens that end a text or a turn.
    pub(super) fn end_tokens(&self) -> Vec<u32> {
        const KEYS: [&str; 3] = ["eos_token_id", "eot_token_id", "eom_token_id"];
        KEYS.iter()
            .filter_map(|key| self.token(&format!("tokenizer.ggml.{key}")))
            .collect()
    }

    /// A key of the metadata that must be there.
    fn required(&self, key: &str) -> Result<&Value, ModelError> {
        self.value(key).ok_or_else(|| {
            ModelError::file(
                &self.name,
                format!("lacks `{key}`, which a model of its architecture needs"),
            )
        })
    }

    /// The type that most of the weights in large matrices have.
    fn main_type(&self) -> GgmlDType {
        let mut counts: Vec<(GgmlDType, usize)> = Vec::new();
        for info in self.header.tensors.values() {
            if info.shape.len() < 2 {
                continue;
            }
            let numbers = info.shape.iter().product::<usize>();
            match counts.iter_mut().find(|(dtype, _)| *dtype == info.dtype) {
                Some((_, count)) => *count += numbers,
                None => counts.push((info.dtype, numbers)),
            }
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        most.map_or(GgmlDType::F32, |(dtype, _)| dtype)
    }

    /// Numbers in all tensors.
    pub(super) fn numbers(&self) -> usize {
        let tensors = self.header.tensors.values();
        tensors
            .map(|info| info.shape.iter().product::<usize>())
            .sum()
    }

    /// What most of the weights are held in.
    pub(super) fn precision(&self) -> Precision {
        precision_of(self.main_type())
    }
}

fn precision_of(dtype: GgmlDType) -> Precision {
    match dtype {
        GgmlDType::Q4_0 => Precision::Q4_0,
        GgmlDType::Q4_1 => Precision::Q4_1,
        GgmlDType::Q5_0 => Precision::Q5_0,
        GgmlDType::Q5_1 => Precision::Q5_1,
        GgmlDType::Q8_0 | GgmlDType::Q8_1 | GgmlDType::Q8K => Precision::Q8_0,
        GgmlDType::Q2K => Precision::Q2K,
        GgmlDType::Q3K => Precision::Q3K,
        GgmlDType::Q4K => Precision::Q4K,
        GgmlDType::Q5K => Precision::Q5K,
        GgmlDType::Q6K => Precision::Q6K,
        GgmlDType::F32 => Precision::F32,
        GgmlDType::F16 => Precision::F16,
        GgmlDType::BF16 => Precision::Bf16,
    }
}

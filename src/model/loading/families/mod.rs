//! The families of models that can be loaded. Each is a file: how its `config.json`, its tensors' names and its GGUF keys
//! say the facts of a [`Description`]. Nothing else in the crate names a family.

mod absent;
mod bloom;
mod config;
mod falcon;
#[cfg(test)]
mod flips;
mod form;
mod gemma;
mod gemma2;
mod gemma3;
mod gguf;
mod glm4;
mod gpt2;
mod gpt_neo;
mod gpt_neox;
mod gpt_oss;
mod granite;
mod llama;
mod ministral3;
mod mistral;
mod mixtral;
mod olmo2;
mod olmo3;
mod olmoe;
mod opt;
mod phi;
mod phi3;
mod qwen2;
mod qwen2_moe;
mod qwen3;
mod qwen3_moe;
mod rope;
mod smollm3;
mod stablelm;
mod starcoder2;

pub(super) use absent::unsupported;
pub(super) use form::{Form, Fused};
pub(super) use gguf::{GgufFields, GgufForm};
#[cfg(test)]
pub(super) use gpt2::description as gpt2_description;

use self::config::Config;
use crate::model::ModelError;
use crate::model::network::config::Gpt2Config;
use crate::model::network::description::Description;

/// All of them.
const FAMILIES: &[&Family] = &[
    &gpt2::GPT2,
    &bloom::BLOOM,
    &falcon::FALCON,
    &gemma::GEMMA,
    &gemma2::GEMMA2,
    &gemma3::GEMMA3,
    &glm4::GLM4,
    &gpt_neo::GPT_NEO,
    &gpt_neox::GPT_NEOX,
    &gpt_oss::GPT_OSS,
    &granite::GRANITE,
    &llama::LLAMA,
    &ministral3::MINISTRAL3,
    &mistral::MISTRAL,
    &mixtral::MIXTRAL,
    &olmo2::OLMO2,
    &olmo3::OLMO3,
    &olmoe::OLMOE,
    &opt::OPT,
    &phi::PHI,
    &phi3::PHI3,
    &qwen2::QWEN2,
    &qwen2_moe::QWEN2_MOE,
    &qwen3::QWEN3,
    &qwen3_moe::QWEN3_MOE,
    &smollm3::SMOLLM3,
    &stablelm::STABLELM,
    &starcoder2::STARCODER2,
];

/// How the files of a family say what a model is.
pub(super) struct Family {
    /// What `config.json` calls it, the first for people.
    pub(super) names: &'static [&'static str],
    /// The facts, by the fields of `config.json`; what is wrong, as the rest of a sentence that begins with its name.
    describe: fn(&Config) -> Result<Description, String>,
    /// How files of tensors in Hugging Face layout hold them.
    pub(super) form: Form,
    /// How GGUF files say the same, where llama.cpp has the family.
    pub(super) gguf: Option<GgufForm>,
}

/// A description, and the family that it is of.
#[derive(Clone)]
pub(super) struct Described {
    pub(super) description: Description,
    pub(super) family: &'static Family,
    /// What is left out.
    pub(super) notice: Option<String>,
}

impl Described {
    /// A GPT-2 of this configuration.
    pub(super) fn gpt2(config: &Gpt2Config) -> Self {
        Self {
            description: gpt2::description(config),
            family: &gpt2::GPT2,
            notice: None,
        }
    }

    /// Reads and checks a `config.json`. `file` names it in errors.
    ///
    /// # Errors
    /// When it is no JSON, describes a family that is not here, or contradicts itself.
    pub(super) fn from_json(json: &[u8], file: &str) -> Result<Self, ModelError> {
        let value: serde_json::Value = serde_json::from_slice(json)
            .map_err(|error| ModelError::file(file, format!("is no valid JSON: {error}")))?;
        let name = model_type(&value);
        let (value, notice) = text_part(value, &name);
        let inner = value["model_type"].as_str().map(str::to_owned);
        let name = inner.filter(|_| notice.is_some()).unwrap_or(name);
        let family = Family::named(&name).ok_or_else(|| unsupported(&name, file))?;
        if let Some(problem) = absent::blocks(&value) {
            return Err(ModelError::file(file, problem));
        }
        let described = family.described(&value);
        let description = described.map_err(|problem| ModelError::file(file, problem))?;
        Ok(Self {
            description,
            family,
            notice,
        })
    }
}

impl Family {
    /// The family of a `model_type`.
    fn named(name: &str) -> Option<&'static Self> {
        let mut all = FAMILIES.iter().copied();
        all.find(|family| family.names.contains(&name))
    }

    /// The family of a `general.architecture`.
    pub(super) fn in_gguf(name: &str) -> Option<&'static Self> {
        let mut all = FAMILIES.iter().copied();
        all.find(|family| {
            let form = family.gguf.as_ref();
            form.is_some_and(|form| form.names.contains(&name))
        })
    }

    /// The facts, checked, by fields as `config.json` has them.
    pub(super) fn described(&self, value: &serde_json::Value) -> Result<Description, String> {
        let config = Config::new(value, self.names[0])?;
        let description = (self.describe)(&config)?;
        description.check()?;
        Ok(description)
    }
}

/// What a `config.json` calls the family of the part that reads and writes text, whether it can be loaded or not.
pub(super) fn family_in(json: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    let name = model_type(&value);
    let (inner, _) = text_part(value, &name);
    Some(inner["model_type"].as_str().map_or(name, str::to_owned))
}

/// What a `config.json` calls its family. GPT-2's own files are older than that field.
fn model_type(value: &serde_json::Value) -> String {
    if let Some(name) = value["model_type"].as_str() {
        return name.to_owned();
    }
    match value["architectures"][0].as_str() {
        Some(class) => class
            .trim_end_matches("ForCausalLM")
            .trim_end_matches("LMHeadModel")
            .to_lowercase(),
        None => FAMILIES[0].names[0].to_owned(),
    }
}

/// The part of a configuration that describes what reads and writes text, and what is said of the rest.
fn text_part(mut value: serde_json::Value, name: &str) -> (serde_json::Value, Option<String>) {
    if Family::named(name).is_some() || !value["text_config"].is_object() {
        return (value, None);
    }
    let mut inner = value["text_config"].take();
    // What stands outside counts for the text too.
    for key in ["tie_word_embeddings", "bos_token_id", "eos_token_id"] {
        if inner[key].is_null() && !value[key].is_null() {
            inner[key] = value[key].take();
        }
    }
    let name = crate::model::error::visible(name);
    let told = format!("only the part of this {name} model that reads and writes text is loaded");
    (inner, Some(told))
}

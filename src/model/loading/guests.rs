//! Models that are computed by another library, in the layout that people have on the hub.

use std::ops::ControlFlow;

use candle_core::Device;
use serde_json::Value;

use super::families::Form;
use super::file_names::CONFIG;
use super::files::Files;
use super::request::LoadProgress;
use super::shards::Shards;
use crate::model::gpu::{card, device_name};
use crate::model::memory::check_room;
use crate::model::network::config::TokenIds;
use crate::model::network::guest::{GuestModel, Mamba, MambaFacts};
use crate::model::{Model, ModelError, ModelInfo, Precision};

/// What `config.json` calls them.
const NAME: &str = "mamba";

/// Tokens that a text may have: nothing in the model ends it, and no room is set aside.
const CONTEXT: usize = 1 << 20;

/// A guest, described.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GuestFacts {
    pub(super) mamba: MambaFacts,
    pub(super) start_token: Option<u32>,
    pub(super) end_tokens: Vec<u32>,
}

impl GuestFacts {
    /// Trainable numbers.
    pub(super) fn parameters(&self) -> usize {
        self.mamba.parameters()
    }

    /// Most tokens of a text.
    pub(super) fn context_length(&self) -> usize {
        CONTEXT
    }

    /// The guest that `files` hold, if they hold one.
    ///
    /// # Errors
    /// When their configuration says what cannot be computed.
    pub(super) fn of_files(files: &Files) -> Result<Option<Self>, ModelError> {
        if !files.has(CONFIG) {
            return Ok(None);
        }
        let Ok(config) = serde_json::from_slice::<Value>(&files.read(CONFIG)?) else {
            return Ok(None);
        };
        if config["model_type"].as_str() != Some(NAME) {
            return Ok(None);
        }
        let facts = Self::of_config(&config);
        facts
            .map(Some)
            .map_err(|problem| ModelError::file(files.label(CONFIG), problem))
    }

    fn of_config(config: &Value) -> Result<Self, String> {
        let size = |name: &str| {
            let size = config[name]
                .as_u64()
                .filter(|size| (1..1 << 24).contains(size));
            let size = size.and_then(|size| usize::try_from(size).ok());
            size.ok_or_else(|| {
                format!("is no {NAME} configuration: `{name}` must be a whole number from 1 on")
            })
        };
        let epsilon = config["layer_norm_epsilon"].as_f64().unwrap_or(1e-5);
        let mamba = MambaFacts {
            vocabulary: size("vocab_size")?,
            width: size("hidden_size")?,
            layers: size("num_hidden_layers")?.min(1 << 12),
            epsilon,
            tied: config["tie_word_embeddings"].as_bool().unwrap_or(true),
        };
        // What is fixed in candle-transformers.
        let rank = &config["time_step_rank"];
        let fixed: [(&str, Value); 9] = [
            ("state_size", 16.into()),
            ("conv_kernel", 4.into()),
            ("expand", 2.into()),
            ("intermediate_size", (2 * mamba.width).into()),
            (
                "time_step_rank",
                if rank.is_string() {
                    rank.clone()
                } else {
                    mamba.rank().into()
                },
            ),
            ("use_bias", false.into()),
            ("use_conv_bias", true.into()),
            ("use_mambapy", false.into()),
            ("hidden_act", "silu".into()),
        ];
        for (name, value) in fixed {
            if !config[name].is_null() && config[name] != value {
                let told: String = config[name].to_string().chars().take(40).collect();
                return Err(format!(
                    "has a {name} of {told}, but only {NAME} models with {value} can be computed here"
                ));
            }
        }
        let ids = |name: &str| {
            let ids = serde_json::from_value::<TokenIds>(config[name].clone());
            ids.map_or(Vec::new(), TokenIds::into_vec)
        };
        Ok(Self {
            mamba,
            start_token: ids("bos_token_id").first().copied(),
            end_tokens: ids("eos_token_id"),
        })
    }

    /// What is known of it, but for its tokens.
    pub(super) fn info(&self, name: String, device: &Device) -> ModelInfo {
        ModelInfo {
            name,
            architecture: NAME.to_owned(),
            parameters: self.parameters(),
            layers: self.mamba.layers,
            heads: 0,
            width: self.mamba.width,
            vocabulary: self.mamba.vocabulary,
            context_length: CONTEXT,
            sliding_window: None,
            start_token: None,
            end_tokens: Vec::new(),
            device: device_name(device),
            card: card(device),
            precision: Precision::F32,
            token_set: 0,
            adds_first_space: false,
        }
    }

    /// Whether it can be had in a precision.
    ///
    /// # Errors
    /// When not.
    pub(super) fn check(&self, precision: Precision) -> Result<(), ModelError> {
        match precision {
            Precision::Auto | Precision::F32 => Ok(()),
            other => Err(ModelError::Setting(format!(
                "{} cannot be had: a {NAME} model is computed in f32 alone; choose auto or f32",
                other.name()
            ))),
        }
    }

    /// The model.
    ///
    /// # Errors
    /// When a tensor is missing or wrong, there is no room, or `progress` breaks off.
    pub(super) fn load(
        &self,
        files: &Files,
        info: ModelInfo,
        device: &Device,
        progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ) -> Result<(Box<dyn Model>, Option<String>), ModelError> {
        check_room(4 * self.parameters() as u64, &info.name)?;
        let mut shards = Shards::open(files, &Form::MAMBA)?;
        let total = 10 * self.mamba.layers + 2;
        let mut done = 0;
        let mamba = Mamba::load(&self.mamba, device, &mut |name, shape| {
            done += 1;
            LoadProgress::weights(progress, done.min(total), total)?;
            shards.take(name, shape)
        })?;
        let notice = super::load::left_out(&shards.left_over(), NAME);
        let model = GuestModel::new(info, mamba, device.clone());
        Ok((Box::new(model), notice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `state-spaces/mamba-130m-hf` has it.
    const PUBLISHED: &str = r#"{"model_type": "mamba", "vocab_size": 50280, "hidden_size": 768, "num_hidden_layers": 24,
        "state_size": 16, "conv_kernel": 4, "expand": 2, "intermediate_size": 1536, "time_step_rank": 48, "use_bias": false,
        "use_conv_bias": true, "hidden_act": "silu", "layer_norm_epsilon": 1e-05, "bos_token_id": 0, "eos_token_id": 0}"#;

    #[test]
    fn the_published_one_has_its_number_of_parameters() {
        let config = serde_json::from_str(PUBLISHED).expect("JSON");
        let facts = GuestFacts::of_config(&config).expect("a Mamba");
        assert_eq!(facts.parameters(), 129_135_360);
        assert_eq!(
            (facts.start_token, facts.end_tokens.as_slice()),
            (Some(0), &[0][..])
        );
    }

    #[test]
    fn what_the_library_has_otherwise_is_refused_by_name() {
        for (name, value) in [
            ("state_size", Value::from(32)),
            ("expand", 3.into()),
            ("use_bias", true.into()),
            ("time_step_rank", 40.into()),
        ] {
            let mut config: Value = serde_json::from_str(PUBLISHED).expect("JSON");
            config[name] = value;
            let error = GuestFacts::of_config(&config).expect_err(name);
            assert!(error.contains(name), "{error}");
        }
    }
}

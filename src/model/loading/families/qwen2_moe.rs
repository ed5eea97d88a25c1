//! Qwen2's mixtures (Yang et al. 2024), with an expert that every token is sent to.

use super::form::Form;
use super::qwen3_moe::sparse;
use super::{Family, GgufForm};

pub(super) const QWEN2_MOE: Family = Family {
    names: &["qwen2_moe"],
    describe: |config| {
        let config = config
            .otherwise("moe_intermediate_size", 1408)
            .otherwise("shared_expert_intermediate_size", 5632);
        let mut model = config.usual()?;
        model.attention.bias = config.flag("qkv_bias", true)?;
        let window = if config.flag("use_sliding_window", false)? {
            config.size("sliding_window")?
        } else {
            None
        };
        let last = config.size("max_window_layers")?.unwrap_or(28);
        config.slide(&mut model, window, |layer| layer % 2 == 0 && layer < last)?;
        sparse(&config, &mut model)?;
        if let Some(mixture) = &mut model.mixture {
            mixture.shared = Some(config.need("shared_expert_intermediate_size")?);
        }
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["qwen2moe"],
        fields: |fields| {
            fields.rename(
                "expert_shared_feed_forward_length",
                "shared_expert_intermediate_size",
            );
            fields.rename("attention_bias", "qkv_bias");
        },
        ..GgufForm::USUAL
    }),
};

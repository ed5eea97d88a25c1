//! Qwen3's mixtures (Yang et al. 2025).

use super::config::Config;
use super::form::Form;
use super::mixtral::mix;
use super::{Family, GgufForm};
use crate::model::network::description::{Description, HeadNorm};

pub(super) const QWEN3_MOE: Family = Family {
    names: &["qwen3_moe"],
    describe: |config| {
        let config = config.otherwise("moe_intermediate_size", 768);
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.attention.norms = Some(HeadNorm::Each);
        let window = if config.flag("use_sliding_window", false)? {
            config.size("sliding_window")?
        } else {
            None
        };
        config.slide(&mut model, window, |_| true)?;
        sparse(&config, &mut model)?;
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["qwen3moe"],
        fields: |fields| fields.set("norm_topk_prob", true),
        ..GgufForm::USUAL
    }),
};

/// Gives the layers that the fields name a mixture.
pub(super) fn sparse(config: &Config, model: &mut Description) -> Result<(), String> {
    mix(config, model, config.flag("norm_topk_prob", false)?)?;
    let step = config.size("decoder_sparse_step")?.unwrap_or(1).max(1);
    let plain = config
        .field("mlp_only_layers")
        .and_then(|list| list.as_array());
    let is_plain = |layer: usize| {
        plain.is_some_and(|plain| plain.iter().any(|at| at.as_u64() == Some(layer as u64)))
    };
    for (at, layer) in model.layers.iter_mut().enumerate() {
        layer.mixture = (at + 1) % step == 0 && !is_plain(at);
    }
    Ok(())
}

//! Granite 3 (IBM 2024): a Llama with a multiplier at each place.

use super::form::Form;
use super::{Family, GgufForm};

pub(super) const GRANITE: Family = Family {
    names: &["granite"],
    describe: |config| {
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.feed_forward.bias = config.flag("mlp_bias", false)?;
        let factor = |name: &str| Ok::<_, String>(config.number(name)?.unwrap_or(1.0));
        model.embedding.scale = factor("embedding_multiplier")?;
        model.residual_scale = factor("residual_multiplier")?;
        model.head.scale = 1.0 / factor("logits_scaling")?;
        let scale = factor("attention_multiplier")?;
        model
            .layers
            .iter_mut()
            .for_each(|layer| layer.scale = scale);
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["granite"],
        pairs: true,
        obeys: &[
            "attention.scale",
            "embedding_scale",
            "residual_scale",
            "logit_scale",
        ],
        ..GgufForm::USUAL
    }),
};

//! GLM-4 of 2025 (Zhipu AI): norms on both sides of each part, half of each head turned by its position.

use super::form::{Form, TensorNames, USUAL};
use super::phi3::FUSED;
use super::{Family, GgufForm};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::AttentionAfter, "layers.#.post_self_attn_layernorm"),
    (Part::FeedForwardAfter, "layers.#.post_mlp_layernorm"),
];

pub(super) const GLM4: Family = Family {
    names: &["glm4"],
    describe: |config| {
        let config = config
            .otherwise("head_dim", 128)
            .otherwise("partial_rotary_factor", 0.5);
        let mut model = config.usual()?;
        model.attention.bias = config.flag("attention_bias", true)?;
        model.places.after_attention = true;
        model.places.after_feed_forward = true;
        Ok(model)
    },
    form: Form {
        pairs: true,
        ..Form::with(&[NAMES, USUAL])
    },
    gguf: Some(GgufForm {
        names: &["glm4"],
        tensors: FUSED,
        pairs: true,
        ..GgufForm::USUAL
    }),
};

//! StableLM 2 and 3B (Stability AI 2023): layer norms, a quarter of each head turned by its position.

use super::form::Form;
use super::{Family, GgufForm};
use crate::model::network::description::Order;

pub(super) const STABLELM: Family = Family {
    names: &["stablelm"],
    describe: |config| {
        config.refuse("qk_layernorm")?;
        let config = config
            .without("head_dim")
            .otherwise("partial_rotary_factor", 0.25);
        let mut model = config.usual()?.with_layer_norms();
        model.attention.bias = config.flag("use_qkv_bias", false)?;
        if config.flag("use_parallel_residual", false)? {
            model.places.order = Order::Parallel;
            model.places.before_feed_forward = false;
        }
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["stablelm"],
        obeys: &["use_parallel_residual"],
        fields: |fields| fields.rename("attention_bias", "use_qkv_bias"),
        ..GgufForm::LAYER_NORM
    }),
};

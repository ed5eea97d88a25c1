//! StableLM 2 and 3B (Stability AI 2023): layer norms, a quarter of each head turned by its position.

use super::form::{Form, TensorNames, USUAL};
use super::{Family, GgufForm};
use crate::model::network::description::{HeadNorm, Order};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::QueryNorm, "layers.#.self_attn.q_layernorm.norms.*"),
    (Part::KeyNorm, "layers.#.self_attn.k_layernorm.norms.*"),
];

pub(super) const STABLELM: Family = Family {
    names: &["stablelm"],
    describe: |config| {
        let config = config
            .without("head_dim")
            .otherwise("partial_rotary_factor", 0.25);
        let mut model = config.usual()?.with_layer_norms();
        model.attention.bias = config.flag("use_qkv_bias", false)?;
        if config.flag("use_parallel_residual", false)? {
            model.places.order = Order::Parallel;
            model.places.before_feed_forward = false;
        }
        if config.flag("qk_layernorm", false)? {
            model.attention.norms = Some(HeadNorm::Own);
        }
        Ok(model)
    },
    form: Form::with(&[NAMES, USUAL]),
    gguf: Some(GgufForm {
        names: &["stablelm"],
        obeys: &["use_parallel_residual"],
        fields: |fields| {
            fields.rename("attention_bias", "use_qkv_bias");
            fields.rename("query_norms", "qk_layernorm");
        },
        ..GgufForm::LAYER_NORM
    }),
};

//! Phi 1, 1.5 and 2 (Li et al. 2023): attention and feed-forward side by side after one norm.

use super::form::{Form, TensorNames, USUAL};
use super::{Family, GgufForm};
use crate::model::network::description::{HeadNorm, Order};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::LastNorm, "final_layernorm"),
    (Part::AttentionOut, "layers.#.self_attn.dense"),
    (Part::QueryNorm, "layers.#.self_attn.q_layernorm"),
    (Part::KeyNorm, "layers.#.self_attn.k_layernorm"),
    (Part::Up, "layers.#.mlp.fc1"),
    (Part::Down, "layers.#.mlp.fc2"),
];

pub(super) const PHI: Family = Family {
    names: &["phi"],
    describe: |config| {
        let config = config
            .otherwise("partial_rotary_factor", 0.5)
            .otherwise("hidden_act", "gelu_new");
        let mut model = config.usual()?.with_layer_norms().plain();
        model.places.order = Order::Parallel;
        model.places.before_feed_forward = false;
        model.attention.bias = true;
        model.attention.out_bias = true;
        model.feed_forward.bias = true;
        model.head.bias = !model.head.tied;
        if config.flag("qk_layernorm", false)? {
            model.attention.norms = Some(HeadNorm::Each);
        }
        Ok(model)
    },
    form: Form::with(&[NAMES, USUAL]),
    gguf: Some(GgufForm {
        names: &["phi2"],
        ..GgufForm::LAYER_NORM
    }),
};

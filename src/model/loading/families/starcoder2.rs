//! StarCoder2 (Lozhkov et al. 2024): grouped attention over a window, layer norms, a plain feed-forward part.

use super::form::{Form, TensorNames, USUAL};
use super::{Family, GgufForm};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Up, "layers.#.mlp.c_fc"),
    (Part::Down, "layers.#.mlp.c_proj"),
];

pub(super) const STARCODER2: Family = Family {
    names: &["starcoder2"],
    describe: |config| {
        let config = config
            .otherwise("hidden_act", "gelu_pytorch_tanh")
            .otherwise("tie_word_embeddings", true);
        let mut model = config.usual()?.with_layer_norms().plain();
        let bias = config.flag("use_bias", true)?;
        model.attention.bias = bias;
        model.attention.out_bias = bias;
        model.feed_forward.bias = bias;
        config.slide(&mut model, config.size("sliding_window")?, |_| true)?;
        Ok(model)
    },
    form: Form::with(&[NAMES, USUAL]),
    gguf: Some(GgufForm {
        names: &["starcoder2"],
        fields: |fields| fields.rename("attention_bias", "use_bias"),
        ..GgufForm::LAYER_NORM
    }),
};

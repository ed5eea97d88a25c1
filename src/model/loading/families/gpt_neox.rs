//! GPT-NeoX (Black et al. 2022): Pythia, StableLM's first, Dolly.

use super::form::{Form, Fused, TensorNames};
use super::{Family, GgufForm};
use crate::model::network::description::Order;
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Embedding, "embed_in"),
    (Part::LastNorm, "final_layer_norm"),
    (Part::Head, "embed_out"),
    (Part::AttentionNorm, "layers.#.input_layernorm"),
    (Part::Fused, "layers.#.attention.query_key_value"),
    (Part::AttentionOut, "layers.#.attention.dense"),
    (Part::FeedForwardNorm, "layers.#.post_attention_layernorm"),
    (Part::Up, "layers.#.mlp.dense_h_to_4h"),
    (Part::Down, "layers.#.mlp.dense_4h_to_h"),
];

pub(super) const GPT_NEOX: Family = Family {
    names: &["gpt_neox"],
    describe: |config| {
        let config = config
            .without("num_key_value_heads")
            .without("head_dim")
            .renamed("rotary_emb_base", "rope_theta")
            .renamed("rotary_pct", "partial_rotary_factor")
            .otherwise("partial_rotary_factor", 0.25)
            .otherwise("hidden_act", "gelu");
        let mut model = config.usual()?.with_layer_norms().plain();
        if config.flag("use_parallel_residual", true)? {
            model.places.order = Order::Parallel;
        }
        model.attention.bias = config.flag("attention_bias", true)?;
        model.attention.out_bias = model.attention.bias;
        model.feed_forward.bias = true;
        Ok(model)
    },
    form: Form {
        fused: Fused::ByGroup,
        ..Form::with(&[NAMES])
    },
    gguf: Some(GgufForm {
        names: &["gptneox"],
        obeys: &["use_parallel_residual"],
        ..GgufForm::LAYER_NORM
    }),
};

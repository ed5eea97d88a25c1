//! OPT (Zhang et al. 2022): GPT-2's parts under other names, rectified, with positions counted from 2.

use super::Family;
use super::form::{Form, TensorNames};
use crate::model::network::description::Order;
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Embedding, "embed_tokens"),
    (Part::Positions, "embed_positions"),
    (Part::LastNorm, "final_layer_norm"),
    (Part::Head, "lm_head"),
    (Part::AttentionNorm, "layers.#.self_attn_layer_norm"),
    (Part::Query, "layers.#.self_attn.q_proj"),
    (Part::Key, "layers.#.self_attn.k_proj"),
    (Part::Value, "layers.#.self_attn.v_proj"),
    (Part::AttentionOut, "layers.#.self_attn.out_proj"),
    (Part::FeedForwardNorm, "layers.#.final_layer_norm"),
    (Part::Up, "layers.#.fc1"),
    (Part::Down, "layers.#.fc2"),
];

/// The row of the first position.
const OFFSET: usize = 2;

pub(super) const OPT: Family = Family {
    names: &["opt"],
    describe: |config| {
        let config = config
            .without("num_key_value_heads")
            .without("head_dim")
            .renamed("ffn_dim", "intermediate_size")
            .renamed("activation_function", "hidden_act")
            .otherwise("hidden_act", "relu")
            .otherwise("layer_norm_eps", 1e-5)
            .otherwise("tie_word_embeddings", true);
        let mut model = config.usual()?.with_layer_norms().plain();
        if config
            .size("word_embed_proj_dim")?
            .is_some_and(|width| width != model.width)
        {
            return Err(
                "has embeddings of another width than its layers (word_embed_proj_dim), which cannot be computed here; OPT's other sizes load"
                    .to_owned(),
            );
        }
        model.embedding.positions = Some(model.context_length.saturating_add(OFFSET));
        model.embedding.offset = OFFSET;
        let bias = config.flag("enable_bias", true)?;
        model.attention.bias = bias;
        model.attention.out_bias = bias;
        model.feed_forward.bias = bias;
        let affine = config.flag("layer_norm_elementwise_affine", true)?;
        model.norm.weight = affine;
        model.norm.bias = affine;
        let before = config.flag("do_layer_norm_before", true)?;
        if !before {
            model.places.order = Order::NormsAfterSums;
        }
        model.places.last = before && !config.flag("_remove_final_layer_norm", false)?;
        model.ropes.clear();
        model.layers.iter_mut().for_each(|layer| layer.rope = None);
        Ok(model)
    },
    form: Form::with(&[NAMES]),
    gguf: None,
};
